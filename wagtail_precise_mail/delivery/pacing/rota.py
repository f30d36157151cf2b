"""Whose turn it is: mail about orders and letters before marketing, and equal sends one batch each in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils import timezone

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.delivery.crew import DELIVER_SEND
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.pacing.models import Watch

_WATCH = "turns"
_NAP_SECONDS = 0.5
# What has to wait longer is left to the sweeper, which looks every minute.
_SHORT = timedelta(minutes=1)
# Each mail about an order is a send: of thousands of them, the next ones are enough to know.
_LOOK_AHEAD = 100


class Rota:
    """The sends that one worker serves until its time is up.

    It begins with the send that it was woken for. Before each batch it looks which sends have something to do: a
    mail about an order that comes in meanwhile is next. Where all must wait for tokens, one worker of the house waits
    with them, holding nothing, and looks around twice a second.

    Args:
        first: the send that the worker was woken for; it gets a turn in any case.
        deadline: by ``time.monotonic()``.
        is_stopped: whether the worker was told to end before that.
    """

    def __init__(self, first: Send, deadline: float, *, is_stopped: Callable[[], bool] = lambda: False) -> None:
        self.deadline = deadline
        self.is_stopped = is_stopped
        self._known: dict[int, Send] = {first.pk: first}
        self._turns: dict[int, int] = {}
        self._count = 0
        self._waiting: dict[int, tuple[datetime, str]] = {}
        self._is_watching = False
        self._first = first

    def __iter__(self) -> Iterator[Send]:
        try:
            yield self._first
            while time.monotonic() < self.deadline and not self.is_stopped():
                if send := self._next(timezone.now()):
                    yield send
                elif not self._nap(timezone.now()):
                    return
        finally:
            self._hold(timezone.now())

    def served(self, send: Send, *, has_more: bool, until: datetime | None = None, reason: str = "") -> None:
        """Note how a turn went.

        Args:
            has_more: something was claimed, or must wait.
            until: when to come back, because of ``reason``.
        """
        self._count += 1
        self._turns[send.pk] = self._count
        self._waiting.pop(send.pk, None)
        if until:
            self._waiting[send.pk] = (until, reason)
        elif send.held_by:
            Send.objects.filter(pk=send.pk).update(held_until=None, held_by="")
            send.held_until, send.held_by = None, ""
        if not has_more and not until:
            self._known.pop(send.pk, None)

    def drop(self, send: Send) -> None:
        """Serve a send no more: it was stopped, or it is broken."""
        self._waiting.pop(send.pk, None)
        self._known.pop(send.pk, None)

    def next_one(self) -> Send | None:
        """Return a send that may have more to do at once: the first one, or else whose turn it would be."""
        ready = [send for pk, send in self._known.items() if pk not in self._waiting]
        return min(ready, key=lambda send: (send.pk != self._first.pk, self._rank(send)), default=None)

    def _next(self, at: datetime) -> Send | None:
        due = {pk for pk, (until, _reason) in self._waiting.items() if until <= at}
        blocked = self._waiting.keys() - due
        for send in sends_with_work(at):
            self._known.setdefault(send.pk, send)
        ready = [send for pk, send in self._known.items() if pk not in blocked]
        return min(ready, key=self._rank, default=None)

    def _rank(self, send: Send) -> tuple[bool, int, int, int]:
        return send.is_marketing, send.priority, self._turns.get(send.pk, 0), send.pk

    def _nap(self, at: datetime) -> bool:
        """Wait a little for the next token; returns False when it is too far away, or somebody else waits for it."""
        left = self.deadline - time.monotonic()
        until = min((until for until, _reason in self._waiting.values()), default=None)
        if until is None or (until - at).total_seconds() >= left or not self._watch(at, left):
            return False
        time.sleep(min(_NAP_SECONDS, max(0.01, (until - at).total_seconds())))
        return True

    def _watch(self, at: datetime, seconds: float) -> bool:
        if not self._is_watching:
            Watch.objects.get_or_create(name=_WATCH, defaults={"until": at - _SHORT})
            free = Watch.objects.filter(name=_WATCH, until__lte=at)
            self._is_watching = bool(free.update(until=at + timedelta(seconds=seconds + 1)))
        return self._is_watching

    def _hold(self, at: datetime) -> None:
        """Leave what must wait to a successor or to the sweeper, with the reason for whoever asks."""
        for pk, (until, reason) in self._waiting.items():
            running = Send.objects.filter(pk=pk, state=Send.State.RUNNING)
            running.update(held_until=until if until - at > _SHORT else None, held_by=reason)
        if self._is_watching:
            Watch.objects.filter(name=_WATCH).update(until=at)
            soon = [pk for pk, (until, _reason) in self._waiting.items() if until - at <= _SHORT]
            if soon:  # one successor: it serves all of them
                enqueue(DELIVER_SEND, soon[0])


def sends_with_work(at: datetime) -> list[Send]:
    """Return running sends with messages that nobody holds: one query over two partial indexes."""
    pending = OutboxMessage.objects.filter(send=OuterRef("pk"), state=OutboxMessage.State.PENDING)
    is_free = Q(held_until=None) | Q(held_until__lte=at)
    # Neither the compiled email nor the audience: they are large, and this is asked before each batch.
    sends = Send.objects.defer("audience").filter(is_free, Exists(pending), state=Send.State.RUNNING)
    is_marketing = Case(When(Q(topic__isnull=False) | Q(origin_kind=Send.DIGEST), then=Value(1)), default=Value(0))
    return list(sends.order_by(is_marketing, "priority", "pk")[:_LOOK_AHEAD])
