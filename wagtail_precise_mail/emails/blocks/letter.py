"""The parts of a letter around its words: salutation and signature."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import BooleanBlock, CharBlock, ChoiceBlock, StructValue
from wagtail.blocks.struct_block import BlockGroup
from wagtail.images.blocks import ImageChooserBlock

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.blocks.samples import sample_picture
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.letters import manners_of
from wagtail_precise_mail.emails.merge import Tag
from wagtail_precise_mail.emails.text import join, wrap
from wagtail_precise_mail.exceptions import RenderError

TONES = [("informal", _("Informal")), ("formal", _("Formal"))]
PHOTO_WIDTH = 64
SIGNATURE_WIDTH = 160


@email_blocks.register("salutation")
class SalutationBlock(EmailBlock):
    """Greets each contact as their language does, with their name if it is known."""

    tone = ChoiceBlock(label=_("Tone"), choices=TONES, default="informal")
    words = CharBlock(
        label=_("Own words"),
        required=False,
        max_length=150,
        help_text=_("Empty: “Dear Ada,” or “Hello,” in the language of the email."),
    )

    mjml_template = "wagtail_precise_mail/emails/blocks/salutation.mjml"
    merge_fields = ("words",)
    aida = None

    class Meta:
        icon = "user"
        label = _("Salutation")
        group = _("Text")
        description = _("“Dear Ada,” in the language of the email, or a greeting without a name where none is known.")
        preview_value = {"tone": "informal"}

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        if words := (value.get("words") or "").strip():
            return {"html": context.merge(words), "plain": context.merge_text(words), **self._side(value, context)}
        manners = manners_of(context.language)
        if value.get("tone") == "formal":
            tag = Tag(manners.formal_name, (("phrase", manners.formal, manners.formal_unknown),))
        else:
            tag = Tag(manners.name, (("phrase", manners.informal, manners.informal_unknown),))
        mark = context.marks.merge(tag)
        return {"html": mark_safe(mark), "plain": mark, **self._side(value, context)}

    def text(self, value: StructValue, context: RenderContext) -> str:
        return wrap(self.facts(value, context)["plain"])

    def _side(self, value: StructValue, context: RenderContext) -> dict[str, str]:
        return {"align": value.get("align") or context.start}


@email_blocks.register("signature")
class SignatureBlock(EmailBlock):
    """Who writes: closing words, a signature, name and job, and who stands behind them."""

    tone = ChoiceBlock(label=_("Closing words"), choices=[*TONES, ("none", _("None"))], default="informal")
    closing = CharBlock(label=_("Own closing words"), required=False, max_length=150)
    name = CharBlock(label=_("Name"), required=False, max_length=120, help_text=_("Empty: the one of the email brand."))
    job = CharBlock(label=_("Job"), required=False, max_length=120)
    photo = ImageChooserBlock(label=_("Photo"), required=False)
    signature = ImageChooserBlock(label=_("Signature"), required=False, help_text=_("A picture of it, on white."))
    show_company = BooleanBlock(label=_("With the company and how to reach it"), required=False, default=True)

    mjml_template = "wagtail_precise_mail/emails/blocks/signature.mjml"
    merge_fields = ("closing",)
    align = None
    aida = None

    class Meta:
        icon = "edit"
        label = _("Signature")
        group = _("Text")
        description = _("Closing words and who writes: name, job, photo or signature.")
        preview_value = {"tone": "informal", "name": "Ruth Moss", "job": "Potter and founder", "show_company": True}
        label_format = "{name}"
        form_layout = BlockGroup(
            children=["tone", "name", "job", "photo", "signature"], settings=["closing", "show_company"]
        )

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        name, job, photo = self._signer(value, context)
        if not name:
            raise RenderError(gettext("Write who signs, here or in the email brand."))
        signature = value.get("signature")
        closing = self._closing(value, context)
        return {
            "closing": [context.merge(line) for line in closing.splitlines()],
            "plain_closing": context.merge_text(closing),
            "name": name,
            "job": job,
            "photo": context.picture(photo, "", ratio=1, width=PHOTO_WIDTH) if photo else None,
            "signature": context.picture(signature, "", width=SIGNATURE_WIDTH) if signature else None,
            "company": self._company(context) if value.get("show_company", True) else [],
        }

    def text(self, value: StructValue, context: RenderContext) -> str:
        facts = self.facts(value, context)
        return join(
            wrap(facts["plain_closing"]), "\n".join(filter(None, [facts["name"], facts["job"], *facts["company"]]))
        )

    def preview_mjml(self, context: RenderContext) -> str:
        value = self.get_preview_value()
        photo = sample_picture(context, PHOTO_WIDTH, PHOTO_WIDTH, name="person")
        return self.as_section(
            self.render_mjml(self.mjml_template, {**self.prepare(value, context), "photo": photo}, context)
        )

    def _signer(self, value: StructValue, context: RenderContext) -> tuple[str, str, Any]:
        """Name, job and photo: of the block, or all of the brand; never one person's name below another's photo."""
        if name := (value.get("name") or "").strip():
            return name, value.get("job") or "", value.get("photo")
        brand = context.brand
        return (
            brand.signer_name or brand.sender_name,
            value.get("job") or brand.signer_job,
            value.get("photo") or brand.signer_photo,
        )

    def _closing(self, value: StructValue, context: RenderContext) -> str:
        if words := (value.get("closing") or "").strip():
            return str(words)
        manners = manners_of(context.language)
        return {"formal": manners.formal_closing, "none": ""}.get(value.get("tone") or "", manners.closing)

    def _company(self, context: RenderContext) -> list[str]:
        brand = context.brand
        return list(filter(None, [brand.company_name, brand.phone, brand.contact_address or brand.reply_to]))
