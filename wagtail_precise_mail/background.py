"""Work behind the scenes: the only module that knows django-q2.

Tasks take ids, are enqueued after commit, and may run twice or never: the truth is always in our own tables, and the
pump (a schedule that runs every minute) wakes whatever a lost task left behind.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connections, router, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule
from django_q.tasks import async_task

logger = logging.getLogger(__name__)

_PREFIX = "precise_mail:"

# A function, or its dotted path where the caller's floor lies below the tasks of its room.
Task = Callable[..., Any] | str


@dataclass(frozen=True)
class Recurring:
    """A task that runs every ``minutes`` minutes under a stable name."""

    name: str
    path: str
    minutes: int = 1


def enqueue(task: Task, *args: int | str) -> None:
    """Run ``task(*args)`` in a worker, once the current transaction has committed.

    A queue that does not answer is logged and otherwise ignored: the pump finds the work in our tables.
    """
    transaction.on_commit(partial(_enqueue_now, _path(task), args))


def _path(task: Task) -> str:
    return task if isinstance(task, str) else f"{task.__module__}.{task.__qualname__}"


def _wake_name(path: str, args: tuple[int | str, ...]) -> str:
    return f"{_PREFIX}{path.rpartition('.')[2]}:{','.join(map(str, args))}"[:100]


def _enqueue_now(path: str, args: tuple[int | str, ...]) -> None:
    try:
        async_task(path, *args, group="precise_mail", task_name=f"{path.rpartition('.')[2]}{args}"[:100])
    except Exception:  # any broker raises its own errors; nothing is lost, the pump wakes the work
        logger.exception("Could not enqueue %s%r; the pump will find the work.", path, args)


def wake_at(moment: datetime, task: Task, *args: int | str) -> None:
    """Run ``task(*args)`` once, soon after ``moment`` (aware); a second call moves the first one.

    The scheduler of django-q2 looks every 30 seconds, and so does this wake that much late at the most.
    """
    path = _path(task)
    import_string(path)  # a bad path here would stop every schedule of the cluster, ours and others'
    Schedule.objects.update_or_create(
        name=_wake_name(path, args),
        defaults={
            "func": path,
            "args": repr(args),
            "schedule_type": Schedule.ONCE,
            # django-q2 deletes a ONCE schedule of negative repeats after its run.
            "repeats": -1,
            "next_run": moment,
        },
    )


def forget_wake(task: Task, *args: int | str) -> None:
    """Take back :func:`wake_at`; nothing happens when there is none."""
    Schedule.objects.filter(name=_wake_name(_path(task), args)).delete()


def is_installed(using: str) -> bool:
    """Whether the tables of the queue are in this database: they may be migrated after ours, or elsewhere."""
    return using == router.db_for_write(Schedule) and Schedule._meta.db_table in _tables(using)


def _tables(using: str) -> list[str]:
    return connections[using].introspection.table_names()


def sync_schedules(recurring: list[Recurring], *, at: datetime | None = None) -> None:
    """Make the stored schedules equal to the declared list, by name."""
    at = at or timezone.now()
    for item in recurring:
        import_string(item.path)  # a bad path here would stop every schedule of the cluster, ours and others'
        schedule, _created = Schedule.objects.get_or_create(
            name=_PREFIX + item.name,
            defaults={"func": item.path, "next_run": at + timedelta(seconds=5)},
        )
        schedule.func = item.path
        schedule.schedule_type = Schedule.MINUTES
        schedule.minutes = item.minutes
        schedule.repeats = -1
        schedule.save()
    names = [_PREFIX + item.name for item in recurring]
    Schedule.objects.filter(name__startswith=_PREFIX, schedule_type=Schedule.MINUTES).exclude(name__in=names).delete()
