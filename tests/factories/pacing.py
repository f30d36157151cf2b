"""The least that is valid of limits, plans and alarms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.factories.contacts import make_contact
from tests.factories.delivery import make_message
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.pacing.models import Alarm, SendingLimit, WarmUp

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def limit(key: str, count: int, period: str = "hour", scope: str = "group") -> SendingLimit:
    """A limit, of a mailbox provider unless told otherwise."""
    return SendingLimit.objects.create(scope=scope, key=key, count=count, period=period)


def make_plan(volumes: list[int], **overrides: Any) -> WarmUp:
    """A plan of the domain that sends come from by default."""
    values = {"domain": "example.com", "started_on": AT.date() - timedelta(days=60), **overrides}
    return WarmUp.objects.create(volumes=volumes, **values)


def make_alarm(**overrides: Any) -> Alarm:
    """A stop because of complaints."""
    values = {"domain": "example.com", "kind": "complaints", "level": "stop", "raised_at": AT}
    return Alarm.objects.create(**{**values, "event_count": 9, "base_count": 1000, "limit": 0.3, **overrides})


def make_to(send: Send, domain: str, count: int = 1, **overrides: Any) -> list[OutboxMessage]:
    """Pending messages to contacts at one domain."""
    from tests.factories.delivery import make_reader

    found = []
    for _number in range(count):
        name = make_contact().pk
        found.append(make_message(send, make_reader(send, email=f"reader{name}@{domain}"), **overrides))
    return found


def make_past(send: Send, count: int, *, state: str = "accepted", reply: str = "", at: datetime = AT) -> list:
    """Messages that had their end, without contacts."""
    prefix = f"{send.pk}-{state}-{at.timestamp()}"
    return OutboxMessage.objects.bulk_create(
        OutboxMessage(
            send=send,
            address="a@example.net",
            recipient_key=f"{prefix}-{number}-{reply}"[:64],
            state=state,
            reply=reply,
            created_at=at,
            finished_at=at,
        )
        for number in range(count)
    )


def make_returned(messages: list[OutboxMessage], kind: str, *, at: datetime = AT) -> None:
    """What came back about each of some messages."""
    Bounce.objects.bulk_create(
        Bounce(message=one, kind=kind, source="mailbox", key=f"{kind}-{one.pk}", happened_at=at) for one in messages
    )
