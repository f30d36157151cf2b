"""MJML as it is, for people who know it and have the permission."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import StructValue, TextBlock
from wagtail.blocks.struct_block import StructBlockValidationError

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import RAW_MJML, email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.markup import problems_of
from wagtail_precise_mail.emails.rawmjml import mail_mjml
from wagtail_precise_mail.exceptions import RenderError

SAMPLE = """<mj-text align="center">
  <p style="margin:0">Anything that <b>MJML</b> can do.</p>
</mj-text>
<mj-button href="https://example.com/">Like this button</mj-button>"""


@email_blocks.register(RAW_MJML)
class RawMjmlBlock(EmailBlock):
    """Sections, or what stands in a column, in MJML; only people with the permission may write one."""

    # Checks look for what mail programs do not show in it.
    brings_markup = True
    mjml_template = "wagtail_precise_mail/emails/blocks/raw.mjml"
    merge_fields = ("mjml",)

    class Meta:
        icon = "code"
        label = _("Raw MJML")
        group = _("Layout")
        description = _("MJML as you write it, checked. Needs a permission of its own.")
        preview_value = {"mjml": SAMPLE}

    def __init__(self, local_blocks: Any = None, **kwargs: Any) -> None:
        # Built here and not in the class: forms of people without the permission make it read-only.
        help_text = _("mj-section and what is in it, or what stands in a column, such as mj-text and mj-button.")
        source = TextBlock(label=_("MJML"), rows=12, max_length=50_000, help_text=help_text)
        source.field.widget.attrs["class"] = "wpm-code"
        # Translators get the words in it, and nobody who may not write MJML writes any there.
        source.holds = RAW_MJML
        super().__init__(local_blocks or [("mjml", source)], **kwargs)

    def make_read_only(self) -> None:
        """Show the source and let nobody change it; the form checks that nobody did."""
        field = self.child_blocks["mjml"].field
        field.widget.attrs["readonly"] = True
        field.help_text = _("You may move or delete this block. To change it you need the permission to use raw MJML.")

    def clean(self, value: StructValue) -> StructValue:
        cleaned = super().clean(value)
        if not self.is_deferred_validation and (problems := problems_of(cleaned.get("mjml") or "")):
            error = ValidationError([str(problem) for problem in problems])
            raise StructBlockValidationError(block_errors={"mjml": error})
        return cleaned

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        mail = mail_mjml(value.get("mjml") or "", context)
        return {"content": mail.mjml, "words": mail.text, "has_sections": mail.has_sections}

    def compile(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        if facts["has_sections"]:
            raise RenderError(gettext("Sections do not fit into a column: write what stands in one, such as mj-text."))
        return self.render_mjml(self.mjml_template, facts, context)

    def compile_section(self, value: StructValue, context: RenderContext) -> SafeString:
        facts = self.facts(value, context)
        content = self.render_mjml(self.mjml_template, facts, context)
        return content if facts["has_sections"] else self.as_section(content)

    def text(self, value: StructValue, context: RenderContext) -> str:
        return str(self.facts(value, context)["words"])
