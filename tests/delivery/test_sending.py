"""Delivering what waits in a send, over a channel in memory."""

from __future__ import annotations

import time
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.delivery import make_compiled, make_message, make_messages, make_reader, make_send
from wagtail_precise_mail.contacts import services as contacts
from wagtail_precise_mail.contacts.models import Contact, Suppression
from wagtail_precise_mail.delivery import claims, crew, sending, services, working
from wagtail_precise_mail.delivery.channels import Channel, Envelope, MemoryChannel, Receipt, channels
from wagtail_precise_mail.delivery.mime import read_message_id
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.processors import MessageProcessor, message_processors
from wagtail_precise_mail.emails.merge_fields import MergeField, contact_fields
from wagtail_precise_mail.exceptions import (
    ChannelUnavailable,
    OutcomeUnknown,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)

State, SkipReason = OutboxMessage.State, OutboxMessage.SkipReason

pytestmark = pytest.mark.django_db


def states(send: Send) -> list[str]:
    return list(send.messages.order_by("pk").values_list("state", flat=True))


@pytest.fixture
def small_batches(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "claim_size": 4, "handoff_size": 2}


class HookedChannel(MemoryChannel):
    """Calls ``hook`` with the number of messages that left before each one."""

    hook: Any = None

    def send(self, envelope: Envelope) -> Receipt:
        receipt = super().send(envelope)
        HookedChannel.hook(len(self.outbox))
        return receipt


@pytest.fixture
def after_each(settings: Settings) -> Any:
    """Run something after each message that leaves."""
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "hooked"}
    with channels.temporarily("hooked", HookedChannel):
        yield lambda hook: setattr(HookedChannel, "hook", staticmethod(hook))


def test_every_pending_message_leaves_once_and_the_send_is_finished(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    messages = make_messages(send, 23)
    services.deliver(send.pk)
    services.deliver(send.pk)
    assert [envelope.recipient for envelope in memory_channel.outbox] == [message.address for message in messages]
    send.refresh_from_db()
    assert send.state == Send.State.FINISHED
    assert set(states(send)) == {State.ACCEPTED}


def test_an_accepted_message_knows_when_and_what_the_server_said() -> None:
    send = make_send()
    make_message(send)
    services.deliver(send.pk)
    message = send.messages.get()
    assert message.reply == "250 kept in memory"
    assert message.handed_off_at <= message.finished_at
    assert (message.attempt_count, message.claim_token, message.lease_expires_at) == (1, None, None)


def test_two_copies_of_the_task_send_nothing_twice(memory_channel: type[MemoryChannel], after_each: Any) -> None:
    send = make_send()
    make_messages(send, 9)
    after_each(lambda count: services.deliver(send.pk) if count == 2 else None)
    services.deliver(send.pk)
    recipients = [envelope.recipient for envelope in memory_channel.outbox]
    assert len(recipients) == len(set(recipients)) == 9


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_stopping_is_noticed_within_one_handoff_batch(
    memory_channel: type[MemoryChannel], after_each: Any, verb: str
) -> None:
    send = make_send()
    make_messages(send, 10)
    stop = {"pause": lambda: services.pause(send, reason="stop"), "cancel": lambda: services.cancel(send)}[verb]
    after_each(lambda count: stop() if count == 3 else None)
    services.deliver(send.pk)
    assert len(memory_channel.outbox) == 4
    rest = State.PENDING if verb == "pause" else State.CANCELLED
    assert states(send) == [State.ACCEPTED] * 4 + [rest] * 6


@pytest.mark.usefixtures("small_batches")
def test_what_a_stopped_worker_had_claimed_waits_again_at_once(after_each: Any) -> None:
    send = make_send()
    make_messages(send, 6)
    after_each(lambda count: services.pause(send, reason="stop") if count == 1 else None)
    services.deliver(send.pk)
    assert states(send) == [State.ACCEPTED] * 2 + [State.PENDING] * 4


@pytest.mark.usefixtures("small_batches")
def test_whoever_unsubscribes_in_mid_send_gets_nothing_after_the_next_handoff_batch(
    memory_channel: type[MemoryChannel], after_each: Any
) -> None:
    send = make_send()
    readers = [make_reader(send) for _number in range(6)]
    for reader in readers:
        make_message(send, reader)
    after_each(lambda count: contacts.unsubscribe(readers[3]) if count == 1 else None)
    services.deliver(send.pk)
    assert readers[3].email not in [envelope.recipient for envelope in memory_channel.outbox]
    assert send.messages.get(contact=readers[3]).skip_reason == SkipReason.UNSUBSCRIBED


def test_what_changed_since_the_freeze_is_respected() -> None:
    send = make_send(send_before=timezone.now() + timedelta(hours=1))
    reader, bounced, left, gone = (make_reader(send) for _number in range(4))
    for contact in (reader, bounced, left, gone):
        make_message(send, contact)
    make_message(send, make_contact())
    contacts.suppress(bounced.email, reason="hard_bounce")
    contacts.withdraw(left, send.topic, source="page")
    gone.delete()
    services.deliver(send.pk)
    assert list(send.messages.order_by("pk").values_list("skip_reason", flat=True)) == [
        "",
        SkipReason.SUPPRESSED,
        SkipReason.UNSUBSCRIBED,
        SkipReason.ERASED,
        SkipReason.NO_CONSENT,
    ]


def test_a_contact_whose_new_address_is_suppressed_gets_nothing_at_the_old_one_either() -> None:
    send = make_send()
    reader = make_reader(send)
    make_message(send, reader)
    reader.email = "new@example.com"
    reader.save()
    contacts.suppress("new@example.com", reason="complaint")
    services.deliver(send.pk)
    assert send.messages.get().skip_reason == SkipReason.SUPPRESSED


def test_a_message_past_its_last_moment_is_skipped_not_sent_late(memory_channel: type[MemoryChannel]) -> None:
    send = make_send(send_before=timezone.now() - timedelta(minutes=1))
    make_message(send)
    services.deliver(send.pk)
    assert send.messages.get().skip_reason == SkipReason.EXPIRED
    assert memory_channel.outbox == []


def test_one_refused_recipient_stops_nobody_else(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    messages = make_messages(send, 3)
    memory_channel.failures[messages[1].address] = PermanentDeliveryError("no", reply="550 5.7.1 spam", code=550)
    services.deliver(send.pk)
    assert states(send) == [State.ACCEPTED, State.REJECTED, State.ACCEPTED]
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.1 user unknown",
        "550 No such user here",
        "550-5.1.1 The account does not exist",
        "551 mailbox unavailable",
    ],
)
def test_an_address_that_does_not_exist_is_suppressed(memory_channel: type[MemoryChannel], reply: str) -> None:
    send = make_send()
    message = make_message(send)
    memory_channel.failures[message.address] = PermanentDeliveryError("no", reply=reply, code=550)
    services.deliver(send.pk)
    suppression = Suppression.objects.get(address_hash=message.recipient_key)
    assert (suppression.reason, suppression.detail) == ("hard_bounce", reply)
    assert (suppression.origin_kind, suppression.origin_id) == ("outbox_message", message.pk)


@pytest.mark.parametrize(
    "reply",
    ["550 5.7.1 relaying denied for this user, unknown", "552 5.2.2 mailbox full", "554 5.7.1 spam", "550 blocked"],
)
def test_a_refusal_for_another_reason_does_not_suppress(memory_channel: type[MemoryChannel], reply: str) -> None:
    send = make_send()
    message = make_message(send)
    memory_channel.failures[message.address] = PermanentDeliveryError("no", reply=reply, code=550)
    services.deliver(send.pk)
    assert not Suppression.objects.exists()


def test_a_deferred_message_keeps_the_send_open(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    message = make_message(send)
    memory_channel.failures[message.address] = TemporaryDeliveryError("later", reply="451", code=451)
    services.deliver(send.pk)
    send.refresh_from_db()
    assert send.state == Send.State.RUNNING


def test_a_lost_reply_is_unknown_and_never_sent_again_by_itself(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    message = make_message(send)
    memory_channel.failures[message.address] = OutcomeUnknown("lost")
    services.deliver(send.pk)
    memory_channel.failures.clear()
    services.sweep(timezone.now() + timedelta(days=30))
    services.deliver(send.pk)
    assert states(send) == [State.UNKNOWN]
    assert memory_channel.outbox == []


def test_a_channel_that_is_away_gives_everything_back_and_waits_before_it_pauses(
    memory_channel: type[MemoryChannel],
) -> None:
    send = make_send()
    messages = make_messages(send, 3)
    memory_channel.failures[messages[1].address] = ChannelUnavailable("The mail server x:25 cannot be reached: gone")
    for state in (Send.State.RUNNING, Send.State.RUNNING, Send.State.PAUSED):
        services.deliver(send.pk)
        send.refresh_from_db()
        assert send.state == state
        assert states(send) == [State.ACCEPTED, State.PENDING, State.PENDING]
    assert send.pause_reason.startswith("The mail server x:25 cannot be reached: gone. Nothing is lost")
    assert set(send.messages.values_list("attempt_count", flat=True)) == {0, 1}


def test_a_success_ends_the_count_of_failures(memory_channel: type[MemoryChannel]) -> None:
    send = make_send(failure_count=2, pause_reason="away")
    make_message(send)
    services.deliver(send.pk)
    send.refresh_from_db()
    assert (send.failure_count, send.pause_reason) == (0, "")


def test_refused_credentials_pause_at_once(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    message = make_message(send)
    memory_channel.failures[message.address] = ChannelUnavailable("refuses the password", reply="535", code=535)
    services.deliver(send.pk)
    send.refresh_from_db()
    assert (send.state, states(send)) == (Send.State.PAUSED, [State.PENDING])


def test_many_refusals_pause_before_the_whole_list_is_burnt(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    for message in make_messages(send, 70):
        memory_channel.failures[message.address] = PermanentDeliveryError("no", reply="550 5.7.1 no", code=550)
    services.deliver(send.pk)
    send.refresh_from_db()
    assert send.state == Send.State.PAUSED
    assert "50 of the last 50 messages" in send.pause_reason
    assert states(send).count(State.PENDING) == 20


def test_unknown_outcomes_in_a_row_pause_early(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    for message in make_messages(send, 8):
        memory_channel.failures[message.address] = OutcomeUnknown("lost")
    services.deliver(send.pk)
    send.refresh_from_db()
    assert send.state == Send.State.PAUSED
    assert states(send) == [State.UNKNOWN] * 3 + [State.PENDING] * 5


def test_a_message_that_cannot_be_rendered_is_skipped_alone(memory_channel: type[MemoryChannel]) -> None:
    class Picky(MessageProcessor):
        def html_tail(self, message: OutboxMessage, contact: Any, base_url: str) -> str:
            if contact.first_name == "bad":
                raise ValueError("no tail for you")
            return ""

    send = make_send()
    bad = make_message(send, make_reader(send, first_name="bad"))
    good = make_message(send)
    with message_processors.temporarily("picky", Picky):
        services.deliver(send.pk)
    bad.refresh_from_db()
    assert (bad.state, bad.skip_reason, bad.reply) == (
        State.SKIPPED,
        SkipReason.RENDER_ERROR,
        "ValueError: no tail for you",
    )
    assert [envelope.recipient for envelope in memory_channel.outbox] == [good.address]


def test_an_email_that_fails_for_everybody_pauses_instead_of_skipping_everybody() -> None:
    send = make_send(compiled=make_compiled(html=[{"link": 9}]))
    make_messages(send, 30)
    services.deliver(send.pk)
    send.refresh_from_db()
    assert send.state == Send.State.PAUSED
    assert send.pause_reason.startswith("No message can be rendered")
    assert set(states(send)) == {State.PENDING}


def test_a_compiled_email_of_an_unknown_version_pauses() -> None:
    send = make_send(compiled=make_compiled(version=99))
    make_message(send)
    services.deliver(send.pk)
    send.refresh_from_db()
    assert send.state == Send.State.PAUSED


def test_a_task_out_of_time_gives_back_what_it_has_not_sent_and_asks_for_a_successor(
    memory_channel: type[MemoryChannel], after_each: Any, django_capture_on_commit_callbacks: Any
) -> None:
    send = make_send()
    make_messages(send, 30)
    after_each(lambda count: time.sleep(0.4) if count == 3 else None)
    with django_capture_on_commit_callbacks(execute=True):
        services.deliver(send.pk, seconds=0.3)
    assert len(memory_channel.outbox) == 3
    assert states(send) == [State.ACCEPTED] * 3 + [State.PENDING] * 27
    assert set(send.messages.filter(state=State.PENDING).values_list("attempt_count", flat=True)) == {0}
    assert OrmQ.objects.count() == 1


def test_a_task_out_of_time_asks_for_no_successor_while_another_worker_is_at_it(
    django_capture_on_commit_callbacks: Any,
) -> None:
    send = make_send()
    make_message(send)
    held_by_another(send)
    with django_capture_on_commit_callbacks(execute=True):
        services.deliver(send.pk, seconds=0)
    assert OrmQ.objects.count() == 0


@pytest.mark.parametrize(("others", "successors"), [(1, 1), (2, 0)])
def test_as_many_go_on_as_are_wanted(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch, others: int, successors: int
) -> None:
    monkeypatch.setattr(sending, "crew_size", lambda: 2)
    send = make_send()
    make_message(send)
    for _other in range(others):
        held_by_another(send)
    with django_capture_on_commit_callbacks(execute=True):
        services.deliver(send.pk, seconds=0)
    assert OrmQ.objects.count() == successors


def held_by_another(send: Send) -> None:
    """Let a message be in the hands of another worker."""
    make_message(send, state=State.CLAIMED, claim_token=uuid4(), lease_expires_at=timezone.now() + timedelta(minutes=5))


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages each claim asked for."""
    found: list[int] = []
    claim = claims.claim
    monkeypatch.setattr(
        claims, "claim", lambda *args, limit, **words: found.append(limit) or claim(*args, limit=limit, **words)
    )
    return found


def test_claims_grow_where_all_of_one_leaves_quickly(
    memory_channel: type[MemoryChannel], settings: Settings, monkeypatch: pytest.MonkeyPatch, sizes: list[int]
) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "claim_size": 2, "claim_size_limit": 7}
    send = make_send()
    make_messages(send, 20)
    services.deliver(send.pk, seconds=60)
    assert sizes[:4] == [2, 4, 7, 7]
    monkeypatch.setattr(working, "_LONG_TURN", 0)
    sizes.clear()
    send = make_send()
    make_messages(send, 5)
    services.deliver(send.pk, seconds=60)
    assert set(sizes) == {2}


def test_several_workers_take_less_and_less_towards_the_end(
    memory_channel: type[MemoryChannel], settings: Settings, monkeypatch: pytest.MonkeyPatch, sizes: list[int]
) -> None:
    """Each claim leaves as much for every other worker: none is at work alone for long."""
    monkeypatch.setattr(crew, "crew_size", lambda: 2)
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "claim_size": 2, "claim_size_limit": 16}
    send = make_send()
    make_messages(send, 60)
    services.deliver(send.pk, seconds=60)
    assert sizes[:9] == [2, 4, 8, 11, 8, 6, 5, 4, 3]
    assert set(sizes[9:]) == {2}
    assert len(memory_channel.outbox) == 60


class Interrupted(Channel):
    """The third message meets a timeout of the task queue."""

    count = 0

    def send(self, envelope: Envelope) -> Receipt:
        Interrupted.count += 1
        if Interrupted.count == 3:
            raise SystemExit
        return Receipt("250 ok")


def test_a_worker_stopped_in_mid_message_writes_what_it_knows(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "interrupted"}
    send = make_send()
    make_messages(send, 5)
    with channels.temporarily("interrupted", Interrupted), pytest.raises(SystemExit):
        services.deliver(send.pk)
    assert states(send) == [State.ACCEPTED, State.ACCEPTED, State.HANDOFF, State.PENDING, State.PENDING]


class Buggy(Channel):
    """A channel of somebody else, with a bug."""

    def send(self, envelope: Envelope) -> Receipt:
        raise TypeError("oops")


def test_a_channel_with_a_bug_pauses_with_one_unknown_message(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "buggy"}
    send = make_send()
    make_messages(send, 5)
    with channels.temporarily("buggy", Buggy):
        services.deliver(send.pk)
    send.refresh_from_db()
    assert send.state == Send.State.PAUSED
    assert "oops" in send.pause_reason
    assert states(send) == [State.UNKNOWN] + [State.PENDING] * 4


def test_a_claimed_batch_costs_the_same_number_of_queries_whatever_its_size(settings: Settings) -> None:
    def count_queries(size: int) -> int:
        send = make_send()
        make_messages(send, size)
        with CaptureQueriesContext(connection) as queries:
            services.deliver(send.pk)
        assert states(send) == [State.ACCEPTED] * size
        return len(queries)

    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "claim_size": 50, "handoff_size": 50}
    count_queries(1)  # Wagtail's cache of sites is warm
    assert count_queries(3) == count_queries(40)


def test_a_processor_rewrites_links_and_adds_to_html_and_headers(memory_channel: type[MemoryChannel]) -> None:
    class Marker(MessageProcessor):
        def rewrite_link(self, message: OutboxMessage, contact: Any, link: Any, base_url: str) -> str:
            return f"{base_url}/marked/{link.index}"

        def html_tail(self, message: OutboxMessage, contact: Any, base_url: str) -> str:
            return "<i>tail</i>"

        def headers(self, message: OutboxMessage, contact: Any, base_url: str) -> dict[str, str]:
            return {"Feedback-ID": "7:campaign"}

    send = make_send()
    make_message(send, make_reader(send, is_tracking_allowed=False))
    with message_processors.temporarily("marker", Marker):
        services.deliver(send.pk)
    content = memory_channel.outbox[0].content.replace(b"=\r\n", b"")
    assert b"https://shop.example.com/marked/0" in content
    assert b"<i>tail</i></body>" in content
    assert b"\r\nFeedback-ID: 7:campaign\r\n" in content


def test_a_channel_is_told_which_message_and_send_it_has_in_hand(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    message = make_message(send)
    services.deliver(send.pk)
    [envelope] = memory_channel.outbox
    assert read_message_id(f"<{envelope.reference}@example.com>") == message.pk
    assert (envelope.send_id, envelope.tags) == (send.pk, (f"campaign-{send.origin_id}",))


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("change", ["unsubscribe", "suppress", "pause", "quarantine", "erase", "withdraw"])
def test_what_changes_between_the_look_and_the_handoff_is_respected(
    memory_channel: type[MemoryChannel], after_each: Any, change: str
) -> None:
    """One look serves the whole claim of four, and the second handoff asks again."""
    send = make_send()
    readers = [make_reader(send) for _number in range(4)]
    for reader in readers:
        make_message(send, reader)
    late, address = readers[3], readers[3].email
    changes: dict[str, Any] = {
        "unsubscribe": lambda: contacts.unsubscribe(late),
        "suppress": lambda: contacts.suppress(address, reason="complaint"),
        "pause": lambda: Contact.objects.filter(pk=late.pk).update(paused_until=timezone.now() + timedelta(days=1)),
        "quarantine": lambda: Contact.objects.filter(pk=late.pk).update(quarantined_at=timezone.now()),
        "erase": lambda: Contact.objects.filter(pk=late.pk).delete(),
        "withdraw": lambda: contacts.withdraw(late, send.topic, source="page"),
    }
    after_each(lambda count: changes[change]() if count == 1 else None)
    services.deliver(send.pk)
    assert [envelope.recipient for envelope in memory_channel.outbox] == [one.email for one in readers[:3]]
    reasons = {
        "unsubscribe": SkipReason.UNSUBSCRIBED,
        "suppress": SkipReason.SUPPRESSED,
        "pause": SkipReason.PAUSED,
        "quarantine": SkipReason.QUARANTINED,
        "erase": SkipReason.ERASED,
        "withdraw": SkipReason.UNSUBSCRIBED,
    }
    assert send.messages.order_by("pk").last().skip_reason == reasons[change]


def test_a_suppression_that_is_over_holds_nobody_back(memory_channel: type[MemoryChannel]) -> None:
    """The statement of the handoff is stricter than the gate: the gate has the last word."""
    send = make_send()
    message = make_message(send)
    contacts.suppress(message.address, reason="complaint")
    Suppression.objects.update(expires_at=timezone.now() - timedelta(days=1))
    services.deliver(send.pk)
    assert states(send) == [State.ACCEPTED]


def order_count_email() -> Any:
    hole = {"merge": {"field": "contact.order_count", "filters": [["number"]], "escape": "header"}}
    return make_compiled(subject=["Orders: ", hole])


def subjects(channel: type[MemoryChannel]) -> list[str]:
    return [str(message_from_bytes(envelope.content, policy=policy.default)["Subject"]) for envelope in channel.outbox]


def test_merge_values_are_loaded_for_many_contacts_at_once(memory_channel: type[MemoryChannel]) -> None:
    send = make_send(compiled=order_count_email())
    for number in range(5):
        contact = make_reader(send)
        make_message(send, contact)
        for _order in range(number):
            make_order(contact)
    with CaptureQueriesContext(connection) as queries:
        services.deliver(send.pk)
    assert subjects(memory_channel) == [f"Orders: {number}" for number in range(5)]
    assert sum('FROM "wagtail_precise_mail_order"' in query["sql"] for query in queries) == 1


def test_contact_whose_merge_value_fails_is_skipped_alone(memory_channel: type[MemoryChannel]) -> None:
    def fail_for_ada(contact: Any) -> str:
        if contact.first_name == "Ada":
            raise ValueError("no points")
        return "12"

    hole = {"merge": {"field": "contact.points", "filters": [], "escape": "header"}}
    send = make_send(compiled=make_compiled(subject=["Points: ", hole]))
    make_message(send, make_reader(send, first_name="Ada"))
    make_message(send, make_reader(send, first_name="Bob"))
    with contact_fields.temporarily("points", MergeField("Points", fail_for_ada)):
        services.deliver(send.pk)
    assert states(send) == [State.SKIPPED, State.ACCEPTED]
    assert subjects(memory_channel) == ["Points: 12"]
    assert "no points" in send.messages.get(state=State.SKIPPED).reply
