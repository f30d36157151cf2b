"""The supervisor with real processes: what dies comes back, what hangs is ended, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.delivery.operations.supervised import write_pid

ROOT = Path(__file__).resolve().parents[3]
# For the start of Django on a busy machine; none of it is spent where nothing is wrong.
_PATIENCE_SECONDS = 180

pytestmark = pytest.mark.slow


class Supervised:
    """A supervisor in a process of its own, over a cluster that the module ``supervised`` describes."""

    def __init__(self, folder: Path, behavior: str) -> None:
        self.folder = folder
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "EXAMPLE_VAR": str(folder),
            "PYTHONPATH": str(ROOT),
        }
        environment.pop("DATABASE_URL", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.delivery.operations.supervised", behavior, str(folder)],
            cwd=ROOT,
            env=environment,
        )

    def pids(self, least: int = 1) -> list[int]:
        """Return the ids of the clusters that were started, in their order, once there are so many."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            found = [int(line) for line in self._lines("pids")]
            if len(found) >= least:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{least} clusters were never started")

    def stop(self) -> float:
        """Ask it to end, and return how long that took, in seconds."""
        asked_at = time.monotonic()
        self.process.terminate()
        self.process.wait(_PATIENCE_SECONDS)
        return time.monotonic() - asked_at

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pid in [int(line) for line in self._lines("pids")]:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def _lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().split() if path.exists() else []


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Callable[[str], Supervised]]:
    started: list[Supervised] = []

    def start(behavior: str) -> Supervised:
        started.append(Supervised(tmp_path, behavior))
        return started[-1]

    yield start
    for one in started:
        one.close()


def wait_until_gone(pid: int) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, f"{pid} lives on"
        time.sleep(0.05)


def test_a_cluster_whose_main_process_is_killed_is_started_again(supervised: Callable[[str], Supervised]) -> None:
    one = supervised("waits")
    os.kill(one.pids()[0], signal.SIGKILL)
    assert len(one.pids(least=2)) == 2


def test_the_children_of_a_killed_main_process_are_ended(supervised: Callable[[str], Supervised]) -> None:
    one = supervised("has a child")
    main, child = one.pids(least=2)
    os.kill(main, signal.SIGKILL)
    wait_until_gone(child)


def test_a_silent_cluster_is_ended_and_started_again(supervised: Callable[[str], Supervised]) -> None:
    one = supervised("is silent")
    first = one.pids()[0]
    assert len(one.pids(least=2)) == 2
    wait_until_gone(first)


def test_a_cluster_that_ignores_the_end_is_killed_within_ten_seconds(supervised: Callable[[str], Supervised]) -> None:
    one = supervised("ignores the end")
    pid = one.pids()[0]
    time.sleep(0.5)
    assert 8 < one.stop() < 12.5
    wait_until_gone(pid)


def test_a_cluster_that_ends_when_asked_is_not_waited_for(supervised: Callable[[str], Supervised]) -> None:
    one = supervised("waits")
    one.pids()
    time.sleep(0.5)
    assert one.stop() < 8  # far below the ten seconds that it would be given


def test_a_cluster_that_dies_at_once_is_not_started_in_a_storm(supervised: Callable[[str], Supervised]) -> None:
    one = supervised("dies")
    one.pids(least=2)
    time.sleep(3)
    assert len(one.pids()) <= 5


def test_a_cluster_learns_that_its_supervisor_has_gone(supervised: Callable[[str], Supervised]) -> None:
    one = supervised("follows the lifeline")
    pid = one.pids()[0]
    one.process.kill()
    wait_until_gone(pid)


def test_ids_are_written_whole(tmp_path: Path) -> None:
    write_pid(tmp_path)
    assert (tmp_path / "pids").read_text() == f"{os.getpid()}\n"
