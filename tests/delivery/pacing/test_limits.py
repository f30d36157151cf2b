"""Limits hold back claims: what is over waits, and keeps nobody else waiting."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.contacts import make_contact
from tests.factories.delivery import make_message, make_messages, make_reader, make_send
from tests.factories.pacing import AT, limit, make_to
from tests.rows import analyze
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.pacing.models import Bucket, SendingLimit
from wagtail_precise_mail.delivery.pacing.pacer import Pacer
from wagtail_precise_mail.delivery.pacing.parking import parked_groups_sql
from wagtail_precise_mail.delivery.queries import explain
from wagtail_precise_mail.delivery.sweeping import sweep

State = OutboxMessage.State

pytestmark = pytest.mark.django_db


def left_for() -> Counter[str]:
    return Counter(envelope.recipient.rpartition("@")[2] for envelope in MemoryChannel.outbox)


def test_a_provider_gets_no_more_than_its_limit_and_others_get_all() -> None:
    limit("gmail", 30)
    send = make_send()
    make_to(send, "gmail.com", 10)
    make_to(send, "example.org", 10)
    services.deliver(send.pk, seconds=10)
    assert left_for() == {"gmail.com": 3, "example.org": 10}


def test_domains_of_one_provider_share_its_limit() -> None:
    limit("gmail", 30)
    send = make_send()
    make_to(send, "gmail.com", 5)
    make_to(send, "googlemail.com", 5)
    services.deliver(send.pk, seconds=10)
    assert left_for().total() == 3


def test_what_is_over_waits_and_no_attempt_is_counted() -> None:
    limit("gmail", 10)
    send = make_send()
    make_to(send, "gmail.com", 3)
    services.deliver(send.pk, seconds=10)
    waiting = send.messages.filter(state=State.PENDING)
    assert list(waiting.values_list("mx_group", "attempt_count", "claim_token")) == [("gmail", 0, None)] * 2
    send.refresh_from_db()
    assert send.state == Send.State.RUNNING


def test_what_waits_leaves_when_there_are_tokens_again() -> None:
    limit("gmail", 30)
    send = make_send()
    with time_machine.travel(AT, tick=False):
        make_to(send, "gmail.com", 8)
        services.deliver(send.pk, seconds=10)
    with time_machine.travel(AT + timedelta(minutes=20), tick=False):
        services.deliver(send.pk, seconds=10)
    assert left_for()["gmail.com"] == 6
    with time_machine.travel(AT + timedelta(minutes=40), tick=False):
        services.deliver(send.pk, seconds=10)
    send.refresh_from_db()
    assert (left_for()["gmail.com"], send.state) == (8, Send.State.FINISHED)


def test_what_waits_leaves_at_once_when_its_limit_is_gone() -> None:
    row = limit("gmail", 10)
    send = make_send()
    make_to(send, "gmail.com", 5)
    services.deliver(send.pk, seconds=10)
    row.delete()
    services.deliver(send.pk, seconds=10)
    assert left_for()["gmail.com"] == 5


def test_a_sender_keeps_its_limit_over_several_sends() -> None:
    limit("example.com", 50, scope="sender")
    first, second, other = (
        make_send(topic=None),
        make_send(topic=None),
        make_send(topic=None, from_address="a@b.example"),
    )
    for send in (first, second, other):
        make_messages(send, 4)
    for send in (first, second, other):
        services.deliver(send.pk, seconds=10)
    accepted = {send: send.messages.filter(state=State.ACCEPTED).count() for send in (first, second, other)}
    assert accepted[first] + accepted[second] == 5
    assert accepted[other] == 4


def test_a_limit_of_one_address_is_not_one_of_its_domain() -> None:
    limit("news@example.com", 10, scope="sender")
    news, shop = make_send(from_address="news@example.com"), make_send(from_address="shop@example.com")
    make_messages(news, 3)
    make_messages(shop, 3)
    services.deliver(news.pk, seconds=10)
    assert news.messages.filter(state=State.ACCEPTED).count() == 1
    assert shop.messages.filter(state=State.ACCEPTED).count() == 3


def test_a_channel_keeps_its_quota() -> None:
    limit("memory", 20, "day", scope="channel")
    limit("smtp", 1, "day", scope="channel")
    send = make_send(topic=None)
    make_messages(send, 6)
    services.deliver(send.pk, seconds=10)
    assert left_for().total() == 2


def test_marketing_leaves_a_tenth_of_a_bucket_to_mail_about_orders() -> None:
    limit("example.com", 200, scope="sender")
    newsletter, order = make_send(), make_send(topic=None)
    make_messages(newsletter, 30)
    services.deliver(newsletter.pk, seconds=10)
    assert newsletter.messages.filter(state=State.ACCEPTED).count() == 18
    make_messages(order, 2)
    services.deliver(order.pk, seconds=10)
    assert order.messages.filter(state=State.ACCEPTED).count() == 2


def test_of_several_limits_the_strictest_holds_and_takes_nothing_from_the_others() -> None:
    limit("gmail", 1000)
    limit("gmail", 20, "day")
    send = make_send(topic=None)
    make_to(send, "gmail.com", 10)
    services.deliver(send.pk, seconds=10)
    assert left_for()["gmail.com"] == 2
    hourly = SendingLimit.objects.get(period="hour")
    assert Bucket.objects.get(name=f"limit:{hourly.pk}").tokens == pytest.approx(98, abs=0.5)


def test_tokens_that_nothing_left_for_go_back() -> None:
    row = limit("example.com", 1000, scope="sender")
    send = make_send(topic=None)
    make_messages(send, 3)
    services.deliver(send.pk, seconds=10)
    assert Bucket.objects.get(name=f"limit:{row.pk}").tokens == pytest.approx(97, abs=0.5)


def test_who_is_skipped_uses_up_nothing() -> None:
    row = limit("example.com", 1000, scope="sender")
    send = make_send()
    make_message(send, make_contact())
    services.deliver(send.pk, seconds=10)
    assert send.messages.get().state == State.SKIPPED
    assert Bucket.objects.get(name=f"limit:{row.pk}").tokens == pytest.approx(100, abs=0.5)


def test_a_send_that_must_wait_for_long_is_left_alone_until_then() -> None:
    limit("gmail", 1, "day")
    send = make_send()
    make_to(send, "gmail.com", 3)
    services.deliver(send.pk, seconds=10)
    send.refresh_from_db()
    assert send.held_by == Send.HeldBy.PROVIDER
    assert send.held_until > timezone.now() + timedelta(hours=20)
    assert sweep().woken_count == 0
    assert sweep(send.held_until + timedelta(seconds=10)).woken_count == 1


def test_short_waits_are_spent_by_the_worker_itself() -> None:
    limit("gmail", 20, "second")
    send = make_send()
    make_to(send, "gmail.com", 12)
    services.deliver(send.pk, seconds=60)
    assert left_for()["gmail.com"] == 12


def test_people_are_told_why_a_message_waits() -> None:
    limit("gmail", 10)
    send = make_send()
    make_to(send, "gmail.com", 2)
    services.deliver(send.pk, seconds=10)
    assert "Gmail" in explain(send.messages.filter(state=State.PENDING).select_related("send").get())


def test_without_limits_a_batch_costs_no_query_more() -> None:
    send = make_send()
    make_messages(send, 3)
    pacer = Pacer(send)
    pacer.claim(timezone.now())
    make_messages(send, 3)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert len(pacer.claim(timezone.now()).messages) == 3
    assert len([one for one in queries if "SAVEPOINT" not in one["sql"] and "SET LOCAL" not in one["sql"]]) == 1


def test_finding_what_is_parked_walks_the_index_only() -> None:
    send = make_send()
    contact = make_reader(send)
    make_message(send, contact, mx_group="gmail")
    now = timezone.now()
    OutboxMessage.objects.bulk_create(
        OutboxMessage(send=send, address="a@b.c", recipient_key=f"x{number}", created_at=now, mx_group=group)
        for number, group in enumerate(["", "gmail", "qq"] * 1000)
    )
    sql, parameters = parked_groups_sql(send.pk)
    analyze()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        assert [row[0] for row in cursor.fetchall()] == ["gmail", "qq"]
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + sql, parameters)
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert "wpm_message_pending" in plan
    assert "Seq Scan on wagtail_precise_mail_outboxmessage" not in plan
    assert "SCAN wagtail_precise_mail_outboxmessage" not in plan
