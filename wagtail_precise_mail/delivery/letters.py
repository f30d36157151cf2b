"""Letters to one person: composed in the brand, and sent by the way that all mail takes."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from wagtail.models import Site

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.contacts.letters import Letter, letter_carriers
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.crew import DELIVER_SEND
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.emails.blocks.notice import make_notice
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.emails.senders import sender_problem
from wagtail_precise_mail.emails.services import compile_written
from wagtail_precise_mail.emails.sites import base_url_of
from wagtail_precise_mail.exceptions import ConfigurationError

ORIGIN_KIND = "letter"


@dataclass
class WrittenLetter:
    """A letter as composition reads it."""

    subject: str
    preheader: str
    body: Any
    locale: Any
    locale_id: int = 0
    shows_web_link: bool = False


@letter_carriers.register("mail")
def send_letter(contact: Contact, letter: Letter, site: Site) -> None:
    """Compose a letter and send it to a contact now; it needs no consent, and passes the gate like all mail.

    Raises:
        ConfigurationError: the site has no sender, or it is not verified.
    """
    sender = BrandSettings.for_site(site).sender
    if problem := sender_problem(sender):
        raise ConfigurationError(f"No letter of {site} can leave: {problem}")
    assert sender is not None  # noqa: S101 - for types
    with translation.override(letter.language):
        written = WrittenLetter(
            subject=letter.subject,
            preheader=letter.preheader,
            body=make_notice(letter),
            locale=SimpleNamespace(language_code=letter.language),
        )
        compiled = compile_written(written, site=site, base_url=base_url_of(site), at=timezone.now())
    at = timezone.now()
    with transaction.atomic():
        send = Send.objects.create(
            origin_kind=ORIGIN_KIND,
            origin_id=None,
            state=Send.State.RUNNING,
            compiled=compiled,
            topic=None,
            priority=0,
            from_name=sender.name,
            from_address=sender.address,
            reply_to=sender.reply_to,
            base_url=base_url_of(site),
            frozen_at=at,
        )
        send.messages.create(
            contact=contact, address=contact.email, recipient_key=contact.address_hash, priority=0, created_at=at
        )
        enqueue(DELIVER_SEND, send.pk)
