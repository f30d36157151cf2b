"""The least that is valid of sends and outbox messages."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from tests.factories.contacts import grant, make_contact, make_topic
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.models import CompiledEmail

MADE_AT = datetime(2026, 3, 1, 9, tzinfo=UTC)

_numbers = count(1)


def make_compiled(**payload: Any) -> CompiledEmail:
    """A compiled email that greets by first name, and has one link."""
    name = {"field": "contact.first_name", "filters": [["default", "friend"]]}
    default = {
        "version": 1,
        "subject": ["Hello ", {"merge": {**name, "escape": "header"}}],
        "preheader": [],
        "html": [
            "<html><body><p>Hello ",
            {"merge": {**name, "escape": "html"}},
            '</p><a href="',
            {"link": 0},
            '">Look</a><a href="',
            {"system": "unsubscribe_url"},
            '">Unsubscribe</a>',
            {"system": "html_tail"},
            "</body></html>",
        ],
        "text": [
            "Hello ",
            {"merge": {**name, "escape": "text"}},
            "\n",
            {"link": 0},
            "\n",
            {"system": "unsubscribe_url"},
        ],
        "links": [{"url": ["https://shop.example.com/mug/"], "block_id": "b1", "label": "Look"}],
    }
    return CompiledEmail.objects.create(source_hash=uuid4().hex, payload={**default, **payload}, html_size=1)


def make_send(**overrides: Any) -> Send:
    """A send with a frozen audience, running, to a topic of its own."""
    values: dict[str, Any] = {
        "origin_kind": "campaign",
        "origin_id": next(_numbers),
        "state": Send.State.RUNNING,
        "from_name": "Fern & Kettle",
        "from_address": "shop@example.com",
        "base_url": "https://shop.example.com",
        "frozen_at": MADE_AT,
        **overrides,
    }
    values.setdefault("compiled", None)
    values["compiled"] = values["compiled"] or make_compiled()
    if "topic" not in values:
        values["topic"] = make_topic()
    return Send.objects.create(**values)


def make_reader(send: Send, **overrides: Any) -> Contact:
    """A contact who agreed to the topic of a send."""
    contact = make_contact(**overrides)
    if send.topic:
        grant(contact, send.topic)
    return contact


def make_message(send: Send, contact: Contact | None = None, **overrides: Any) -> OutboxMessage:
    """A pending message to a contact who agreed to it."""
    contact = contact or make_reader(send)
    return OutboxMessage.objects.create(
        **{
            "send": send,
            "contact": contact,
            "address": contact.email,
            "recipient_key": contact.address_hash,
            "created_at": MADE_AT,
            **overrides,
        }
    )


def make_messages(send: Send, count: int) -> list[OutboxMessage]:
    """Several pending messages."""
    return [make_message(send) for _number in range(count)]
