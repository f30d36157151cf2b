"""How far sends are, how fast they go, when they end: derived from the outbox at every look, never counted apart.

So a figure is as old as the last commit of a worker, which is a handoff batch, and cannot disagree with the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.utils import timezone

from wagtail_precise_mail.delivery.models import OutboxMessage, Send

SPEED_WINDOW = timedelta(minutes=1)
"""The time over which the speed is measured."""

State = OutboxMessage.State
# What a server was asked about, whatever it said; found by the partial index ``wpm_message_settled``.
_HANDED_OVER = [State.ACCEPTED, State.REJECTED, State.UNKNOWN]
_OPEN = [Send.State.FREEZING, Send.State.RUNNING, Send.State.PAUSED]
_RECENTLY = timedelta(hours=1)


@dataclass(frozen=True)
class Pace:
    """How fast a send goes.

    Attributes:
        per_second: messages settled with a server in the last minute, or since the send began if that is shorter.
        expected_end_at: when nothing will be left at this speed; None if it stands still, waits, or is not running.
    """

    per_second: float
    expected_end_at: datetime | None


@dataclass(frozen=True)
class SendStatus:
    """One send at one moment."""

    send_id: int
    origin: str
    state: str
    by_state: Mapping[str, int]
    pace: Pace
    pause_reason: str
    seen_at: datetime

    @property
    def total(self) -> int:
        """Everybody in the audience, mailed or not."""
        return sum(self.by_state.values())

    @property
    def remaining(self) -> int:
        """Messages that still move by themselves."""
        return sum(self.by_state.get(state, 0) for state in OutboxMessage.OPEN_STATES)

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain values; moments in ISO 8601."""
        end = self.pace.expected_end_at
        return {
            "send": self.send_id,
            "origin": self.origin,
            "state": self.state,
            "messages": dict(self.by_state),
            "total": self.total,
            "remaining": self.remaining,
            "per_second": round(self.pace.per_second, 2),
            "expected_end_at": end.isoformat() if end else None,
            "pause_reason": self.pause_reason,
            "seen_at": self.seen_at.isoformat(),
        }


def statuses(*, at: datetime | None = None) -> list[SendStatus]:
    """Return all sends that are under way, and those that ended in the last hour, the latest first; in four queries."""
    at = at or timezone.now()
    shown = Q(state__in=_OPEN) | Q(finished_at__gte=at - _RECENTLY)
    sends = list(Send.objects.filter(shown).order_by("-pk"))
    counts: dict[int, dict[str, int]] = {}
    rows = OutboxMessage.objects.filter(send__in=[send.pk for send in sends]).order_by()
    for send_id, state, count in rows.values_list("send", "state").annotate(count=Count("pk")):
        counts.setdefault(send_id, {})[state] = count
    deferred = rows.filter(state=State.DEFERRED).values_list("send").annotate(last=Max("next_attempt_at"))
    retries: dict[int, datetime | None] = dict(deferred)
    settled = _settled(at)
    return [
        SendStatus(
            send.pk,
            f"{send.origin_kind} {send.origin_id}" if send.origin_id else send.origin_kind,
            send.state,
            counts.get(send.pk, {}),
            _pace(send, _remaining(counts.get(send.pk, {})), settled.get(send.pk, 0), retries.get(send.pk), at),
            send.pause_reason if send.state == Send.State.PAUSED else "",
            at,
        )
        for send in sends
    ]


def pace_of(send: Send, *, remaining: int, at: datetime) -> Pace:
    """Return how fast one send goes, in one query over what was settled in the last minute.

    Args:
        remaining: how many of its messages still move by themselves.
    """
    return _pace(send, remaining, _settled(at).get(send.pk, 0), None, at)


def _settled(at: datetime) -> dict[int, int]:
    """Return how many messages each send settled within the window."""
    recent = OutboxMessage.objects.filter(state__in=_HANDED_OVER, finished_at__gt=at - SPEED_WINDOW)
    return dict(recent.order_by().values_list("send").annotate(count=Count("pk")))


def _remaining(by_state: Mapping[str, int]) -> int:
    return sum(by_state.get(state, 0) for state in OutboxMessage.OPEN_STATES)


def _pace(send: Send, remaining: int, settled: int, last_retry_at: datetime | None, at: datetime) -> Pace:
    seconds = SPEED_WINDOW.total_seconds()
    if send.frozen_at:
        seconds = min(seconds, max(1.0, (at - send.frozen_at).total_seconds()))
    per_second = settled / seconds
    # What left before it had to wait says nothing about the rest.
    is_held = bool(send.held_until and send.held_until > at)
    if send.state != Send.State.RUNNING or is_held or not remaining or not per_second:
        return Pace(per_second, None)
    end = at + timedelta(seconds=remaining / per_second)
    # What a server put off waits for its time, however fast the rest goes.
    return Pace(per_second, max(end, last_retry_at) if last_retry_at else end)
