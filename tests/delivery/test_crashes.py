"""Workers that are killed: nobody is mailed twice, and nobody is forgotten."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.delivery.smtp_server import MailServer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


class House:
    """A database with workers on it, outside of this process."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.overrides: dict[str, Any] = {}
        self.numbers = count(1)
        self.running: set[int] = set()
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "EXAMPLE_VAR": str(folder)}
        environment["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
        if url := os.environ.get("DATABASE_URL"):
            environment["DATABASE_URL"] = _fresh_postgres(url)
        self.nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.delivery.crash_worker"],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, command: str, *arguments: Any) -> Any:
        """Run a command to its end and return its result."""
        output = self.folder / f"{next(self.numbers)}.json"
        assert self.wait(self._start(output, command, arguments)) == 0
        return json.loads(output.read_text())

    def start(self, command: str, *arguments: Any) -> int:
        """Start a command and return its process id."""
        return self._start(self.folder / "ignored.json", command, arguments)

    def wait(self, pid: int) -> int:
        """Return the exit code of a process; that of a killed one is the negative signal."""
        code = self._ask("wait", pid)
        self.running.discard(pid)
        return code

    def stop_all(self) -> None:
        """End what a failed test left behind, before it sends mails into the next one."""
        for pid in list(self.running):
            os.kill(pid, signal.SIGKILL)
            self.wait(pid)

    def crash(self, size: int, step: str, nth: int) -> int:
        """Let a worker die in the middle of a new send, and return the send's id."""
        send_id: int = self.run("prepare", size)
        assert self.wait(self.start("crash", send_id, step, nth)) == -signal.SIGKILL
        return send_id

    def close(self) -> None:
        assert self.nursery.stdin is not None
        self.nursery.stdin.close()
        self.nursery.wait()

    def _start(self, output: Path, command: str, arguments: tuple[Any, ...]) -> int:
        pid = self._ask("start", str(output), {"port": self.port, **self.overrides}, command, arguments)
        self.running.add(pid)
        return pid

    def _ask(self, *request: Any) -> int:
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(json.dumps(request) + "\n")
        self.nursery.stdin.flush()
        return int(self.nursery.stdout.readline())


def _fresh_postgres(url: str) -> str:
    import psycopg

    parts = urlsplit(url)
    name = f"{parts.path.strip('/')}_crash_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(parts._replace(path=f"/{name}"))


@pytest.fixture(scope="module")
def built_house(tmp_path_factory: pytest.TempPathFactory, mail_server_process: MailServer) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"), mail_server_process.port)
    house.run("migrate")
    yield house
    house.close()


@pytest.fixture
def house(built_house: House, mail_server_process: MailServer) -> Iterator[House]:
    mail_server_process.reset()
    built_house.overrides = {}
    yield built_house
    built_house.stop_all()
    mail_server_process.reset()


def wait_for_mails(server: MailServer, mails: int) -> None:
    until = time.monotonic() + 60
    while len(server.entries()) < mails:
        assert time.monotonic() < until, f"only {len(server.entries())} of {mails} mails arrived"
        time.sleep(0.005)


def check_everybody(found: dict[str, Any], server: MailServer, *, unknown_limit: int) -> set[str]:
    """Nobody twice, nobody lost: who is not in the server's log is called unknown. Return the unknown ones."""
    arrived = Counter(server.recipients())
    assert [address for address, times in arrived.items() if times > 1] == []
    messages: dict[str, str] = found["messages"]
    assert found["send"] == "finished"
    assert set(messages.values()) <= {"accepted", "unknown"}
    accepted = {address for address, state in messages.items() if state == "accepted"}
    assert accepted <= set(arrived)
    assert set(arrived) <= set(messages)
    assert len(messages) - len(accepted) <= unknown_limit
    return set(messages) - accepted


@pytest.mark.parametrize("handoff_size", [1, 10])
def test_five_kills_in_mid_send_repeat_nothing_and_lose_nothing(
    house: House, mail_server_process: MailServer, handoff_size: int
) -> None:
    house.overrides = {"handoff_size": handoff_size, "claim_size": 50}
    send_id = house.run("prepare", 400)
    for mails in (37, 95, 151, 222, 303):
        worker = house.start("work", send_id)
        wait_for_mails(mail_server_process, mails)
        os.kill(worker, signal.SIGKILL)
        assert house.wait(worker) == -signal.SIGKILL
    found = house.run("work", send_id)
    assert len(found["messages"]) == 400
    check_everybody(found, mail_server_process, unknown_limit=5 * handoff_size)


def test_two_workers_of_which_one_is_killed(house: House, mail_server_process: MailServer) -> None:
    send_id = house.run("prepare", 300)
    victim, survivor = house.start("work_now", send_id), house.start("work_now", send_id)
    wait_for_mails(mail_server_process, 60)
    os.kill(victim, signal.SIGKILL)
    assert house.wait(victim) == -signal.SIGKILL
    assert house.wait(survivor) == 0
    check_everybody(house.run("work", send_id), mail_server_process, unknown_limit=10)


@pytest.mark.parametrize(
    ("step", "nth", "unknown_count", "missing_count"),
    [
        ("before_handoff", 2, 0, 0),
        ("after_handoff", 2, 5, 5),
        ("before_dot", 8, 5, 3),
        ("after_dot", 8, 5, 2),
        ("after_reply", 8, 5, 2),
        ("before_results", 2, 5, 0),
        ("after_results", 2, 0, 0),
    ],
)
def test_a_kill_at_any_step_leaves_exactly_what_was_handed_over_unknown(
    house: House,
    mail_server_process: MailServer,
    step: str,
    nth: int,
    unknown_count: int,
    missing_count: int,
) -> None:
    house.overrides = {"handoff_size": 5}
    send_id = house.crash(15, step, nth)
    unknown = check_everybody(house.run("work", send_id), mail_server_process, unknown_limit=unknown_count)
    assert len(unknown) == unknown_count
    assert len(unknown - set(mail_server_process.recipients())) == missing_count


def test_what_a_dead_worker_held_is_not_touched_before_its_lease_ends(
    house: House, mail_server_process: MailServer
) -> None:
    house.overrides = {"handoff_size": 5}
    send_id = house.crash(5, "before_handoff", 1)
    found = house.run("work_now", send_id)
    assert mail_server_process.recipients() == []
    assert set(found["messages"].values()) == {"claimed"}
