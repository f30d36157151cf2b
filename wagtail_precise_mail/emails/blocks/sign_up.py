"""Buttons that say yes: to a sign-up, and to going on after a long silence."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.blocks import CharBlock, StructValue

from wagtail_precise_mail.emails.blocks.base import EmailBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.confirming import ASK_AGAIN_BLOCK, CONFIRM_BLOCK
from wagtail_precise_mail.emails.context import RenderContext
from wagtail_precise_mail.emails.editions import OWN
from wagtail_precise_mail.emails.text import wrap


class YesBlock(EmailBlock):
    """A button with a link of its own for each reader; copies for others leave it out."""

    link: ClassVar[str] = ""
    """Its name in ``personal_links``."""

    words: ClassVar[Promise]
    """What stands on the button where the editor left it empty."""

    mjml_template = "wagtail_precise_mail/emails/blocks/button.mjml"
    editions = OWN
    aida_role = "action"

    def prepare(self, value: StructValue, context: RenderContext) -> dict[str, Any]:
        words = (value.get("label") or "").strip() or str(self.words)
        button = {"label": words, "words": words, "href": context.personal_link(self.link), "is_outline": False}
        return {"buttons": [button], "align": value.get("align") or context.start}

    def text(self, value: StructValue, context: RenderContext) -> str:
        button = self.facts(value, context)["buttons"][0]
        return f"{wrap(button['words'], first='→ ', rest='  ')}\n{button['href']}"


@email_blocks.register(CONFIRM_BLOCK)
class ConfirmSignUpBlock(YesBlock):
    """Belongs into the mail that asks somebody to confirm."""

    label = CharBlock(label=_("Words"), max_length=80, default=_("Yes, write to me"))

    link = CONFIRM_BLOCK
    words = _("Yes, write to me")

    class Meta:
        icon = "check"
        label = _("Confirm a sign-up")
        group = _("Reader")
        description = _(
            "The button in the mail that asks somebody to confirm their sign-up; elsewhere it confirms nothing."
        )
        preview_value = {"label": "Yes, write to me"}
        label_format = "{label}"


@email_blocks.register(ASK_AGAIN_BLOCK)
class AskAgainBlock(YesBlock):
    """Belongs into the mail that asks people for permission again who heard nothing for long."""

    label = CharBlock(label=_("Words"), max_length=80, default=_("Yes, keep writing to me"))

    link = ASK_AGAIN_BLOCK
    words = _("Yes, keep writing to me")

    class Meta:
        icon = "rotate"
        label = _("Ask for permission again")
        group = _("Reader")
        description = _(
            "The button in a mail to people who heard nothing for long: it leads to a page where they say yes again."
        )
        preview_value = {"label": "Yes, keep writing to me"}
        label_format = "{label}"
