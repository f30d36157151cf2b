"""What is tried again, when, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from tests.factories.delivery import make_message, make_messages, make_reader, make_send
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Suppression
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.channels import MemoryChannel, channels
from wagtail_precise_mail.delivery.mime import make_message_id
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.queries import explain
from wagtail_precise_mail.delivery.replies import ReplyClass
from wagtail_precise_mail.delivery.retrying import WINDOWS, Circumstances, result_of, wait_after, window_of
from wagtail_precise_mail.exceptions import (
    ConfigurationError,
    DeliveryError,
    OutcomeUnknown,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)

State = OutboxMessage.State
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def fail(message: OutboxMessage, reply: str, *, error: type[DeliveryError] = TemporaryDeliveryError) -> None:
    MemoryChannel.failures[message.address] = error(
        "no", reply=reply, code=int(reply[:3]) if reply[:1].isdigit() else None
    )


def run_at(send: Send, moment: datetime) -> OutboxMessage:
    """Sweep and deliver at a moment; return the first message as it is then."""
    with time_machine.travel(moment, tick=False):
        services.sweep()
        services.deliver(send.pk)
    return OutboxMessage.objects.filter(send=send).earliest("pk")


def transactional(**overrides: Any) -> Send:
    return make_send(topic=None, origin_kind="order", **overrides)


class TestWaits:
    def test_each_wait_is_about_twice_the_one_before_up_to_four_hours(self) -> None:
        message = make_message(make_send())
        for attempt in range(1, 12):
            message.attempt_count = attempt
            plain = min(300 * 2 ** (attempt - 1), 4 * 3600)
            assert 0.75 * plain <= wait_after(message).total_seconds() <= 1.25 * plain

    def test_messages_that_failed_together_do_not_come_back_together(self) -> None:
        waits = {wait_after(OutboxMessage(pk=pk, attempt_count=1)) for pk in range(1, 200)}
        assert len(waits) == 199
        assert max(waits) - min(waits) > timedelta(seconds=120)

    def test_the_same_attempt_always_waits_as_long(self) -> None:
        assert wait_after(OutboxMessage(pk=7, attempt_count=3)) == wait_after(OutboxMessage(pk=7, attempt_count=3))

    def test_a_refused_message_waits_and_no_longer(self) -> None:
        send = make_send()
        message = make_message(send)
        fail(message, "451 4.7.1 greylisted")
        message = run_at(send, AT)
        assert (message.state, message.reply_class) == (State.DEFERRED, ReplyClass.TEMPORARY)
        assert message.next_attempt_at
        MemoryChannel.failures.clear()
        assert run_at(send, message.next_attempt_at - timedelta(seconds=1)).state == State.DEFERRED
        message = run_at(send, message.next_attempt_at)
        assert (message.state, message.reply_class, message.attempt_count) == (State.ACCEPTED, ReplyClass.ACCEPTED, 2)


class TestWindows:
    @pytest.mark.parametrize(
        ("reply", "reply_class"),
        [
            ("451 4.7.1 greylisted", ReplyClass.TEMPORARY),
            ("452 4.2.2 mailbox full", ReplyClass.TEMPORARY),
            ("421 4.7.28 rate limited", ReplyClass.THROTTLED),
            ("450 4.7.1 Client host blocked using bl.example", ReplyClass.BLOCKED),
            ("no answer in time", ReplyClass.CONNECTION),
        ],
    )
    def test_a_message_is_rejected_when_the_window_of_its_class_is_over(
        self, reply: str, reply_class: ReplyClass
    ) -> None:
        send = make_send()
        message = make_message(send)
        fail(message, reply)
        message = run_at(send, AT)
        attempts = 1
        while message.state == State.DEFERRED:
            assert message.next_attempt_at
            assert message.next_attempt_at <= AT + WINDOWS[reply_class]
            message = run_at(send, message.next_attempt_at)
            attempts += 1
        assert (message.state, message.reply, message.reply_class) == (State.REJECTED, reply, reply_class)
        assert message.finished_at == AT + WINDOWS[reply_class]
        assert (message.attempt_count, message.first_failed_at) == (attempts, AT)

    def test_the_window_can_be_chosen(self, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "retry_hours": {"throttled": 0}}
        send = make_send()
        fail(make_message(send), "421 too many connections")
        assert run_at(send, AT).state == State.REJECTED
        assert window_of(ReplyClass.TEMPORARY) == WINDOWS[ReplyClass.TEMPORARY]

    @pytest.mark.parametrize("hours", [{"throttle": 3}, {"throttled": -1}, {"throttled": "3"}, 3])
    def test_a_wrong_window_is_an_error_that_names_the_classes(self, settings: Settings, hours: object) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "retry_hours": hours}
        with pytest.raises(ConfigurationError, match="'throttled'"):
            options()

    def test_every_class_that_can_fail_has_a_window(self) -> None:
        assert set(WINDOWS) == set(ReplyClass) - {ReplyClass.ACCEPTED}

    def test_the_window_begins_anew_when_somebody_sends_again(self) -> None:
        send = make_send()
        message = make_message(send, state=State.UNKNOWN, first_failed_at=AT, reply_class="unknown")
        services.resend_unknown(send, by=None)
        message.refresh_from_db()
        assert (message.first_failed_at, message.reply_class) == (None, "")


class TestRefusals:
    def test_a_final_refusal_is_not_tried_again(self) -> None:
        message, at = make_message(make_send(), attempt_count=1), timezone.now()
        error = PermanentDeliveryError("no", reply="554 5.7.1 spam message rejected", code=554)
        result = result_of(message, error, Circumstances(message.send), at=at)
        assert (result.state, result.reply_class) == (State.REJECTED, ReplyClass.CONTENT)

    def test_a_final_refusal_that_says_too_fast_is_tried_again(self) -> None:
        message = make_message(make_send(), attempt_count=1)
        error = PermanentDeliveryError("no", reply="550 Ip frequency limited", code=550)
        result = result_of(message, error, Circumstances(message.send), at=AT)
        assert (result.state, result.reply_class) == (State.DEFERRED, ReplyClass.THROTTLED)

    def test_one_bad_address_stops_nobody_else(self) -> None:
        send = make_send()
        first, *_others = make_messages(send, 4)
        fail(first, "550 5.1.1 user unknown", error=PermanentDeliveryError)
        run_at(send, AT)
        assert {message.state for message in OutboxMessage.objects.exclude(pk=first.pk)} == {State.ACCEPTED}
        assert Suppression.objects.get().address_hash == first.recipient_key

    @pytest.mark.parametrize(
        "reply",
        ["554 5.7.1 blocked using zen.spamhaus.org", "550 5.7.26 DMARC", "552 5.3.4 too large", "552 5.2.2 full"],
    )
    def test_a_refusal_that_is_not_about_the_address_suppresses_nobody(self, reply: str) -> None:
        send = make_send()
        fail(make_message(send), reply, error=PermanentDeliveryError)
        assert run_at(send, AT).state == State.REJECTED
        assert not Suppression.objects.exists()

    def test_a_refusal_is_kept_as_a_bounce_once(self) -> None:
        send = make_send()
        fail(make_message(send), "552 5.2.2 mailbox full", error=PermanentDeliveryError)
        bounce = run_at(send, AT).bounces.get()
        assert (bounce.kind, bounce.status, bounce.reply_code) == (Kind.QUOTA, "5.2.2", "552")
        assert (bounce.source, bounce.happened_at) == ("reply", AT)

    @pytest.mark.parametrize("reply", ["no answer in time", "454 4.7.0 Temporary authentication failure"])
    def test_what_our_own_side_is_to_blame_for_is_no_bounce(self, settings: Settings, reply: str) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {
            **settings.WAGTAIL_PRECISE_MAIL,
            "retry_hours": {"connection": 0, "auth": 0},
        }
        send = make_send()
        fail(make_message(send), reply)
        message = run_at(send, AT)
        assert (message.state, message.bounces.count()) == (State.REJECTED, 0)


class RepeatingChannel(MemoryChannel):
    """Knows a repetition for a day."""

    idempotency_seconds = 86_400


@pytest.fixture
def repeating_channel(settings: Settings) -> Any:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "repeating"}
    with channels.temporarily("repeating", RepeatingChannel):
        yield


class TestUnknown:
    def test_marketing_mail_of_unknown_outcome_is_not_sent_again(self) -> None:
        send = make_send()
        fail(make_message(send), "lost", error=OutcomeUnknown)
        message = run_at(send, AT)
        assert (message.state, message.reply_class) == (State.UNKNOWN, ReplyClass.UNKNOWN)
        MemoryChannel.failures.clear()
        assert run_at(send, AT + timedelta(days=9)).state == State.UNKNOWN

    def test_mail_that_needs_no_consent_is_sent_once_more_with_the_same_message_id(self) -> None:
        send = transactional()
        lost = make_message(send)
        fail(lost, "lost", error=OutcomeUnknown)
        message = run_at(send, AT)
        assert message.state == State.DEFERRED
        assert "sent once more" in explain(message)
        name = _sent_name(lost)
        MemoryChannel.failures.clear()
        assert message.next_attempt_at
        message = run_at(send, message.next_attempt_at)
        assert message.state == State.ACCEPTED
        assert name in MemoryChannel.outbox[0].content

    def test_and_only_once_more(self) -> None:
        send = transactional()
        fail(make_message(send), "lost", error=OutcomeUnknown)
        message = run_at(send, AT)
        assert message.next_attempt_at
        assert run_at(send, message.next_attempt_at).state == State.UNKNOWN

    def test_a_worker_that_died_leaves_it_to_be_repeated_as_well(self) -> None:
        died = {"state": State.HANDOFF, "attempt_count": 1, "handed_off_at": AT, "lease_expires_at": AT}
        transactional_message = make_message(transactional(), **died)
        marketing_message = make_message(make_send(), **died)
        test_message = make_message(make_send(topic=None, is_test=True), **died)
        services.sweep(AT + timedelta(minutes=6))
        for message in (transactional_message, marketing_message, test_message):
            message.refresh_from_db()
        assert (transactional_message.state, transactional_message.first_failed_at) == (State.DEFERRED, AT)
        assert (marketing_message.state, test_message.state) == (State.UNKNOWN, State.UNKNOWN)
        assert marketing_message.reply_class == ReplyClass.UNKNOWN

    def test_a_provider_that_knows_repetitions_gets_marketing_mail_again_while_it_does(
        self, repeating_channel: None
    ) -> None:
        send = make_send()
        fail(make_message(send), "lost", error=OutcomeUnknown)
        message, last = run_at(send, AT), AT
        while message.state == State.DEFERRED:
            assert message.next_attempt_at
            last = message.next_attempt_at
            message = run_at(send, last)
        assert (message.state, message.attempt_count > 4) == (State.UNKNOWN, True)
        assert last <= AT + timedelta(days=1) - timedelta(seconds=options().lease_seconds)

    def test_and_so_does_what_a_worker_left_that_died(self, repeating_channel: None) -> None:
        died = {"state": State.HANDOFF, "attempt_count": 1, "handed_off_at": AT, "lease_expires_at": AT}
        fresh = make_message(make_send(), **died)
        old = make_message(make_send(), **{**died, "handed_off_at": AT - timedelta(days=2)})
        services.sweep(AT + timedelta(minutes=6))
        fresh.refresh_from_db()
        old.refresh_from_db()
        assert (fresh.state, old.state) == (State.DEFERRED, State.UNKNOWN)


def _sent_name(message: OutboxMessage) -> bytes:
    return make_message_id(message.pk, message.send.from_address).encode()


def test_the_reader_of_a_message_is_asked_for_consent_again_before_each_try() -> None:
    send = make_send()
    reader = make_reader(send)
    fail(make_message(send, reader), "451 later")
    message = run_at(send, AT)
    reader.consents.all().delete()
    MemoryChannel.failures.clear()
    assert message.next_attempt_at
    assert run_at(send, message.next_attempt_at).state == State.SKIPPED
