"""Freezing an audience into outbox messages."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ
from pytest_django import Settings

from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.delivery import make_compiled, make_reader, make_send
from wagtail_precise_mail.contacts import services as contacts
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery import freezing, services
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.queries import progress, sends_to_resume

State, SkipReason = OutboxMessage.State, OutboxMessage.SkipReason
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def send() -> Send:
    return services.start_send(
        origin_kind="campaign",
        origin_id=7,
        compiled=make_compiled(),
        topic=make_topic(),
        from_address="shop@example.com",
        base_url="https://shop.example.com/",
    )


@pytest.fixture
def small_chunks(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "freeze_chunk_size": 2}


def reasons(send: Send) -> dict[str, str]:
    return dict(send.messages.values_list("address", "skip_reason"))


def test_everybody_in_the_audience_gets_one_message_with_its_address_and_hash(send: Send) -> None:
    reader = make_reader(send)
    assert services.freeze(send, Contact.objects.all(), at=AT)
    message = send.messages.get()
    assert (message.contact, message.address, message.recipient_key) == (reader, reader.email, reader.address_hash)
    assert (message.state, message.skip_reason, message.created_at) == (State.PENDING, "", AT)
    assert (message.priority, message.attempt_count, message.finished_at) == (send.priority, 0, None)


def test_whoever_is_left_out_has_a_row_with_the_reason(send: Send) -> None:
    reader, bounced, gone, left, stranger, asked, other = (make_contact() for _number in range(7))
    for contact in (reader, bounced, gone, left, other):
        grant(contact, send.topic)
    contacts.suppress(bounced.email, reason="hard_bounce")
    contacts.unsubscribe(gone)
    contacts.withdraw(left, send.topic, source="page")
    send.topic.consents.create(contact=asked, status="pending", changed_at=AT)
    services.freeze(send, Contact.objects.all(), excluded=[Contact.objects.filter(pk=other.pk)], at=AT)
    assert reasons(send) == {
        reader.email: "",
        bounced.email: SkipReason.SUPPRESSED,
        gone.email: SkipReason.UNSUBSCRIBED,
        left.email: SkipReason.UNSUBSCRIBED,
        stranger.email: SkipReason.NO_CONSENT,
        asked.email: SkipReason.NO_CONSENT,
        other.email: SkipReason.EXCLUDED,
    }
    skipped = send.messages.exclude(skip_reason="")
    assert set(skipped.values_list("state", "finished_at")) == {(State.SKIPPED, AT)}


def test_consent_to_another_topic_does_not_count(send: Send) -> None:
    contact = make_contact()
    grant(contact, make_topic())
    services.freeze(send, Contact.objects.all(), at=AT)
    assert reasons(send) == {contact.email: SkipReason.NO_CONSENT}


def test_the_send_runs_and_a_worker_is_woken_once_all_are_frozen(
    send: Send, django_capture_on_commit_callbacks: Any
) -> None:
    make_reader(send)
    with django_capture_on_commit_callbacks(execute=True):
        services.freeze(send, Contact.objects.all(), at=AT)
    assert (send.state, send.frozen_at) == (Send.State.RUNNING, AT)
    assert OrmQ.objects.count() == 1


@pytest.mark.usefixtures("small_chunks")
def test_chunks_together_hold_everybody_once(send: Send) -> None:
    everybody = {make_reader(send).email for _number in range(7)}
    services.freeze(send, Contact.objects.all(), at=AT)
    assert Counter(send.messages.values_list("address", flat=True)) == Counter(everybody)


@pytest.mark.usefixtures("small_chunks")
def test_a_freeze_that_died_goes_on_after_the_last_complete_chunk(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = {make_reader(send).email for _number in range(7)}
    insert, calls = freezing.insert_messages, 0

    def die_in_the_third_chunk(*args: Any) -> None:
        nonlocal calls
        calls += 1
        insert(*args)
        if calls == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(freezing, "insert_messages", die_in_the_third_chunk)
    with pytest.raises(KeyboardInterrupt):
        services.freeze(send, Contact.objects.all(), at=AT)
    send.refresh_from_db()
    # The third chunk was rolled back together with its place.
    assert (send.messages.count(), send.state) == (4, Send.State.FREEZING)
    assert list(sends_to_resume()) == [send]
    monkeypatch.setattr(freezing, "insert_messages", insert)
    assert services.freeze(send, Contact.objects.all(), at=AT)
    assert Counter(send.messages.values_list("address", flat=True)) == Counter(everybody)


def test_repeating_a_chunk_adds_nothing(send: Send) -> None:
    make_reader(send)
    services.freeze(send, Contact.objects.all(), at=AT)
    Send.objects.update(state=Send.State.FREEZING, freeze_cursor=0)
    make_reader(send)
    services.freeze(send, Contact.objects.all(), at=AT)
    assert send.messages.count() == 2


@pytest.mark.usefixtures("small_chunks")
def test_a_freeze_out_of_time_says_that_it_is_not_complete(send: Send) -> None:
    for _number in range(3):
        make_reader(send)
    assert not services.freeze(send, Contact.objects.all(), at=AT, seconds=0)
    assert (send.state, send.messages.count()) == (Send.State.FREEZING, 2)
    assert services.freeze(send, Contact.objects.all(), at=AT)


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_a_send_that_was_stopped_is_not_frozen_further(send: Send, verb: str) -> None:
    make_reader(send)
    if verb == "pause":
        services.pause(send, reason="lunch")
    else:
        services.cancel(send)
    assert not services.freeze(send, Contact.objects.all(), at=AT)
    assert send.messages.count() == 0


def test_an_empty_audience_is_complete_at_once(send: Send) -> None:
    assert services.freeze(send, Contact.objects.none(), at=AT)
    assert (send.messages.count(), send.state) == (0, Send.State.RUNNING)


@pytest.mark.parametrize(
    "audience",
    [
        lambda: Contact.objects.order_by("-email"),
        lambda: Contact.objects.order_by("email")[:3],
        lambda: Contact.objects.filter(consents__status="granted").distinct(),
    ],
    ids=["ordered", "sliced", "distinct"],
)
def test_any_queryset_of_contacts_can_be_frozen(send: Send, audience: Any) -> None:
    for _number in range(3):
        make_reader(send, country="GB")
    assert services.freeze(send, audience(), at=AT)
    assert send.messages.count() == 3


def test_a_chunk_costs_the_same_number_of_queries_whatever_its_size(send: Send) -> None:
    make_reader(send)
    with CaptureQueriesContext(
        connection,
    ) as of_one:
        services.freeze(send, Contact.objects.all(), at=AT)
    second = make_send(state=Send.State.FREEZING, frozen_at=None, topic=send.topic)
    for _number in range(20):
        make_reader(second)
    with CaptureQueriesContext(connection) as of_many:
        services.freeze(second, Contact.objects.all(), at=AT)
    assert len(of_many) == len(of_one)


def test_progress_counts_everybody(send: Send) -> None:
    make_reader(send)
    make_contact()
    services.freeze(send, Contact.objects.all(), at=AT)
    counted = progress(send)
    assert (counted.total, counted.waiting_count, counted.settled_count, counted.percent) == (2, 1, 1, 50)
    assert counted.skipped == {SkipReason.NO_CONSENT: 1}
    assert not counted.is_done
