"""The last of a million messages costs what the first one did: no statement of a worker reads the finished ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.contacts.models import Consent, ConsentStatus
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.exceptions import TemporaryDeliveryError

pytestmark = pytest.mark.django_db

State = OutboxMessage.State
_FINISHED = 6000
_OUTBOX = "wagtail_precise_mail_outboxmessage"
_KINDS = ("SELECT", "UPDATE", "INSERT", "WITH", "DELETE")


def test_no_statement_of_a_worker_reads_the_finished_messages(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    _finished(send)
    _finished(make_send())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    accepted, deferred, skipped = (make_message(send) for _message in range(3))
    memory_channel.failures[deferred.address] = TemporaryDeliveryError("later", reply="451 later", code=451)
    Consent.objects.filter(contact=skipped.contact).update(status=ConsentStatus.WITHDRAWN)
    with CaptureQueriesContext(connection) as captured:
        services.deliver(send.pk)
    ends = [send.messages.get(pk=message.pk).state for message in (accepted, deferred, skipped)]
    assert ends == [State.ACCEPTED, State.DEFERRED, State.SKIPPED]
    statements = [one["sql"].strip() for one in captured]
    for word in ("'claimed'", "'handoff'", "deferred", "unsubscribed"):
        assert any(word in sql for sql in statements), word
    for sql in statements:
        if sql.startswith(_KINDS) and _OUTBOX in sql:
            for line in _plan(sql):
                assert f"Seq Scan on {_OUTBOX}" not in line, f"{sql}\n{line}"
                is_walk = line.startswith(f"SCAN {_OUTBOX}") and "USING" not in line
                assert not is_walk, f"{sql}\n{line}"


def _plan(sql: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"{'EXPLAIN' if connection.vendor == 'postgresql' else 'EXPLAIN QUERY PLAN'} {sql}")
        yield from (str(row[-1]) for row in cursor.fetchall())


def _finished(send: Send) -> None:
    now = timezone.now()
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            send=send,
            address="a@example.com",
            recipient_key=f"finished{number}",
            state=State.ACCEPTED,
            created_at=now,
            handed_off_at=now,
            finished_at=now,
        )
        for number in range(_FINISHED)
    )
