"""Blocks side by side."""

from __future__ import annotations

from itertools import product
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import ChoiceBlock, ListBlock, StreamValue, StructBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup

from wagtail_precise_mail.emails.audience import Expression, both, negate
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.samples import sample_picture
from wagtail_precise_mail.emails.body import email_blocks, make_column_block
from wagtail_precise_mail.emails.composition import Piece, render_stream
from wagtail_precise_mail.emails.context import BODY_WIDTH, GUTTER, RenderContext
from wagtail_precise_mail.emails.marks import Place
from wagtail_precise_mail.emails.settings_group import AudienceBlock, audience_of
from wagtail_precise_mail.emails.text import join

GAP = 10
"""Pixels left and right of each column."""


class ColumnBlock(StructBlock):
    """One column, with an audience of its own."""

    def __init__(self, local_blocks: Any = None, **kwargs: Any) -> None:
        children = [
            ("content", make_column_block()),
            ("audience", AudienceBlock(label=_("Audience"), required=False)),
        ]
        super().__init__(local_blocks or children, **kwargs)

    class Meta:
        icon = "table"
        label = _("Column")
        label_format = ""
        form_layout = BlockGroup(children=["content"], settings=["audience"])


@email_blocks.register("columns")
class ColumnsBlock(EmailBlock):
    """One to four columns of blocks; phones show them below each other.

    A column that some readers do not get leaves no gap: there is a row for each set of columns that may be shown, and
    each reader gets theirs.
    """

    fits_in_column = False
    aida = None
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
            ("columns", ListBlock(ColumnBlock(), label=_("Columns"), min_num=1, max_num=4)),
            (
                "vertical_align",
                ChoiceBlock(
                    label=_("Side by side, align"),
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
        columns = [(column.get("content") or [], audience_of(column.get("audience"))) for column in _columns(value)]
        rows: list[tuple[Expression | None, SafeString]] = []
        words: list[str] = []
        for audience, streams in _rows(columns):
            pieces = self._render(streams, context)
            rows.append((audience, self._row(value, pieces, context)))
            # The first row holds every column; its words serve for all.
            words = words or [join(*(piece.text for piece in column)) for column in pieces]
        audiences = [audience for _stream, audience in columns]
        shown = [_shown(one, text, Place.INLINE, context) for one, text in zip(audiences, words, strict=False)]
        return {"rows": rows, "words": shown}

    def streams(self, value: StructValue) -> list[StreamValue]:
        return [column["content"] for column in _columns(value) if column.get("content")]

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        rows = self.facts(value, context)["rows"]
        return mark_safe("\n".join(_shown(audience, row, Place.SECTION, context) for audience, row in rows))

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

    def _render(self, streams: list[StreamValue], context: RenderContext) -> list[list[Piece]]:
        width = (BODY_WIDTH - 2 * (GUTTER - GAP)) // len(streams) - 2 * GAP
        return [render_stream(stream, context.in_column(width), in_column=True) for stream in streams]

    def _row(self, value: StructValue, columns: list[list[Piece]], context: RenderContext) -> SafeString:
        facts = {
            "columns": [mark_safe("".join(piece.mjml for piece in pieces)) for pieces in columns],
            "vertical_align": value.get("vertical_align") or "top",
            "is_paired": value.get("on_phones") == "pairs",
            "gutter": GUTTER - GAP,
            "gap": GAP,
        }
        return self.render_mjml(self.mjml_template, facts, context)


def _columns(value: StructValue) -> list[StructValue]:
    return list(value.get("columns") or [])


def _rows(columns: list[tuple[StreamValue, Expression | None]]) -> list[tuple[Expression | None, list[StreamValue]]]:
    """Return every set of columns that a reader may get, with who gets it; one without audiences."""
    rows = []
    choices = [(True,) if audience is None else (True, False) for _stream, audience in columns]
    for shown in product(*choices):
        streams = [stream for (stream, _audience), is_shown in zip(columns, shown, strict=True) if is_shown]
        limits = [
            audience if is_shown else negate(audience)
            for (_stream, audience), is_shown in zip(columns, shown, strict=True)
            if audience is not None
        ]
        if streams:
            rows.append((both(*limits) if limits else None, streams))
    return rows


def _shown(audience: Expression | None, content: str, place: Place, context: RenderContext) -> str:
    return content if audience is None else context.only_for(audience, content, place)
