"""The button that confirms a sign-up."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, StructValue

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.confirming import CONFIRM_BLOCK
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.editions import OWN
from wagtail_precise_mail.emails.text import wrap


@email_blocks.register(CONFIRM_BLOCK)
class ConfirmSignUpBlock(EmailBlock):
    """Belongs into the mail that asks somebody to confirm; copies for others leave it out."""

    label = CharBlock(label=_("Words"), max_length=80, default=_("Yes, write to me"))

    mjml_template = "wagtail_precise_mail/emails/blocks/button.mjml"
    editions = OWN
    aida_role = "action"

    class Meta:
        icon = "check"
        label = _("Confirm a sign-up")
        group = _("Reader")
        description = _(
            "The button in the mail that asks somebody to confirm their sign-up; elsewhere it confirms nothing."
        )
        preview_value = {"label": "Yes, write to me"}
        label_format = "{label}"

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        words = (value.get("label") or "").strip() or gettext("Yes, write to me")
        button = {"label": words, "words": words, "href": context.personal_link(CONFIRM_BLOCK), "is_outline": False}
        return {"buttons": [button], "align": value.get("align") or context.start}

    def text(self, value: StructValue, context: RenderContext) -> str:
        button = self.facts(value, context)["buttons"][0]
        return f"{wrap(button['words'], first='→ ', rest='  ')}\n{button['href']}"
