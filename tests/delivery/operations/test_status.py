"""How fast sends go and when they end, read from the outbox."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories.delivery import make_messages, make_send
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.operations.status import SendStatus, pace_of, statuses

State = OutboxMessage.State

pytestmark = pytest.mark.django_db


def settle(send: Send, count: int, *, at: datetime, state: str = State.ACCEPTED) -> None:
    """Messages that a server answered to at a moment."""
    ids = [message.pk for message in make_messages(send, count)]
    OutboxMessage.objects.filter(pk__in=ids).update(state=state, finished_at=at, handed_off_at=at)


def status_of(send: Send, at: datetime) -> SendStatus:
    return next(one for one in statuses(at=at) if one.send_id == send.pk)


def test_the_speed_is_that_of_the_last_minute() -> None:
    at = timezone.now()
    send = make_send(frozen_at=at - timedelta(hours=1))
    settle(send, 7, at=at - timedelta(seconds=70))
    settle(send, 6, at=at - timedelta(seconds=50))
    settle(send, 3, at=at - timedelta(seconds=1), state=State.REJECTED)
    assert status_of(send, at).pace.per_second == pytest.approx(9 / 60)


def test_a_send_that_just_began_is_measured_from_its_beginning() -> None:
    at = timezone.now()
    send = make_send(frozen_at=at - timedelta(seconds=4))
    settle(send, 8, at=at - timedelta(seconds=1))
    assert status_of(send, at).pace.per_second == pytest.approx(2)


def test_the_end_is_expected_when_all_that_is_left_has_left_at_this_speed() -> None:
    at = timezone.now()
    send = make_send(frozen_at=at - timedelta(hours=1))
    settle(send, 6, at=at)
    make_messages(send, 3)
    status = status_of(send, at)
    assert (status.total, status.remaining) == (9, 3)
    assert status.pace.expected_end_at == at + timedelta(seconds=30)


def test_the_end_is_not_before_the_last_retry() -> None:
    at = timezone.now()
    send = make_send(frozen_at=at - timedelta(hours=1))
    settle(send, 6, at=at)
    put_off = make_messages(send, 1)[0]
    OutboxMessage.objects.filter(pk=put_off.pk).update(state=State.DEFERRED, next_attempt_at=at + timedelta(minutes=20))
    assert status_of(send, at).pace.expected_end_at == at + timedelta(minutes=20)


@pytest.mark.parametrize("state", [Send.State.PAUSED, Send.State.FREEZING])
def test_a_send_that_does_not_run_has_no_expected_end(state: str) -> None:
    at = timezone.now()
    send = make_send(frozen_at=at - timedelta(hours=1), state=state)
    settle(send, 6, at=at)
    make_messages(send, 3)
    assert status_of(send, at).pace.expected_end_at is None


def test_messages_that_were_skipped_do_not_make_it_fast() -> None:
    at = timezone.now()
    send = make_send(frozen_at=at - timedelta(hours=1))
    ids = [message.pk for message in make_messages(send, 5)]
    OutboxMessage.objects.filter(pk__in=ids).update(state=State.SKIPPED, skip_reason="suppressed", finished_at=at)
    assert status_of(send, at).pace.per_second == 0


def test_sends_that_ended_long_ago_are_not_shown() -> None:
    at = timezone.now()
    old = make_send(state=Send.State.FINISHED, finished_at=at - timedelta(hours=2))
    recent = make_send(state=Send.State.FINISHED, finished_at=at - timedelta(minutes=2))
    assert old.pk not in [one.send_id for one in statuses(at=at)]
    assert recent.pk in [one.send_id for one in statuses(at=at)]


def test_many_sends_take_as_many_queries_as_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    at = timezone.now()
    for _number in range(4):
        make_messages(make_send(), 2)
    with django_assert_num_queries(4):
        assert len(statuses(at=at)) == 4


def test_the_figures_are_those_of_the_last_commit() -> None:
    """C177: no counter that lags."""
    send = make_send(frozen_at=timezone.now())
    make_messages(send, 3)
    services.deliver(send.pk)
    status = status_of(send, timezone.now())
    assert (status.by_state, status.remaining) == ({State.ACCEPTED: 3}, 0)
    assert status.pace.per_second > 0


def test_the_speed_is_read_from_the_partial_index() -> None:
    send = make_send()
    make_messages(send, 1)
    since = timezone.now() - timedelta(minutes=1)
    recent = OutboxMessage.objects.filter(
        state__in=[State.ACCEPTED, State.REJECTED, State.UNKNOWN], finished_at__gt=since
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan TO off")
    assert "wpm_message_settled" in recent.order_by().values_list("send").explain()


def test_pace_of_one_send_is_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    send = make_send(frozen_at=timezone.now() - timedelta(minutes=5))
    with django_assert_num_queries(1):
        pace_of(send, remaining=3, at=timezone.now())


def run(*arguments: str, **options: Any) -> str:
    output = StringIO()
    call_command("precise_mail_status", *arguments, stdout=output, **options)
    return output.getvalue()


def test_the_command_says_how_far_each_send_is() -> None:
    send = make_send(frozen_at=timezone.now() - timedelta(hours=1))
    settle(send, 6, at=timezone.now())
    make_messages(send, 3)
    words = run()
    assert f"Send {send.pk} (campaign {send.origin_id}): running, 6 of 9 done" in words
    assert "3 waiting" not in words
    assert "3 pending, 6 accepted" in words
    assert "expected end" in words


def test_the_command_says_so_when_nothing_is_sent() -> None:
    assert "Nothing is being sent" in run()


def test_the_command_names_nobody() -> None:
    send = make_send()
    message = make_messages(send, 1)[0]
    assert message.address not in run() + run("--json")


def test_the_command_speaks_json() -> None:
    send = make_send(state=Send.State.PAUSED, pause_reason="The mail server is away.")
    make_messages(send, 2)
    sends = json.loads(run("--json"))["sends"]
    assert [(one["send"], one["messages"], one["pause_reason"]) for one in sends] == [
        (send.pk, {"pending": 2}, "The mail server is away.")
    ]


def test_looking_without_a_pause_is_refused() -> None:
    with pytest.raises(CommandError, match=r"at least 0\.2 seconds"):
        run("--watch", "0")
