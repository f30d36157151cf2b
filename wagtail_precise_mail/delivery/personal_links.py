"""The addresses that delivery makes for each message: registered under the names that emails use."""

from __future__ import annotations

from django.utils import timezone

from wagtail_precise_mail.contacts.preference_tokens import Reach, make_preference_token
from wagtail_precise_mail.delivery.tokens import Purpose, make_message_token
from wagtail_precise_mail.emails.confirming import ASK_AGAIN_BLOCK
from wagtail_precise_mail.emails.personal_links import LinkPurpose, personal_links


@personal_links.register("web_version")
def web_version(purpose: LinkPurpose) -> str:
    """Return the path of the web version, for the one who got the message."""
    return _path(Purpose.OWN, "web_version", purpose)


@personal_links.register("forward")
def forward(purpose: LinkPurpose) -> str:
    """Return the path of the page by which a message is passed on; the argument is a network, or ""."""
    return _path(Purpose.FORWARD, "forward", purpose)


# The same page: which of both a visit was is known when they choose.
personal_links.register("share")(forward)


@personal_links.register("join")
def join(purpose: LinkPurpose) -> str:
    """Return the path that leads whoever was shown the message to the site's sign-up page."""
    return _path(Purpose.JOIN, "join", purpose)


@personal_links.register("preferences")
def preferences(purpose: LinkPurpose) -> str:
    """Return the path of the settings of the one who got the message: what mail, and how often."""
    token = make_preference_token(purpose.contact_id, purpose.message_id, reach=Reach.SETTINGS, at=timezone.now())
    return purpose.path("preferences", token)


@personal_links.register(ASK_AGAIN_BLOCK)
def ask_again(purpose: LinkPurpose) -> str:
    """Return the path of the page that asks the one who got the message whether they still want mail."""
    token = make_preference_token(purpose.contact_id, purpose.message_id, reach=Reach.SETTINGS, at=timezone.now())
    return purpose.path("ask_again", token)


@personal_links.register("own_data")
def own_data(purpose: LinkPurpose) -> str:
    """Return the path of the contact's own data, for a letter that they asked for; it works for a short while."""
    token = make_preference_token(purpose.contact_id, purpose.message_id, reach=Reach.DATA, at=timezone.now())
    return purpose.path("own_data", token)


@personal_links.register("confirm_details")
def confirm_details(purpose: LinkPurpose) -> str:
    """Return the path of the page that asks whether some details are still right; a press there says yes."""
    token = make_preference_token(purpose.contact_id, purpose.message_id, reach=Reach.DETAILS, at=timezone.now())
    return purpose.path("details", token)


@personal_links.register("change_details")
def change_details(purpose: LinkPurpose) -> str:
    """Return the path of the form with these details."""
    return f"{confirm_details(purpose)}?change=1"


def _path(kind: Purpose, name: str, purpose: LinkPurpose) -> str:
    # Anybody may hold a link to join or to forward: nothing about the contact is in it.
    token = make_message_token(kind, purpose.message_id, purpose.argument if kind == Purpose.FORWARD else "")
    return purpose.path(name, token)
