"""Issues that go into digests, and the digests of readers."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes
from email.message import Message
from typing import Any

from tests.factories.contacts import grant, make_contact
from tests.factories.delivery import make_send
from tests.factories.emails import compiled, default_site, make_brand, make_email
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.digests.gathering import send_due_digests
from wagtail_precise_mail.delivery.models import Send


def make_digest_reader(*topics: Topic, cadence: str = "monthly", **overrides: Any) -> Contact:
    """A contact in London who wants one mail in a month, and agreed to some topics."""
    contact = make_contact(**{"cadence": cadence, "time_zone": "Europe/London", **overrides})
    for topic in topics:
        grant(contact, topic)
    return contact


def make_issue(topic: Topic, subject: str, *, at: datetime, **overrides: Any) -> Send:
    """A send that everybody was gathered for at a moment; a brand with a sender is there as well."""
    make_brand()
    values = {"compiled": overrides.pop("compiled", None) or compiled(make_email(subject=subject))}
    values |= {"digest_site": default_site(), "state": Send.State.FREEZING, "frozen_at": None, "topic": topic}
    send = make_send(**{**values, **overrides})
    services.freeze(send, Contact.objects.all(), at=at)
    return send


def send_digests(at: datetime) -> list[Message]:
    """Gather the digests that are due, deliver them, and return the mails that left."""
    before = len(MemoryChannel.outbox)
    for send in send_due_digests(at):
        services.deliver(send.pk)
    return [message_from_bytes(envelope.content) for envelope in MemoryChannel.outbox[before:]]


def part(mail: Message, kind: str = "plain") -> str:
    """The text of one part of a mail."""
    found = next(one for one in mail.walk() if one.get_content_type() == f"text/{kind}")
    payload = found.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()
