"""A block of one's own: what docs/how-to/add-a-block.md explains."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, StructValue, TextBlock

from wagtail_precise_mail.emails.blocks import EmailBlock, email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.text import wrap


@email_blocks.register("quote")
class QuoteBlock(EmailBlock):
    """What somebody said."""

    words = TextBlock(label=_("Words"))
    name = CharBlock(label=_("Who said it"), required=False)

    mjml_template = "testapp/quote.mjml"
    merge_fields = ("words",)

    class Meta:
        icon = "openquote"
        label = _("Quote")
        group = _("Text")
        description = _("What somebody said about you.")
        preview_value = {"words": "The best tea I ever spilled.", "name": "Ada"}

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        return {
            "words": context.merge(value.get("words") or ""),
            "plain_words": context.merge_text(value.get("words") or ""),
            "name": value.get("name") or "",
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        said_by = f"\n  — {facts['name']}" if facts["name"] else ""
        return wrap(facts["plain_words"], first="“", rest=" ") + "”" + said_by
