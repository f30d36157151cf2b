"""Volume and classes of errors by domain, counted day by day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories.contacts import make_contact
from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.contacts.models import SuppressionReason
from wagtail_precise_mail.contacts.services import suppress
from wagtail_precise_mail.delivery.domains import queries
from wagtail_precise_mail.delivery.domains.models import DomainDay
from wagtail_precise_mail.delivery.domains.outcomes import classify
from wagtail_precise_mail.delivery.domains.tallying import tally_domains
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

AT = timezone.now()
TODAY = timezone.localdate(AT)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("550 5.1.1 User unknown", "address"),
        ("550 no such user here", "address"),
        ("552 5.2.2 Mailbox full", "full"),
        ("452 4.2.2 over quota", "full"),
        ("552 mailbox is full", "full"),
        ("550 5.7.1 Blocked by Spamhaus", "policy"),
        ("421 4.7.0 Too many messages from your IP, rate limited", "policy"),
        ("554 Message rejected: poor reputation", "policy"),
        ("550 5.7.509 Access denied, sending domain does not pass DMARC", "policy"),
        ("550 5.7.1 Message content rejected as spam content", "content"),
        ("552 5.3.4 Message too big", "content"),
        ("550 5.6.0 bad characters", "content"),
        ("554 5.4.0 something else", "other"),
        ("", "other"),
    ],
)
def test_a_refusal_has_a_class(reply: str, outcome: str) -> None:
    assert classify(reply) == outcome


def ended(send: Send, address: str, state: str, *, at: datetime = AT, reply: str = "") -> OutboxMessage:
    contact = make_contact(email=address)
    return make_message(send, contact, state=state, finished_at=at, reply=reply)


def days() -> dict[tuple[Any, ...], int]:
    rows = DomainDay.objects.values_list("on", "sender", "domain", "outcome", "count")
    return {(on, sender, domain, outcome): count for on, sender, domain, outcome, count in rows}


@pytest.fixture
def send(db: None) -> Send:
    return _old(make_send())


def _old(send: Send) -> Send:
    Send.objects.filter(pk=send.pk).update(created_at=AT - timedelta(days=200))
    return send


def test_messages_are_counted_by_day_domains_and_end(send: Send) -> None:
    ended(send, "a@tea.example", "accepted")
    ended(send, "b@tea.example", "accepted")
    ended(send, "c@tea.example", "rejected", reply="550 5.1.1 unknown")
    ended(send, "d@pot.example", "unknown", at=AT - timedelta(days=3))
    make_message(send, state="pending")

    assert tally_domains(at=AT + timedelta(seconds=1)) == 4
    assert days() == {
        (TODAY, "example.com", "tea.example", "accepted"): 2,
        (TODAY, "example.com", "tea.example", "address"): 1,
        (TODAY - timedelta(days=3), "example.com", "pot.example", "unknown"): 1,
    }


def test_tests_do_not_count(send: Send) -> None:
    Send.objects.update(is_test=True)
    ended(send, "a@tea.example", "accepted")

    assert tally_domains(at=AT + timedelta(seconds=1)) == 0


def test_complaints_count_on_their_own_day(send: Send) -> None:
    message = ended(send, "a@tea.example", "accepted", at=AT - timedelta(days=2))
    suppress(
        message.address,
        reason=SuppressionReason.COMPLAINT,
        origin_kind="outbox_message",
        origin_id=message.pk,
        at=AT,
    )

    tally_domains(at=AT + timedelta(seconds=1))

    assert days() == {
        (TODAY - timedelta(days=2), "example.com", "tea.example", "accepted"): 1,
        (TODAY, "example.com", "tea.example", "complaint"): 1,
    }


def test_counting_again_changes_nothing_and_counts_what_is_new(send: Send) -> None:
    ended(send, "a@tea.example", "accepted", at=AT - timedelta(days=10))
    tally_domains(at=AT - timedelta(days=1))
    once = days()
    tally_domains(at=AT - timedelta(days=1))
    assert days() == once

    ended(send, "b@tea.example", "accepted")
    tally_domains(at=AT + timedelta(seconds=1))
    assert days() == {**once, (TODAY, "example.com", "tea.example", "accepted"): 1}


def test_a_message_sent_again_is_counted_by_its_last_end(send: Send) -> None:
    message = ended(send, "a@tea.example", "unknown", at=AT - timedelta(days=1))
    tally_domains(at=AT)
    OutboxMessage.objects.filter(pk=message.pk).update(state="accepted", finished_at=AT)

    tally_domains(at=AT + timedelta(minutes=1))

    assert [outcome for _on, _sender, _domain, outcome in days()] == ["accepted"]


def test_old_days_are_let_go(send: Send) -> None:
    DomainDay.objects.create(on=TODAY - timedelta(days=92), sender="a.example", outcome="accepted", count=1)
    DomainDay.objects.create(on=TODAY - timedelta(days=80), sender="b.example", outcome="accepted", count=1)

    tally_domains(at=AT)
    tally_domains(at=AT)

    assert not DomainDay.objects.filter(sender="a.example").exists()


def test_sends_that_ended_before_are_not_read(send: Send, django_assert_num_queries) -> None:
    ended(send, "a@tea.example", "accepted", at=AT - timedelta(days=50))
    Send.objects.update(finished_at=AT - timedelta(days=49))
    tally_domains(at=AT - timedelta(days=40))

    before = days()
    tally_domains(at=AT)

    assert days() == before


def make_days(count: int, *, sender: str = "shop.example") -> None:
    DomainDay.objects.bulk_create(
        DomainDay(on=TODAY, sender=sender, domain=f"d{number}.example", outcome=outcome, count=1 + number)
        for number in range(count)
        for outcome in ("accepted", "policy")
    )


@pytest.mark.django_db
def test_the_table_adds_up_whatever_is_not_shown(django_assert_num_queries) -> None:
    make_days(50)

    with django_assert_num_queries(1):
        found = queries.volume(TODAY)

    assert len(found.lines) == queries.SHOWN
    assert found.others is not None
    assert found.others.domain_count == 30
    lines = [*found.lines, found.others]
    assert sum(line.total for line in lines) == found.total.total == 2 * sum(range(1, 51))
    assert sum(line.of("policy") for line in lines) == found.total.of("policy")
    assert found.total.percent("policy") == 50


@pytest.mark.django_db
def test_volume_is_of_thirty_days_and_of_one_sender_if_asked() -> None:
    make_days(1)
    make_days(1, sender="other.example")
    DomainDay.objects.create(on=TODAY - timedelta(days=29), sender="x.example", domain="a", outcome="accepted", count=7)
    DomainDay.objects.create(on=TODAY - timedelta(days=30), sender="x.example", domain="a", outcome="accepted", count=9)

    assert queries.volume(TODAY).total.total == 2 + 2 + 7
    assert queries.volume(TODAY, sender="shop.example").total.total == 2
    assert queries.sender_domains(TODAY) == ["other.example", "shop.example", "x.example"]


@pytest.mark.django_db
def test_complaints_are_a_share_of_what_was_accepted_and_no_mail_of_their_own() -> None:
    for outcome, count in (("accepted", 1000), ("policy", 1000), ("complaint", 3)):
        DomainDay.objects.create(on=TODAY, sender="shop.example", domain="a", outcome=outcome, count=count)

    total = queries.volume(TODAY).total

    assert total.total == 2000
    assert total.percent("complaint") == pytest.approx(0.3)


@pytest.mark.django_db
def test_weeks_begin_on_mondays_and_those_without_mail_are_there(django_assert_num_queries) -> None:
    monday = TODAY - timedelta(days=TODAY.weekday())
    for day in (monday, monday - timedelta(days=1), monday - timedelta(days=7)):
        DomainDay.objects.create(on=day, sender="shop.example", domain="a", outcome="accepted", count=1)

    with django_assert_num_queries(1):
        found = queries.weeks(TODAY)

    assert [start for start, _tally in found][-2:] == [monday - timedelta(days=7), monday]
    assert [tally.total for _start, tally in found] == [0] * 10 + [2, 1]
    assert found[0][1].percent("policy") is None
