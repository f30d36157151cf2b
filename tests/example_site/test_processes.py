"""The demo ends what it started, whatever that forked."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from example_site.demo.processes import DemoFailed, Process, Supervisor, free_port

_FORKS = (
    "import os, signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: os._exit(0))\n"
    "child = os.fork()\n"
    "if child == 0: signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "time.sleep(60)\n"
)


def make_process(tmp_path: Path, code: str, name: str = "child") -> Process:
    return Process(name, [sys.executable, "-c", code], log=tmp_path / f"{name}.log", environment=os.environ)


def wait_for(condition: Callable[[], object], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def living_in_group(group: int) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def test_a_taken_port_gives_way_to_the_next() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert free_port(port) > port


def test_leaving_ends_a_forked_worker_that_ignores_the_request(tmp_path: Path) -> None:
    process = make_process(tmp_path, _FORKS)
    with Supervisor([process], say=lambda line: None):
        assert process.group
        assert wait_for(lambda: len(living_in_group(process.group or 0)) == 2)

    assert wait_for(lambda: not living_in_group(process.group or 0))


def test_the_workers_of_a_killed_leader_are_ended_before_it_starts_again(tmp_path: Path) -> None:
    said: list[str] = []
    process = make_process(tmp_path, _FORKS)
    with Supervisor([process], say=said.append) as supervisor:
        first = process.group
        assert first
        assert wait_for(lambda: len(living_in_group(first)) == 2)
        os.kill(first, signal.SIGKILL)
        assert wait_for(lambda: not process.is_alive)

        supervisor.check()

        assert wait_for(lambda: not living_in_group(first))
        assert process.is_alive
    assert "starting it again" in said[0]


def test_a_child_that_keeps_dying_ends_the_demo(tmp_path: Path) -> None:
    process = make_process(tmp_path, "raise SystemExit(3)")
    with Supervisor([process], say=lambda line: None) as supervisor, pytest.raises(DemoFailed, match="ended with 3"):
        supervisor.watch(every_seconds=0.05)


def test_a_signal_ends_everything(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    process = make_process(tmp_path, _FORKS)
    with Supervisor([process], say=lambda line: None) as supervisor:
        assert wait_for(lambda: len(living_in_group(process.group or 0)) == 2)
        with pytest.raises(KeyboardInterrupt):
            _watch_until_terminated(supervisor)

    assert wait_for(lambda: not living_in_group(process.group or 0))
    assert signal.getsignal(signal.SIGTERM) is before


def _watch_until_terminated(supervisor: Supervisor) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    supervisor.watch(every_seconds=0.01)


def test_a_server_that_never_listens_is_reported(tmp_path: Path) -> None:
    process = make_process(tmp_path, "raise SystemExit('no port')")
    process.port = free_port(0)
    with pytest.raises(DemoFailed, match="does not answer"), Supervisor([process], say=lambda line: None):
        process.wait_until_ready(seconds=5)
