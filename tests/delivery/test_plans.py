"""The last of a million messages costs what the first one did."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.delivery import make_message, make_send
from tests.rows import analyze
from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.exceptions import TemporaryDeliveryError

pytestmark = pytest.mark.django_db

State = OutboxMessage.State
_OUTBOX = "wagtail_precise_mail_outboxmessage"
_KINDS = ("SELECT", "UPDATE", "INSERT", "WITH", "DELETE")


def test_no_statement_of_a_worker_costs_more_with_every_finished_message(memory_channel: type[MemoryChannel]) -> None:
    send, other = make_send(), make_send()
    _bystanders(send, 2000)
    plans: list[list[Plan]] = []
    for number in (1500, 6000):
        _finished(send, number)
        _finished(other, number)
        analyze()
        plans.append([Plan(sql) for sql in _deliver_three(send, memory_channel)])
        Send.objects.filter(pk=send.pk).update(state=Send.State.RUNNING, finished_at=None)
    for word in ("'claimed'", "'handoff'", "deferred", "unsubscribed"):
        assert any(word in plan.sql for plan in plans[0]), word
    assert len(plans[0]) == len(plans[1])
    for few, many in zip(*plans, strict=True):
        assert not many.walks_the_outbox, many
        if many.is_by_number:  # indexes on states are full of those that were claimed before
            assert "wpm_message_" not in many.text, many
        assert many.cost < 1.5 * few.cost + 10, (few, many)


def test_statistics_from_before_the_send_make_nobody_walk_through_it(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    analyze()
    _bystanders(send, 2000)
    _finished(send, 6000)
    plans = [Plan(sql) for sql in _deliver_three(send, memory_channel)]
    by_number = [plan for plan in plans if plan.is_by_number]
    assert by_number
    for plan in by_number:
        assert not plan.walks_the_outbox, plan
        assert "wpm_message_" not in plan.text, plan


def _deliver_three(send: Send, channel: type[MemoryChannel]) -> list[str]:
    """Deliver to one who gets it, one whose server says "later" and one who left; return what the outbox was asked."""
    accepted, deferred, skipped = (make_message(send) for _message in range(3))
    channel.failures[deferred.address] = TemporaryDeliveryError("later", reply="451 later", code=451)
    Consent.objects.filter(contact=skipped.contact).update(status=ConsentStatus.WITHDRAWN)
    with CaptureQueriesContext(connection) as captured:
        services.deliver(send.pk)
    ends = [send.messages.get(pk=message.pk).state for message in (accepted, deferred, skipped)]
    assert ends == [State.ACCEPTED, State.DEFERRED, State.SKIPPED]
    send.messages.filter(pk=deferred.pk).update(state=State.REJECTED)
    return [sql for one in captured if (sql := one["sql"].strip()).startswith(_KINDS) and _OUTBOX in sql]


class Plan:
    """How the database means to do a statement.

    Attributes:
        cost: in units of PostgreSQL's planner; 0 on SQLite, which has none.
    """

    def __init__(self, sql: str) -> None:
        self.sql = sql
        is_postgresql = connection.vendor == "postgresql"
        with connection.cursor() as cursor:
            cursor.execute(f"{'EXPLAIN' if is_postgresql else 'EXPLAIN QUERY PLAN'} {sql}")
            self.lines = [str(row[-1]) for row in cursor.fetchall()]
        found = re.search(r"cost=[\d.]+\.\.([\d.]+)", self.lines[0])
        self.cost = float(found[1]) if found else 0.0

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def is_by_number(self) -> bool:
        """Whether it is about messages that are known by number: those handed off, and what became of them."""
        return self.sql.startswith(("WITH", "UPDATE")) and "'handoff'" in self.sql

    @property
    def walks_the_outbox(self) -> bool:
        return any(line.startswith(f"SCAN {_OUTBOX}") or f"Seq Scan on {_OUTBOX}" in line for line in self.lines)

    def __repr__(self) -> str:
        return "\n".join([self.sql, *self.lines])


def _bystanders(send: Send, count: int) -> None:
    """So many who agreed and get nothing: among few contacts, the planner goes through all of them instead."""
    contacts = Contact.objects.bulk_create(
        Contact(email=f"bystander-{number}@example.com", address_hash=f"{number:064d}") for number in range(count)
    )
    Consent.objects.bulk_create(
        Consent(contact=contact, topic=send.topic, status=ConsentStatus.GRANTED, changed_at=timezone.now())
        for contact in contacts
    )


def _finished(send: Send, count: int) -> None:
    now, start = timezone.now(), send.messages.count()
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            send=send,
            address="a@example.com",
            recipient_key=f"finished{start + number}",
            state=State.ACCEPTED,
            created_at=now,
            handed_off_at=now,
            finished_at=now,
        )
        for number in range(count)
    )
