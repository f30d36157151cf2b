"""The supervisor: runs a cluster in a process group of its own, starts it again when it dies or falls silent, ends it.

It forks the cluster instead of starting a new Python: a restart takes a tenth of a second, not three.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import NoReturn

from django.db import DatabaseError, connections
from django.utils import timezone

from wagtail_precise_mail.background import wake_now
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.operations.beats import (
    BEAT_TASK,
    CLUSTER_VARIABLE,
    last_beat,
    note_restart,
    silence_seconds,
)

logger = logging.getLogger(__name__)

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# The cluster gives itself 9 seconds; after this many, what is left of it is killed.
_END_SECONDS = 9.7
_STEP_SECONDS = 0.2
# A cluster that died so soon did not even start: the next try waits, twice as long each time.
_SHORT_RUN_SECONDS = 2.0
_LONGEST_WAIT_SECONDS = 30.0


class Pulse:
    """Whether a cluster shows signs of life; asks for them by tasks, which other clusters may catch.

    Args:
        name: that of the cluster.
        wake: puts into the queue whatever shall be looked after regularly.
    """

    def __init__(self, name: str, *, wake: Callable[[], object]) -> None:
        self.name = name
        self._wake = wake
        self.begin()

    def begin(self) -> None:
        """Start to count anew: the cluster was just started."""
        self._heard_at = self._asked_at = time.monotonic()
        self._woke_at: float | None = None
        self._seen_at = timezone.now()

    def is_silent(self) -> bool:
        """Ask and listen, and return whether the cluster has been silent for too long."""
        now = time.monotonic()
        period = options().heartbeat_seconds
        if self._woke_at is None or now - self._woke_at >= period:
            self._woke_at = now
            self._wake()
        # A task goes to any cluster of the queue. Who hears nothing of its own asks until it must have got one.
        pause = period if now - self._heard_at < 2 * period else 1
        if now - self._asked_at < pause:
            return False
        self._asked_at = now
        try:
            self._listen(now)
        except DatabaseError as error:
            logger.warning("Cluster %s: the database does not answer: %s", self.name, error)
            connections.close_all()
            self._heard_at = now  # without it no cluster could write a sign of life
        return now - self._heard_at > silence_seconds()

    def _listen(self, now: float) -> None:
        seen: datetime | None = last_beat(self.name)
        if seen is not None and seen > self._seen_at:
            self._seen_at, self._heard_at = seen, now
        elif not wake_now(BEAT_TASK):
            self._heard_at = now  # without a queue no cluster gets a task


class Supervisor:
    """Keeps one cluster alive until it is told to end.

    Args:
        name: of the cluster, unique among all machines.
        run: becomes the cluster in a fork; gets the reading end of a pipe that ends with this process.
        wake: see :class:`Pulse`.
    """

    def __init__(self, name: str, *, run: Callable[[int], object], wake: Callable[[], object]) -> None:
        self.name = name
        self._run = run
        self._pulse = Pulse(name, wake=wake)
        self._pid: int | None = None
        self._lifeline: int | None = None
        self._started_at = 0.0
        self._wait_seconds = 0.0
        self._is_ending = False

    def run(self) -> None:
        """Watch over the cluster until SIGTERM, SIGINT or SIGHUP; then end it within ten seconds."""
        before = {number: signal.signal(number, self._on_signal) for number in _ENDING}
        try:
            self._start()
            while not self._is_ending:
                self._step()
                time.sleep(_STEP_SECONDS)
            self._end()
        finally:
            self._kill()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: object) -> None:
        self._is_ending = True

    def _start(self) -> None:
        os.environ[CLUSTER_VARIABLE] = self.name
        connections.close_all()  # a fork must not share them
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(writing)
            self._become_cluster(reading)
        # Both do it: whoever comes first, nobody signals a group that is not there yet.
        with suppress(OSError):
            os.setpgid(pid, pid)
        os.close(reading)
        self._pid, self._lifeline, self._started_at = pid, writing, time.monotonic()
        self._pulse.begin()
        logger.info("Cluster %s runs as process group %s.", self.name, pid)

    def _become_cluster(self, lifeline: int) -> NoReturn:
        code = 1
        try:
            with suppress(OSError):
                os.setpgid(0, 0)
            for number in _ENDING:
                signal.signal(number, signal.SIG_DFL)
            self._run(lifeline)
            code = 0
        except BaseException:
            logger.exception("Cluster %s failed.", self.name)
        finally:
            os._exit(code)

    def _step(self) -> None:
        if not self._is_alive():
            self._restart("has died")
        elif self._pulse.is_silent():
            self._restart(f"has shown no sign of life for {silence_seconds()} seconds")

    def _restart(self, why: str) -> None:
        self._kill()
        ran_for = time.monotonic() - self._started_at
        self._wait_seconds = (
            min(max(0.5, self._wait_seconds * 2), _LONGEST_WAIT_SECONDS) if ran_for < _SHORT_RUN_SECONDS else 0
        )
        logger.error("Cluster %s %s; it starts again in %s seconds.", self.name, why, self._wait_seconds)
        until = time.monotonic() + self._wait_seconds
        while time.monotonic() < until and not self._is_ending:
            time.sleep(_STEP_SECONDS)
        if self._is_ending:
            return
        try:
            note_restart(self.name, at=timezone.now())
        except DatabaseError as error:
            logger.warning("Cluster %s: the restart could not be written down: %s", self.name, error)
        self._start()

    def _is_alive(self) -> bool:
        """Whether the leader of the group lives; picks up all who died, for whoever is process 1 inherits orphans."""
        with suppress(ChildProcessError):
            while True:
                pid, _status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid == self._pid:
                    return False
        return self._pid is not None and _has_members(self._pid)

    def _end(self) -> None:
        """Tell the leader, which lets its workers finish what they have in hand."""
        if self._pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGTERM)
        asked_at = time.monotonic()
        while time.monotonic() < asked_at + _END_SECONDS and self._is_alive():
            time.sleep(0.05)
        logger.info("Cluster %s has ended in %.1f seconds.", self.name, time.monotonic() - asked_at)

    def _kill(self) -> None:
        """End whatever is left of the group: orphans would go on taking tasks."""
        if self._lifeline is not None:
            os.close(self._lifeline)
        pid, self._pid, self._lifeline = self._pid, None, None
        if pid is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _has_members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
