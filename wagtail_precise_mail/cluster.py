"""A cluster of django-q2 that ends when it should: beside ``background.py``, the only module that knows django-q2.

Its own ``qcluster`` has three holes. A worker that is killed while it waits takes the lock of the queue with it, and no
other worker gets a task again; processes whose parent was killed go on alone; and a stop waits for as long as the
longest task takes. So our sentinel ends the whole process group when a process of it was killed, when its supervisor
has gone, and in :data:`STOP_SECONDS` when it is told to.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import time
from typing import Any, NoReturn
from uuid import uuid4

from django_q.cluster import Sentinel

from wagtail_precise_mail.background import tell_stopping

logger = logging.getLogger(__name__)

STOP_SECONDS = 9
"""How long processes of a cluster that stops may take to finish what they have in hand."""

# For the results of the last tasks to be written.
_RESULT_SECONDS = 0.3


def run_cluster(*, lifeline: int) -> None:
    """Be a cluster until SIGTERM, until ``lifeline`` ends, or until one of its processes was killed.

    To be called in a fork that leads a process group of its own: in the end, the group is killed.

    Args:
        lifeline: the reading end of a pipe whose writing end nobody has but the supervisor.
    """
    tell_stopping(False)
    bell = _Bell(lifeline)
    sentinel = _WatchfulSentinel(bell, _Flag(), uuid4(), start=False)
    signal.signal(signal.SIGTERM, bell.ring_by_signal)
    sentinel.start()


class _Flag:
    """As much of an event as a single process needs."""

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set


class _Bell(_Flag):
    """Rings for the end: by a signal, or because nobody holds the other end of the lifeline any more."""

    def __init__(self, lifeline: int) -> None:
        super().__init__()
        self._lifeline = lifeline
        self._owner = os.getpid()

    def ring_by_signal(self, number: int, frame: object) -> None:
        if os.getpid() == self._owner:
            self.set()
            return
        # Forks inherit the handler; django-q2 stops workers that take too long by this signal.
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def wait(self, seconds: float) -> bool:
        if not self.is_set() and select.select([self._lifeline], [], [], seconds)[0]:
            logger.warning("The supervisor of this cluster has gone; the cluster ends.")
            self.set()
        return self.is_set()


class _WatchfulSentinel(Sentinel):
    """django-q2's parent of workers, which does not go on with a queue whose lock may be lost."""

    def reincarnate(self, process: Any) -> None:
        # Above 0 it was an error, whose end gave all locks back; a timer of 0 is a task that took too long.
        was_killed = (process.exitcode or 0) < 0 and (not hasattr(process, "timer") or _timer(process) != 0)
        if was_killed:
            logger.critical(
                "Process %s of the cluster was killed by signal %s. It may have taken a lock along, so all of the "
                "cluster ends now.",
                process.pid,
                -process.exitcode,
            )
            self._end_hurt()
        super().reincarnate(process)

    def stop(self) -> None:
        tell_stopping(True)
        # Forks inherit no alarms, so this one is the sentinel's.
        signal.signal(signal.SIGALRM, lambda number, frame: _end_group())
        signal.setitimer(signal.ITIMER_REAL, STOP_SECONDS)
        super().stop()

    def _end_hurt(self) -> NoReturn:
        """Let busy workers finish what they have in hand, then end everything."""
        tell_stopping(True)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and any(one.is_alive() and _timer(one) > 0 for one in self.pool):
            time.sleep(0.05)
        time.sleep(_RESULT_SECONDS)
        _end_group()


def _timer(process: Any) -> float:
    """What is left of a worker's time: below 0 it is idle. Read without the lock, which a dead worker may hold."""
    return float(process.timer.get_obj().value)


def _end_group() -> NoReturn:
    os.killpg(os.getpgrp(), signal.SIGKILL)
    raise SystemExit  # not reached
