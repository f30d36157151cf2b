"""The least that is valid of sent messages and their events."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.factories.contacts import make_contact
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.models import CompiledEmail, Email
from wagtail_precise_mail.tracking.models import MessageEvent

SENT_AT = datetime(2026, 3, 1, 9, tzinfo=UTC)

_numbers = count(1)


def make_payload(*links: tuple[str, str, str]) -> dict[str, Any]:
    """What a compiled email holds, with links of url, block id and label."""
    return {
        "version": 1,
        "subject": ["Hello"],
        "preheader": [],
        "html": [],
        "text": [],
        "links": [{"url": [url], "block_id": block_id, "label": label} for url, block_id, label in links],
    }


def make_send(*links: tuple[str, str, str], **overrides: Any) -> Send:
    """A send of an email with the given links."""
    number = next(_numbers)
    compiled = CompiledEmail.objects.create(
        source_hash=f"{number:064}",
        email=Email.objects.create(name=f"Email {number}"),
        payload=make_payload(*links),
        html_size=1,
    )
    return Send.objects.create(
        **{
            "origin_kind": "campaign",
            "origin_id": number,
            "state": Send.State.RUNNING,
            "compiled": compiled,
            "from_address": "shop@example.com",
            "base_url": "https://shop.example.com",
            **overrides,
        }
    )


def make_message(send: Send | None = None, contact: Contact | None = None, **overrides: Any) -> OutboxMessage:
    """An accepted message."""
    contact = contact or make_contact()
    return OutboxMessage.objects.create(
        **{
            "send": send or make_send(),
            "contact": contact,
            "address": contact.email,
            "recipient_key": contact.address_hash,
            "state": OutboxMessage.State.ACCEPTED,
            "created_at": SENT_AT,
            "handed_off_at": SENT_AT,
            "finished_at": SENT_AT,
            **overrides,
        }
    )


def make_event(message: OutboxMessage, kind: str, **overrides: Any) -> MessageEvent:
    """An event of a message, by a person."""
    return MessageEvent.objects.create(
        **{
            "message": message,
            "send_id": message.send_id,
            "contact_id": message.contact_id,
            "kind": kind,
            "happened_at": SENT_AT,
            **overrides,
        }
    )
