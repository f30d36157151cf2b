"""Whether a message that was not accepted is tried again, and when.

Each class of reply has a window, counted from the first failure of the message. Within it the waits double from
``retry_seconds`` on, each spread by a quarter to both sides, so that what failed together does not come back together;
the last try is at the end of the window, and after that the message is rejected.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.claims import Result
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.replies import ReplyClass, read
from wagtail_precise_mail.exceptions import DeliveryError, OutcomeUnknown, PermanentDeliveryError

State = OutboxMessage.State

WINDOWS: dict[str, timedelta] = {
    ReplyClass.TEMPORARY: timedelta(hours=48),  # greylists take minutes, full mailboxes and broken servers days
    ReplyClass.THROTTLED: timedelta(hours=24),  # daily limits begin anew
    ReplyClass.CONNECTION: timedelta(hours=24),
    ReplyClass.BLOCKED: timedelta(hours=12),  # a listing takes half a day to go, and then it needs people
    ReplyClass.CONTENT: timedelta(hours=4),  # NetEase asks to repeat what looks like spam; few others do
    ReplyClass.AUTH: timedelta(hours=4),
    ReplyClass.ADDRESS: timedelta(hours=4),
    ReplyClass.UNKNOWN: timedelta(hours=4),
}
"""For how long a message is tried again after its first failure; the option ``retry_hours`` replaces single ones."""

_LONGEST_WAIT = timedelta(hours=4)
_SPREAD = 0.25


@dataclass(frozen=True)
class Circumstances:
    """What else decides.

    Attributes:
        send: that the messages belong to.
        idempotency_seconds: for how long the channel's provider knows a repetition by its reference; 0 never.
    """

    send: Send
    idempotency_seconds: int = 0


def result_of(message: OutboxMessage, error: DeliveryError, around: Circumstances, *, at: datetime) -> Result:
    """Return what becomes of a message after a failed attempt, which is counted in it already.

    A 5xx is final, but for those that say "too fast": QQ and others use it where they mean "later".
    """
    reply = error.reply or str(error)
    if isinstance(error, OutcomeUnknown):
        return unknown_result(message, around, reply=reply, at=at)
    reply_class = ReplyClass(error.reply_class or read(reply, error.code).reply_class)
    if isinstance(error, PermanentDeliveryError) and reply_class != ReplyClass.THROTTLED:
        return Result(message, State.REJECTED, reply, finished_at=at, reply_class=reply_class, failed_at=at)
    return _try_later(message, reply, reply_class, at)


def unknown_result(message: OutboxMessage, around: Circumstances, *, reply: str, at: datetime) -> Result:
    """Return what becomes of a message of which nobody knows whether it was accepted.

    It is repeated, always with the same Message-ID, where the provider knows a repetition by its key, and where a
    second copy is better than none: mail that needs no consent, such as a confirmation. Other mail stays unknown.
    """
    next_at = repetition_of(message, around, at=at)
    if next_at is None:
        return Result(message, State.UNKNOWN, reply, finished_at=at, reply_class=ReplyClass.UNKNOWN)
    return Result(message, State.DEFERRED, reply, next_attempt_at=next_at, reply_class=ReplyClass.UNKNOWN, failed_at=at)


def repetition_of(message: OutboxMessage, around: Circumstances, *, at: datetime) -> datetime | None:
    """Return when a message of unknown outcome is sent once more, or None when it is not."""
    first = message.first_failed_at or at
    next_at = at + wait_after(message)
    # The key counts from the attempt on, which lies before the failure: by the time of a lease at the most.
    key_ends_at = first + timedelta(seconds=around.idempotency_seconds - options().lease_seconds)
    if next_at <= key_ends_at:
        return next_at
    is_allowed = not around.send.is_marketing and not around.send.is_test
    return next_at if is_allowed and message.attempt_count <= options().unknown_retries else None


def wait_after(message: OutboxMessage) -> timedelta:
    """Return how long to wait after the last attempt at a message: the same each time it is asked."""
    doubled = timedelta(seconds=options().retry_seconds) * 2 ** min(max(message.attempt_count - 1, 0), 20)
    # Not for secrets; seeded, so that a wait can be explained afterwards.
    chance = random.Random(f"{message.pk}:{message.attempt_count}").random()  # noqa: S311
    return min(doubled, _LONGEST_WAIT) * (1 + _SPREAD * (2 * chance - 1))


def window_of(reply_class: str) -> timedelta:
    """Return for how long messages with such a reply are tried again."""
    hours = options().retry_hours.get(reply_class)
    return WINDOWS[reply_class] if hours is None else timedelta(hours=hours)


def _try_later(message: OutboxMessage, reply: str, reply_class: ReplyClass, at: datetime) -> Result:
    ends_at = (message.first_failed_at or at) + window_of(reply_class)
    if at >= ends_at:
        return Result(message, State.REJECTED, reply, finished_at=at, reply_class=reply_class, failed_at=at)
    next_at = min(at + wait_after(message), ends_at)
    return Result(message, State.DEFERRED, reply, next_attempt_at=next_at, reply_class=reply_class, failed_at=at)
