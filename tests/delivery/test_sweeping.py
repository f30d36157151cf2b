"""The sweeper, and the moves of sends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from tests.factories.delivery import make_message, make_messages, make_send
from wagtail_precise_mail.delivery import services, tasks
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.signals import send_finished, send_paused
from wagtail_precise_mail.exceptions import InvalidAddress, InvalidTransition, OutcomeUnknown, SendRefused

State = OutboxMessage.State

pytestmark = pytest.mark.django_db


def lease(seconds: int, state: str) -> dict[str, Any]:
    return {"state": state, "claim_token": uuid4(), "lease_expires_at": timezone.now() + timedelta(seconds=seconds)}


def test_an_expired_claim_waits_again_and_an_expired_handoff_is_unknown() -> None:
    send = make_send()
    claimed, handoff = make_message(send, **lease(-1, "claimed")), make_message(send, **lease(-1, "handoff"))
    swept = services.sweep()
    claimed.refresh_from_db()
    handoff.refresh_from_db()
    assert (claimed.state, claimed.claim_token) == (State.PENDING, None)
    assert (handoff.state, handoff.claim_token) == (State.UNKNOWN, None)
    assert handoff.finished_at is not None
    assert (swept.released_count, swept.unknown_count) == (1, 1)


def test_leases_that_hold_are_left_alone() -> None:
    send = make_send()
    make_message(send, **lease(10, "claimed"))
    make_message(send, **lease(10, "handoff"))
    services.sweep()
    assert list(send.messages.order_by("pk").values_list("state", flat=True)) == [State.CLAIMED, State.HANDOFF]


def test_a_send_with_waiting_messages_and_no_worker_is_woken_once(django_capture_on_commit_callbacks: Any) -> None:
    make_message(make_send())
    make_message(make_send(state=Send.State.PAUSED))
    attended = make_send()
    make_message(attended)
    make_message(attended, **lease(299, "claimed"))
    with django_capture_on_commit_callbacks(execute=True):
        assert services.sweep().woken_count == 1
    assert OrmQ.objects.count() == 1


def test_a_dead_worker_does_not_keep_a_send_asleep_until_its_lease_ends() -> None:
    send = make_send()
    make_message(send)
    make_message(send, **lease(299, "claimed"))
    assert services.sweep(timezone.now() + timedelta(seconds=25)).woken_count == 1


def test_the_path_of_the_task_leads_to_the_task() -> None:
    from django.utils.module_loading import import_string

    from wagtail_precise_mail.delivery.crew import DELIVER_SEND

    assert import_string(DELIVER_SEND) is tasks.deliver_send


def test_tasks_are_doors(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    make_message(send)
    tasks.sweep()
    tasks.deliver_send(send.pk)
    assert len(memory_channel.outbox) == 1
    tasks.deliver_send(123_456)


def test_a_running_send_without_open_messages_is_finished_and_announced(
    django_capture_on_commit_callbacks: Any,
) -> None:
    heard = []
    send_finished.connect(lambda send, **_rest: heard.append(send), weak=False, dispatch_uid="test")
    send = make_send()
    make_message(send, state=State.ACCEPTED)
    with django_capture_on_commit_callbacks(execute=True):
        services.sweep()
        services.sweep()
    send_finished.disconnect(dispatch_uid="test")
    assert heard == [send]
    assert heard[0].state == Send.State.FINISHED


@pytest.mark.parametrize("state", OutboxMessage.OPEN_STATES)
def test_a_send_with_an_open_message_is_not_finished(state: str) -> None:
    send = make_send()
    make_message(send, state=state, lease_expires_at=timezone.now() + timedelta(seconds=99))
    services.sweep()
    send.refresh_from_db()
    assert send.state == Send.State.RUNNING


def test_pausing_is_announced_with_its_reason_and_resuming_wakes_a_worker(
    django_capture_on_commit_callbacks: Any,
) -> None:
    heard = []
    send_paused.connect(lambda send, reason, **_rest: heard.append((send, reason)), weak=False, dispatch_uid="test")
    send = make_send()
    with django_capture_on_commit_callbacks(execute=True):
        services.pause(send, reason="wrong price")
        assert (send.state, send.pause_reason) == (Send.State.PAUSED, "wrong price")
        services.resume(send)
    send_paused.disconnect(dispatch_uid="test")
    assert heard == [(send, "wrong price")]
    assert (send.state, send.pause_reason) == (Send.State.RUNNING, "")
    assert OrmQ.objects.count() == 1


def test_a_send_paused_while_freezing_goes_on_freezing() -> None:
    send = make_send(state=Send.State.FREEZING, frozen_at=None)
    services.pause(send, reason="stop")
    services.resume(send)
    assert send.state == Send.State.FREEZING


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        ("finished", "pause"),
        ("cancelled", "pause"),
        ("paused", "pause"),
        ("running", "resume"),
        ("finished", "resume"),
        ("finished", "cancel"),
        ("cancelled", "cancel"),
    ],
)
def test_moves_that_the_state_does_not_allow_are_refused(state: str, verb: str) -> None:
    send = make_send(state=state)
    with pytest.raises(InvalidTransition):
        services.pause(send, reason="x") if verb == "pause" else getattr(services, verb)(send)
    send.refresh_from_db()
    assert send.state == state


def test_cancelling_ends_what_waits_and_leaves_what_is_on_its_way() -> None:
    send = make_send()
    for state in (State.PENDING, State.CLAIMED, State.DEFERRED, State.HANDOFF, State.ACCEPTED):
        make_message(send, state=state)
    services.cancel(send)
    assert list(send.messages.order_by("pk").values_list("state", flat=True)) == [State.CANCELLED] * 3 + [
        State.HANDOFF,
        State.ACCEPTED,
    ]


@pytest.mark.parametrize("state", [State.PENDING, State.DEFERRED])
def test_what_a_worker_put_back_after_the_cancelling_is_cancelled_too(state: str) -> None:
    send = make_send(state=Send.State.CANCELLED)
    make_message(send, state=state, next_attempt_at=timezone.now() + timedelta(hours=1))
    services.sweep()
    assert send.messages.get().state == State.CANCELLED


def test_unknown_messages_are_sent_again_only_when_somebody_says_so(
    memory_channel: type[MemoryChannel], admin_user: Any
) -> None:
    from wagtail.models import ModelLogEntry

    send = make_send()
    message, other = make_messages(send, 2)
    memory_channel.failures[message.address] = OutcomeUnknown("lost")
    services.deliver(send.pk)
    first_id = other_id = None
    memory_channel.failures.clear()
    other_id = memory_channel.outbox[0].content.split(b"Message-ID: ")[1].split(b"\r\n")[0]
    assert services.resend_unknown(send, by=admin_user) == 1
    services.deliver(send.pk)
    first_id = memory_channel.outbox[1].content.split(b"Message-ID: ")[1].split(b"\r\n")[0]
    from wagtail_precise_mail.delivery.mime import make_message_id

    assert (first_id.decode(), other_id.decode()) == (
        make_message_id(message.pk, "shop@example.com"),
        make_message_id(other.pk, "shop@example.com"),
    )
    send.refresh_from_db()
    assert send.state == Send.State.FINISHED
    entry = ModelLogEntry.objects.get(action="wagtail_precise_mail.resend_unknown")
    assert (entry.user, entry.data) == (admin_user, {"count": 1})


def test_nothing_unknown_means_nothing_to_send_again() -> None:
    send = make_send(state=Send.State.FINISHED)
    make_message(send, state=State.ACCEPTED)
    assert services.resend_unknown(send, by=None) == 0
    send.refresh_from_db()
    assert send.state == Send.State.FINISHED


def test_a_cancelled_send_sends_nothing_again() -> None:
    send = make_send(state=Send.State.CANCELLED)
    make_message(send, state=State.UNKNOWN)
    with pytest.raises(InvalidTransition):
        services.resend_unknown(send, by=None)


class TestTests:
    """Test mails go the way of all mail."""

    def send_test(self, address: str = "Colleague@Example.com", **overrides: Any) -> OutboxMessage:
        from tests.factories.delivery import make_compiled

        values = {"from_address": "shop@example.com", "base_url": "https://shop.example.com", **overrides}
        return services.send_test(make_compiled(), address, **values)

    def test_a_test_is_sent_without_consent_tracking_or_a_contact(self, memory_channel: type[MemoryChannel]) -> None:
        message = self.send_test()
        services.deliver(message.send_id)
        content = memory_channel.outbox[0].content.replace(b"=\r\n", b"")
        assert memory_channel.outbox[0].recipient == "colleague@example.com"
        assert b"Subject: [Test] Hello friend\r\n" in content
        assert b"https://shop.example.com/mug/" in content
        assert b"<img" not in content
        message.send.refresh_from_db()
        assert message.send.state == Send.State.FINISHED

    def test_its_unsubscribe_link_unsubscribes_nobody(self, memory_channel: type[MemoryChannel]) -> None:
        from tests.factories.contacts import make_contact
        from wagtail_precise_mail.contacts.tokens import read_unsubscribe_token

        message = self.send_test(contact=make_contact(first_name="Ada"))
        services.deliver(message.send_id)
        content = memory_channel.outbox[0].content
        token = content.split(b"/mail/unsubscribe/")[1].split(b"/")[0].decode()
        assert b"Subject: [Test] Hello Ada" in content
        assert read_unsubscribe_token(token) == (0, message.pk)

    def test_an_unsubscribed_colleague_gets_it_all_the_same(self, memory_channel: type[MemoryChannel]) -> None:
        from wagtail_precise_mail.contacts.services import suppress

        suppress("colleague@example.com", reason="unsubscribed")
        services.deliver(self.send_test().send_id)
        assert len(memory_channel.outbox) == 1

    def test_an_address_that_does_not_exist_is_refused(self) -> None:
        from wagtail_precise_mail.contacts.services import suppress

        suppress("colleague@example.com", reason="hard_bounce")
        with pytest.raises(SendRefused) as caught:
            self.send_test()
        assert caught.value.reason == OutboxMessage.SkipReason.SUPPRESSED
        assert not Send.objects.exists()

    def test_nonsense_is_no_address(self) -> None:
        with pytest.raises(InvalidAddress):
            self.send_test("nobody at example\r\nBcc: all@example.com")
