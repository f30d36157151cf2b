"""What other people say."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, StructValue, TextBlock
from wagtail.images.blocks import ImageChooserBlock

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.samples import sample_picture
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.text import wrap

QUOTATION_MARKS = {
    "ar": ("«", "»"),
    "cs": ("„", "“"),
    "da": ("»", "«"),
    "de": ("„", "“"),
    "es": ("«", "»"),
    "fi": ("”", "”"),
    "fr": ("«\u00a0", "\u00a0»"),
    "he": ("”", "”"),
    "it": ("«", "»"),
    "ja": ("「", "」"),
    "nb": ("«", "»"),
    "pl": ("„", "”"),
    "pt": ("“", "”"),
    "ru": ("«", "»"),
    "sv": ("”", "”"),
    "uk": ("«", "»"),
    "zh-hant": ("「", "」"),
}
"""By language; all others have those of English. Source: the delimiters of CLDR 45, which Babel leaves out."""

PHOTO_WIDTH = 56


@email_blocks.register("quote")
class QuoteBlock(EmailBlock):
    """What somebody said: words, name, role and photo."""

    words = TextBlock(label=_("Words"), rows=3, max_length=1000, help_text=_("Without quotation marks."))
    author = CharBlock(label=_("Who said it"), required=False, max_length=120)
    role = CharBlock(label=_("Their role"), required=False, max_length=120)
    photo = ImageChooserBlock(label=_("Photo"), required=False)

    mjml_template = "wagtail_precise_mail/emails/blocks/quote.mjml"
    merge_fields = ("words",)
    nature = "editorial"

    class Meta:
        icon = "openquote"
        label = _("Quote")
        group = _("Text")
        description = _("What somebody said, with their name, role and photo.")
        preview_value = {
            "words": "The first pot I did not have to think about. It simply pours.",
            "author": "Ada Moss",
            "role": "Customer since 2019",
        }
        label_format = "{author}: {words}"

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        words = (value.get("words") or "").strip()
        photo = value.get("photo")
        return {
            "lines": [context.merge(line) for line in words.splitlines() if line.strip()],
            "plain": context.merge_text(words),
            "marks": marks_of(context.language),
            "author": value.get("author") or "",
            "role": value.get("role") or "",
            # The name stands beside it: to people who listen it would only be said twice.
            "photo": context.picture(photo, "", ratio=1, width=PHOTO_WIDTH) if photo else None,
            "size": 19 if context.width < 300 else 23,
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        if not facts["plain"]:
            return ""
        before, after = facts["marks"]
        said_by = ", ".join(filter(None, [facts["author"], facts["role"]]))
        lines = wrap(f"{before}{facts['plain']}{after}", first="> ", rest="> ")
        return f"{lines}\n> — {said_by}" if said_by else lines

    def preview_mjml(self, context: RenderContext) -> str:
        facts = self.prepare(self.get_preview_value(), context)
        photo = sample_picture(context, PHOTO_WIDTH, PHOTO_WIDTH, name="person")
        return self.as_section(self.render_mjml(self.mjml_template, {**facts, "photo": photo}, context))


def marks_of(language: str) -> tuple[str, str]:
    """Return the quotation marks of a language."""
    code = language.lower()
    return QUOTATION_MARKS.get(code) or QUOTATION_MARKS.get(code.partition("-")[0]) or ("“", "”")
