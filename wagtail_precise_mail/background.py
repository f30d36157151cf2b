"""Work behind the scenes: the only module that knows django-q2, beside ``cluster.py``, which runs its processes.

Tasks take ids, are enqueued after commit, and may run twice or never: the truth is always in our own tables, and the
pump (a schedule that runs every minute) wakes whatever a lost task left behind.
"""

from __future__ import annotations

import logging
import mmap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connections, router, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import Schedule
from django_q.signals import pre_execute
from django_q.tasks import async_task

from wagtail_precise_mail.exceptions import BrokerUnavailable

logger = logging.getLogger(__name__)

_PREFIX = "precise_mail:"

# One byte that all forks of a process share, without a lock that a killed process could take along.
_STOPPING = mmap.mmap(-1, 1)
# A task of a site that sets no timeout may take as long as it likes; nobody waits for longer than this.
_LONGEST_TASK_SECONDS = 3600

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


def wake_now(task: Task, *args: int | str) -> bool:
    """Put ``task(*args)`` into the queue at once, whatever transaction is open; return whether the queue took it."""
    return _enqueue_now(_path(task), args)


def _enqueue_now(path: str, args: tuple[int | str, ...]) -> bool:
    try:
        async_task(path, *args, group="precise_mail", task_name=f"{path.rpartition('.')[2]}{args}"[:100])
    except Exception:  # any broker raises its own errors; nothing is lost, the pump wakes the work
        logger.exception("Could not enqueue %s%r; the pump will find the work.", path, args)
        return False
    return True


def is_stopping() -> bool:
    """Whether the cluster that this process is a worker of wants to end: long tasks look, and end early."""
    return _STOPPING[0] != 0


def tell_stopping(is_stopping: bool) -> None:
    """Tell all workers of this cluster what :func:`is_stopping` says."""
    _STOPPING[0] = is_stopping


def worker_count() -> int:
    """Return how many workers a cluster has."""
    return int(Conf.WORKERS or 1)


def task_timeout_seconds() -> int:
    """Return after how many seconds the cluster stops a task."""
    return int(Conf.TIMEOUT or _LONGEST_TASK_SECONDS)


def before_each_task(callback: Callable[[], None]) -> None:
    """Call ``callback()`` in a worker before each task; not for tasks that run inside of a request."""

    def receive(task: dict[str, Any], **kwargs: Any) -> None:
        if not task.get("sync"):
            callback()

    pre_execute.connect(receive, weak=False)


def queue_size() -> int:
    """Return how many tasks wait in the queue.

    Raises:
        BrokerUnavailable: the queue does not answer.
    """
    try:
        return int(get_broker().queue_size() or 0)
    except Exception as error:  # any broker raises its own errors
        raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error


def missing_schedules(recurring: list[Recurring]) -> list[str]:
    """Return the names of declared schedules that are not stored."""
    names = {_PREFIX + item.name for item in recurring}
    stored = Schedule.objects.filter(name__in=names).values_list("name", flat=True)
    return sorted(names - set(stored))


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
