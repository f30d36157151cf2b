"""Claiming messages, and writing what became of them."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories.delivery import make_message, make_messages, make_reader, make_send
from tests.rows import analyze
from wagtail_precise_mail.delivery import claims, handoffs
from wagtail_precise_mail.delivery.claims import Claim, Result
from wagtail_precise_mail.delivery.contents import content_of
from wagtail_precise_mail.delivery.handoffs import Handoff
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.readers import Reader

State = OutboxMessage.State

pytestmark = pytest.mark.django_db


def claim(send: Send, limit: int = 10) -> Claim:
    return claims.claim(send.pk, token=uuid4(), limit=limit, at=timezone.now())


def test_two_claims_share_no_message() -> None:
    send = make_send()
    make_messages(send, 5)
    first, second = claim(send, 3), claim(send, 3)
    assert [len(first.messages), len(second.messages)] == [3, 2]
    assert not {message.pk for message in first.messages} & {message.pk for message in second.messages}


def test_messages_are_claimed_by_priority_and_then_in_their_order() -> None:
    send = make_send()
    late = make_message(send, priority=20)
    early, next_one = make_messages(send, 2)
    assert [message.pk for message in claim(send).messages] == [early.pk, next_one.pk, late.pk]


@pytest.mark.parametrize("state", [Send.State.FREEZING, Send.State.PAUSED, Send.State.CANCELLED, Send.State.FINISHED])
def test_nothing_is_claimed_of_a_send_that_does_not_run(state: str) -> None:
    send = make_send(state=state)
    make_message(send)
    assert claim(send).messages == []


def test_a_claim_has_a_lease_and_a_token() -> None:
    send = make_send()
    make_message(send)
    claimed = claim(send)
    message = claimed.messages[0]
    assert (message.state, message.claim_token, message.attempt_count) == (State.CLAIMED, claimed.token, 0)
    assert message.lease_expires_at > timezone.now() + timedelta(seconds=290)


def test_the_attempt_is_counted_before_it_is_made() -> None:
    send = make_send()
    make_message(send)
    claimed = claim(send)
    handoffs.hand_off(claimed, Handoff(claimed.messages), at=timezone.now())[0]
    message = send.messages.get()
    assert (message.state, message.attempt_count) == (State.HANDOFF, 1)


def test_what_somebody_else_took_is_not_handed_off() -> None:
    send = make_send()
    mine, taken = make_messages(send, 2)
    claimed = claim(send)
    OutboxMessage.objects.filter(pk=taken.pk).update(claim_token=uuid4())
    assert handoffs.hand_off(claimed, Handoff(claimed.messages), at=timezone.now())[0] == [mine]


def test_a_paused_send_hands_nothing_off() -> None:
    send = make_send()
    make_message(send)
    claimed = claim(send)
    Send.objects.update(state=Send.State.PAUSED)
    assert handoffs.hand_off(claimed, Handoff(claimed.messages), at=timezone.now())[0] == []


def test_results_of_a_batch_are_written_together_and_counted() -> None:
    send = make_send()
    make_messages(send, 3)
    claimed, now = claim(send), timezone.now()
    handoffs.hand_off(claimed, Handoff(claimed.messages), at=now)[0]
    first, second, _third = claimed.messages
    results = [
        Result(first, State.ACCEPTED, "250 ok\x00", "Q1", finished_at=now),
        Result(second, State.DEFERRED, "451 " + "x" * 600, next_attempt_at=now + timedelta(hours=1)),
    ]
    assert handoffs.record(claimed, results) == 2
    fields = ("state", "reply", "provider_id", "next_attempt_at", "finished_at", "claim_token")
    assert list(send.messages.order_by("pk").values_list(*fields)) == [
        (State.ACCEPTED, "250 ok", "Q1", None, now, None),
        (State.DEFERRED, "451 " + "x" * 496, "", now + timedelta(hours=1), None, None),
        (State.HANDOFF, "", "", None, None, claimed.token),
    ]


def test_what_became_of_some_is_written_with_the_handoff_of_others() -> None:
    send = make_send()
    make_messages(send, 4)
    claimed, now = claim(send), timezone.now()
    first, stolen, third, fourth = claimed.messages
    handoffs.hand_off(claimed, Handoff([first, stolen]), at=now)
    OutboxMessage.objects.filter(pk=stolen.pk).update(claim_token=uuid4())
    results = [Result(first, State.ACCEPTED, finished_at=now), Result(stolen, State.ACCEPTED, finished_at=now)]
    readers = {third.pk: Reader({"contact.first_name": "Ann"}), fourth.pk: Reader({"contact.first_name": "Bo"})}
    kept, written = handoffs.hand_off(claimed, Handoff([third, fourth], readers), at=now, results=results)
    assert (kept, written) == ([third, fourth], 1)
    assert list(send.messages.order_by("pk").values_list("state", flat=True)) == [State.ACCEPTED] + [State.HANDOFF] * 3
    assert [content_of(message) for message in (third, fourth)] == list(readers.values())


def test_what_became_of_some_is_written_where_no_other_may_leave() -> None:
    send = make_send()
    make_messages(send, 2)
    claimed, now = claim(send), timezone.now()
    first, second = claimed.messages
    handoffs.hand_off(claimed, Handoff([first]), at=now)
    Send.objects.update(state=Send.State.PAUSED)
    results = [Result(first, State.DEFERRED, "451 later", next_attempt_at=now + timedelta(hours=1), failed_at=now)]
    assert handoffs.hand_off(claimed, Handoff([second]), at=now, results=results) == ([], 1)
    first.refresh_from_db()
    assert (first.state, first.reply, first.first_failed_at) == (State.DEFERRED, "451 later", now)


def test_a_worker_that_lost_its_lease_cannot_write_a_result() -> None:
    send = make_send()
    make_message(send)
    claimed = claim(send)
    handoffs.hand_off(claimed, Handoff(claimed.messages), at=timezone.now())[0]
    OutboxMessage.objects.update(state=State.UNKNOWN, claim_token=None)
    assert handoffs.record(claimed, [Result(claimed.messages[0], State.ACCEPTED)]) == 0
    assert send.messages.get().state == State.UNKNOWN


def test_a_worker_that_lost_its_claim_can_neither_skip_nor_release() -> None:
    send = make_send()
    make_message(send)
    claimed = claim(send)
    other = uuid4()
    OutboxMessage.objects.update(claim_token=other)
    assert claims.skip(claimed, claimed.messages, "expired", at=timezone.now()) == 0
    assert claims.release(claimed) == 0
    assert claims.take_back(claimed, claimed.messages) == 0
    assert send.messages.get().claim_token == other


def test_taking_back_forgets_the_attempt() -> None:
    send = make_send()
    make_message(send)
    claimed = claim(send)
    handoffs.hand_off(claimed, Handoff(claimed.messages), at=timezone.now())[0]
    claims.take_back(claimed, claimed.messages)
    message = send.messages.get()
    assert (message.state, message.attempt_count, message.handed_off_at) == (State.PENDING, 0, None)


def test_one_address_cannot_be_in_a_send_twice() -> None:
    from django.db import IntegrityError

    send = make_send()
    contact = make_reader(send)
    make_message(send, contact)
    with pytest.raises(IntegrityError):
        make_message(send, contact)


@pytest.mark.parametrize("statistics", ["fresh", "stale", "none"])
def test_claiming_walks_the_partial_index_only(statistics: str) -> None:
    """Without it, claims slow down with every finished row: from 6,000 to 515 mails a second after 200,000 of them."""
    send = make_send()
    _many_messages(send)
    make_messages(send, 3)
    with connection.cursor() as cursor:
        if statistics == "stale":
            analyze()
        _many_messages(send, state=State.PENDING)
        if statistics == "fresh":
            analyze()
        # It claims, and sets what a claim sets; that holds to the end of the transaction, so for the next line, too.
        assert len(claim(send, 5).messages) == 5
        sql, parameters = claims.claim_sql(send.pk, token=uuid4(), limit=50, at=timezone.now())
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + sql, parameters)
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert "wpm_message_pending" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
    assert "Seq Scan on wagtail_precise_mail_outboxmessage" not in plan
    assert "SCAN wagtail_precise_mail_outboxmessage" not in plan


def _many_messages(send: Send, state: str = State.ACCEPTED) -> None:
    now = timezone.now()
    OutboxMessage.objects.bulk_create(
        OutboxMessage(send=send, address="a@example.com", recipient_key=f"{state}{number}", state=state, created_at=now)
        for number in range(3000)
    )
