"""Announcing movements: who went from one place on an axis to another, in batches, and at least once.

What a run has to say is kept in its own transaction (:class:`.MovementNotice`), said after its commit, and forgotten
when all is said. What a process that died left unsaid is said by the next call of :func:`announce_left`.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Max, QuerySet
from django.dispatch import Signal
from django.utils import timezone

from wagtail_precise_mail.segments.movements import Movement
from wagtail_precise_mail.segments.notices import MovementNotice

BATCH = 1000
READ = 10_000
"""Movements read at once, after each of which the place is kept."""

ABANDONED_AFTER = timedelta(minutes=5)
"""How long nobody worked on a notice before another process takes it up."""

contacts_moved = Signal()
"""Some contacts moved alike; sent after commit, with the sender ``Movement``, up to 1,000 contacts at a time.

Arguments: ``axis``, ``before`` and ``after`` as in ``Movement``, ``contact_ids`` (a list), ``at``. A movement is
announced at least once; after a crash it may come twice, and a listener must not mind. One that raises is logged, and
keeps no other from hearing.
"""


def last_movement_id() -> int:
    """Return the id of the newest movement: what comes after it is new."""
    return Movement.objects.aggregate(last=Max("pk"))["last"] or 0


def announce_after_commit(axes: Iterable[str], *, since_id: int, at: datetime) -> None:
    """Send ``contacts_moved`` for the movements of a run, once it is committed. Call it within its transaction."""
    keys = list(axes)
    if not _moves(keys, since_id, at).exists():
        return
    notice = MovementNotice.objects.create(axes=keys, moved_at=at, cursor=since_id, touched_at=timezone.now())
    transaction.on_commit(partial(_announce, notice))


def announce_left(*, at: datetime | None = None, seconds: float | None = None) -> int:
    """Announce what was left unsaid; return how many notices are done.

    Args:
        seconds: after how long to leave the rest for the next call; None does all.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    done = 0
    for notice in MovementNotice.objects.filter(touched_at__lt=(at or timezone.now()) - ABANDONED_AFTER).order_by("pk"):
        if _announce(notice, deadline=deadline):
            done += 1
        if deadline is not None and time.monotonic() >= deadline:
            break
    return done


def _moves(axes: list[str], since_id: int, at: datetime) -> QuerySet[Movement]:
    return Movement.objects.filter(pk__gt=since_id, axis__in=axes, moved_at=at)


def _announce(notice: MovementNotice, *, deadline: float | None = None) -> bool:
    """Say what a notice has to say; return whether all is said. Stops where another process is at it, too."""
    own = MovementNotice.objects.filter(pk=notice.pk)
    while True:
        rows = _moves(notice.axes, notice.cursor, notice.moved_at).order_by("pk")
        chunk = list(rows.values_list("pk", "axis", "before", "after", "contact_id")[:READ])
        if not chunk:
            own.delete()
            return True
        _send(chunk, notice.moved_at)
        cursor, notice.cursor = notice.cursor, chunk[-1][0]
        if not own.filter(cursor=cursor).update(cursor=notice.cursor, touched_at=timezone.now()):
            return False
        if deadline is not None and time.monotonic() >= deadline:
            return False


def _send(chunk: list[tuple[int, str, str, str, int]], at: datetime) -> None:
    ways: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for _pk, axis, before, after, contact_id in chunk:
        ways[axis, before, after].append(contact_id)
    for (axis, before, after), ids in sorted(ways.items()):
        for start in range(0, len(ids), BATCH):
            said = {"axis": axis, "before": before, "after": after, "contact_ids": ids[start : start + BATCH]}
            contacts_moved.send_robust(Movement, **said, at=at)  # Django logs what a listener raises
