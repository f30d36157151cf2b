"""Several workers gather and deliver digests at the same moment, against the real database."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection

from tests.factories.contacts import make_topic
from tests.factories.digests import make_digest_reader, make_issue
from tests.factories.emails import default_site
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.digests.gathering import send_due_digests
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

FIRST, MARCH = datetime(2026, 2, 5, 10, tzinfo=UTC), datetime(2026, 3, 1, 9, tzinfo=UTC)
WORKERS, READERS = 4, 30


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite in memory has one connection; it has one writer")
def test_workers_that_gather_at_once_give_each_issue_to_one_digest() -> None:
    default_site()
    topic = make_topic(name="Newsletter")
    readers = [make_digest_reader(topic) for _number in range(READERS)]
    for number in range(4):
        make_issue(topic, f"Issue {number}", at=FIRST + timedelta(weeks=number))
    barrier, errors = threading.Barrier(WORKERS), []

    def work() -> None:
        try:
            barrier.wait()
            for send in send_due_digests(MARCH):
                services.deliver(send.pk)
        except OperationalError as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for send in Send.objects.filter(origin_kind=Send.DIGEST):
        services.deliver(send.pk)
    assert sorted(one.recipient for one in MemoryChannel.outbox) == sorted(reader.email for reader in readers)
    digests = OutboxMessage.objects.filter(send__origin_kind=Send.DIGEST, state="accepted")
    assert digests.count() == READERS
    for digest in digests:
        assert DigestIssue.objects.filter(digest=digest, contact=digest.contact).count() == 4
