"""Starters that ask for a yes: to a sign-up (ours is sent where a site has none of its own), and once more."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.confirming import ASK_AGAIN_BLOCK, CONFIRM_BLOCK
from wagtail_precise_mail.emails.starters.base import Material, RawBlock, Starter, block, heading, starters, text

CONFIRMATION = "sign_up_confirmation"


def _confirmation(material: Material) -> list[RawBlock]:
    return [
        heading(_("One press, and you are in"), 1, aida="attention"),
        text(_("Somebody, most likely you, entered this address on our site to get our mails. Was it you?")),
        block(CONFIRM_BLOCK, label=_("Yes, write to me")),
        text(
            _("It was not you? Then do nothing: without the button you get no mail from us."),
            _("The button works for some days. After that, just sign up again."),
        ),
    ]


starters.register(CONFIRMATION)(
    Starter(
        gettext_lazy("Sign-up confirmation"),
        gettext_lazy("Asks somebody who signed up whether it was them. Choose it in the email brand."),
        gettext_lazy("Please confirm your address"),
        gettext_lazy("One press, and you get our mails"),
        _confirmation,
    )
)


def _permission(material: Material) -> list[RawBlock]:
    return [
        heading(_("Do you still want to hear from us?"), 1, aida="attention"),
        text(
            _("You agreed to our mails a while ago, and then heard nothing for long. We would rather ask than assume.")
        ),
        block(ASK_AGAIN_BLOCK, label=_("Yes, keep writing to me")),
        text(_("You need do nothing if you have enough: without the button you get no more of these mails.")),
    ]


starters.register("permission")(
    Starter(
        gettext_lazy("Ask for permission again"),
        gettext_lazy("For people who heard nothing for so long that campaigns skip them until they say yes again."),
        gettext_lazy("Do you still want to hear from us?"),
        gettext_lazy("One press, and everything stays as it is"),
        _permission,
    )
)
