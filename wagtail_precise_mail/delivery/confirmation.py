"""The mail that asks somebody to confirm their sign-up: by the way that all mail takes, and without any tracking."""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import timezone
from wagtail.models import Site

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.contacts.confirmations import (
    ConfirmationMailer,
    confirmation_mailers,
    make_sign_up_token,
)
from wagtail_precise_mail.contacts.sign_ups import SignUp
from wagtail_precise_mail.delivery.crew import DELIVER_SEND
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.confirming import CONFIRM_BLOCK, can_confirm
from wagtail_precise_mail.emails.languages import choose_language
from wagtail_precise_mail.emails.models import BrandSettings, Email
from wagtail_precise_mail.emails.personal_links import LinkPurpose, personal_links
from wagtail_precise_mail.emails.senders import sender_problem
from wagtail_precise_mail.emails.services import compile_email
from wagtail_precise_mail.emails.sites import base_url_of, default_site
from wagtail_precise_mail.emails.starters import starters
from wagtail_precise_mail.emails.starters.joining import CONFIRMATION
from wagtail_precise_mail.emails.starters.making import draft_of
from wagtail_precise_mail.exceptions import ConfigurationError

logger = logging.getLogger(__name__)


@confirmation_mailers.register("outbox")
class OutboxMailer(ConfirmationMailer):
    """Puts the mail into the outbox, before everything else that waits there."""

    def send(self, sign_up: SignUp) -> None:
        site, at = sign_up.site or default_site(), timezone.now()
        brand, base_url = BrandSettings.for_site(site), base_url_of(site)
        sender = brand.sender
        if problem := sender_problem(sender):
            raise ConfigurationError(f"Nobody can confirm a sign-up: {problem}")
        assert sender is not None  # noqa: S101 - for types
        compiled = compile_email(confirmation_email(site, sign_up.language), site=site, base_url=base_url, at=at)
        with transaction.atomic():
            send = Send.objects.create(
                origin_kind=Send.SIGN_UP,
                origin_id=sign_up.pk,
                state=Send.State.RUNNING,
                compiled=compiled,
                topic=None,
                priority=0,
                from_name=sender.name,
                from_address=sender.address,
                reply_to=sender.reply_to,
                base_url=base_url,
                frozen_at=at,
                send_before=sign_up.expires_at,
            )
            contact = sign_up.contact
            send.messages.create(
                contact=contact,
                address=contact.email,
                recipient_key=contact.address_hash,
                priority=0,
                created_at=at,
            )
            enqueue(DELIVER_SEND, send.pk)


def confirmation_email(site: Site, language: str) -> Email:
    """Return the email that the brand of a site names, in a language if it has it; else ours, which is not saved."""
    chosen = BrandSettings.for_site(site).confirmation_email
    if chosen:
        live = chosen.get_translations(inclusive=True).filter(live=True).select_related("locale")
        usable = {email.locale.language_code: email for email in live if can_confirm(email)}
        if usable:
            own = chosen.locale.language_code
            code = choose_language(language, usable, default=own if own in usable else sorted(usable)[0])
            return usable[code]
        logger.warning("Email %s is not published, or lacks the button to confirm: ours is sent.", chosen.pk)
    return _our_email(site, language)


def _our_email(site: Site, language: str) -> Email:
    email = draft_of(starters.get(CONFIRMATION), site, language=language)
    email.shows_web_link = False
    return email


@personal_links.register(CONFIRM_BLOCK)
def confirm_link(purpose: LinkPurpose) -> str:
    """Return the path of the page that confirms the sign-up for which a message was sent; elsewhere, of nothing.

    One query, which only mails with the button cost.
    """
    origin = OutboxMessage.objects.filter(pk=purpose.message_id, send__origin_kind=Send.SIGN_UP)
    sign_up_id = origin.values_list("send__origin_id", flat=True).first() if purpose.contact_id else None
    return purpose.path("sign_up_confirm", make_sign_up_token(sign_up_id or 0))
