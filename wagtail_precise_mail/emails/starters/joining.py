"""The starter that asks somebody to confirm their sign-up; without an email of the site's own, it is what they get."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.confirming import CONFIRM_BLOCK
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
