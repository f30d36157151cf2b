"""Blocks side by side."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import ChoiceBlock, ListBlock, StreamValue, StructValue
from wagtail.blocks.struct_block import BlockGroup

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.samples import sample_picture
from wagtail_precise_mail.emails.body import email_blocks, make_column_block
from wagtail_precise_mail.emails.composition import render_stream
from wagtail_precise_mail.emails.context import BODY_WIDTH, GUTTER, RenderContext
from wagtail_precise_mail.emails.text import join

GAP = 10
"""Pixels left and right of each column."""


@email_blocks.register("columns")
class ColumnsBlock(EmailBlock):
    """One to four columns of blocks; phones show them below each other."""

    fits_in_column = False
    mjml_template = "wagtail_precise_mail/emails/blocks/columns.mjml"

    class Meta:
        icon = "table"
        label = _("Columns")
        group = _("Layout")
        description = _("Blocks side by side; on phones below each other.")
        preview_value: dict[str, Any] = {}
        form_layout = BlockGroup(children=["columns"], settings=["vertical_align", "on_phones"])

    def __init__(self, local_blocks: Any = None, **kwargs: Any) -> None:
        # Built here and not in the class: the registry of blocks is complete only when the first body is made.
        children = [
            ("columns", ListBlock(make_column_block(), label=_("Columns"), min_num=1, max_num=4)),
            (
                "vertical_align",
                ChoiceBlock(
                    label=_("Align"),
                    choices=[("top", _("Top")), ("middle", _("Middle")), ("bottom", _("Bottom"))],
                    default="top",
                ),
            ),
            (
                "on_phones",
                ChoiceBlock(
                    label=_("On phones"),
                    choices=[("below", _("Below each other")), ("pairs", _("Two beside each other"))],
                    default="below",
                ),
            ),
        ]
        super().__init__(local_blocks or children, **kwargs)

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        streams = self.streams(value)
        width = (BODY_WIDTH - 2 * (GUTTER - GAP)) // max(len(streams), 1) - 2 * GAP
        columns = [render_stream(stream, context.in_column(width), in_column=True) for stream in streams]
        return {
            "columns": [mark_safe("".join(piece.mjml for piece in pieces)) for pieces in columns],
            "words": [join(*(piece.text for piece in pieces)) for pieces in columns],
            "vertical_align": value.get("vertical_align") or "top",
            "is_paired": value.get("on_phones") == "pairs",
            "gutter": GUTTER - GAP,
            "gap": GAP,
        }

    def streams(self, value: StructValue) -> list[StreamValue]:
        return list(value.get("columns") or [])

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        return self.compile(value, context) if facts["columns"] else SafeString("")

    def text(self, value: StructValue, context: RenderContext) -> str:
        return join(*self.facts(value, context)["words"])

    def preview_mjml(self, context: RenderContext) -> str:
        picture = sample_picture(context, 250, 180)
        column = mark_safe(
            f'<mj-image src="{picture.url}" alt="" width="250px" border-radius="6px" padding="0 0 12px" />'
            "<mj-text>Anything fits in a column.</mj-text>"
        )
        facts = {"columns": [column, column], "vertical_align": "top", "gutter": GUTTER - GAP, "gap": GAP}
        return self.render_mjml(self.mjml_template, facts, context)
