"""Different words for different readers."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import ListBlock, StreamValue, StructBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup
from wagtail.snippets.blocks import SnippetChooserBlock

from wagtail_precise_mail.emails.audience import Expression, both, is_in, negate
from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks, make_variant_block
from wagtail_precise_mail.emails.composition import render_stream
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.marks import Place
from wagtail_precise_mail.emails.text import join
from wagtail_precise_mail.exceptions import RenderError


class VariantBlock(StructBlock):
    """What the members of some segments read."""

    def __init__(self, local_blocks: Any = None, **kwargs: Any) -> None:
        segment = SnippetChooserBlock("wagtail_precise_mail.Segment")
        children = [
            ("segments", ListBlock(segment, label=_("For members of"), min_num=1)),
            ("content", make_variant_block()),
        ]
        super().__init__(local_blocks or children, **kwargs)

    class Meta:
        icon = "group"
        label = _("Variant")
        label_format = ""


@email_blocks.register("variants")
class VariantsBlock(EmailBlock):
    """The first variant that is meant for a reader, else the default: always exactly one."""

    fits_in_column = False
    aida = None
    background = None
    padding = None
    align = None

    class Meta:
        icon = "group"
        label = _("Variants")
        group = _("Layout")
        description = _("Different blocks for different segments, and a default for everybody else.")
        form_layout = BlockGroup(children=["variants", "default"])

    def __init__(self, local_blocks: Any = None, **kwargs: Any) -> None:
        # Built here and not in the class: the registry of blocks is complete only when the first body is made.
        children = [
            ("variants", ListBlock(VariantBlock(), label=_("Variants, the first that fits is shown"), min_num=1)),
            ("default", make_variant_block(label=_("Everybody else"))),
        ]
        super().__init__(local_blocks or children, **kwargs)

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        return {"choices": [(audience, render_stream(stream, context)) for audience, stream in _choices(value)]}

    def streams(self, value: StructValue) -> list[StreamValue]:
        variants = [variant["content"] for variant in value.get("variants") or []]
        return [stream for stream in [*variants, value.get("default")] if stream]

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        choices = self.facts(value, context)["choices"]
        return mark_safe(
            "\n".join(
                context.only_for(audience, "\n".join(piece.mjml for piece in pieces), Place.SECTION)
                for audience, pieces in choices
            )
        )

    def text(self, value: StructValue, context: RenderContext) -> str:
        choices = self.facts(value, context)["choices"]
        return join(
            *(
                context.only_for(audience, join(*(piece.text for piece in pieces)), Place.INLINE)
                for audience, pieces in choices
            )
        )

    def preview_mjml(self, context: RenderContext) -> str:
        segments = ngettext("For members of %(count)s segment", "For members of %(count)s segments", 2) % {"count": 2}
        choices = [
            (segments, gettext("Thank you for five years with us.")),
            (gettext("Everybody else"), gettext("Good to have you here.")),
        ]
        template = "wagtail_precise_mail/emails/blocks/variants_sample.mjml"
        return self.as_section(self.render_mjml(template, {"choices": choices}, context))


def _choices(value: StructValue) -> list[tuple[Expression, StreamValue]]:
    """Return who sees what; for each reader exactly one expression holds.

    Raises:
        RenderError: a variant is for nobody.
    """
    before: list[Expression] = []
    choices = []
    for number, variant in enumerate(value.get("variants") or [], 1):
        segments = {segment.pk for segment in variant.get("segments") or [] if segment is not None}
        if not segments:
            message = gettext("Choose whom variant %(number)s is for: there is no segment, or it was deleted.")
            raise RenderError(message % {"number": number})
        choices.append((both(*before, is_in(segments)), variant.get("content") or []))
        before.append(negate(is_in(segments)))
    if before:
        choices.append((both(*before), value.get("default") or []))
    return choices
