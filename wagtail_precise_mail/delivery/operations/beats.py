"""Signs of life of clusters: each task that runs is one, and where there are none the supervisor asks for them."""

from __future__ import annotations

import logging
import os
import socket
import time
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from wagtail_precise_mail.background import before_each_task, task_timeout_seconds
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.operations.models import WorkerBeat

logger = logging.getLogger(__name__)

BEAT_TASK = "wagtail_precise_mail.delivery.tasks.beat"
CLUSTER_VARIABLE = "PRECISE_MAIL_CLUSTER"
"""The environment variable by which a supervisor tells workers the name of their cluster."""

_FORGET_AFTER = timedelta(days=1)
_written_at: float | None = None


def cluster_name() -> str:
    """Return the name of the cluster that this process is a worker of."""
    return os.environ.get(CLUSTER_VARIABLE) or f"{socket.gethostname()}:{os.getppid()}"


def silence_seconds() -> int:
    """Return after how many seconds without a sign of life a cluster is taken for dead.

    All of its workers may be busy with the longest task that there may be.
    """
    return max(4 * options().heartbeat_seconds, task_timeout_seconds() + options().heartbeat_seconds)


def note(*, at: datetime | None = None) -> None:
    """Write down that this worker's cluster lives; at most a few times in ``heartbeat_seconds``."""
    global _written_at
    now = time.monotonic()
    if _written_at is not None and now - _written_at < options().heartbeat_seconds / 4:
        return
    _written_at = now
    at, name = at or timezone.now(), cluster_name()
    try:
        if not WorkerBeat.objects.filter(name=name).update(beat_at=at):
            WorkerBeat.objects.get_or_create(name=name, defaults={"beat_at": at})
    except DatabaseError:  # the task may need no database; and if it does, it will say so itself
        logger.exception("The sign of life of cluster %s could not be written.", name)


def forget_old(*, at: datetime) -> int:
    """Delete clusters that have not been seen for a day: their machines or processes are gone for good."""
    return WorkerBeat.objects.filter(beat_at__lt=at - _FORGET_AFTER).delete()[0]


def note_restart(name: str, *, at: datetime) -> None:
    """Write down that a cluster was started again because it had died or fallen silent."""
    beat, _created = WorkerBeat.objects.get_or_create(name=name, defaults={"beat_at": at})
    WorkerBeat.objects.filter(pk=beat.pk).update(restart_count=F("restart_count") + 1, restarted_at=at)


def last_beat(name: str) -> datetime | None:
    """Return when a cluster was last seen to run a task."""
    return WorkerBeat.objects.filter(name=name).values_list("beat_at", flat=True).first()


before_each_task(note)
