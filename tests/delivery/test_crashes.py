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
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.delivery.smtp_server import MailServer

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


class House:
    """A database with workers on it, outside of this process."""

    def __init__(self, folder: Path) -> None:
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "EXAMPLE_VAR": str(folder),
            "CRASH_OPTIONS": "{}",
        }
        if url := os.environ.get("DATABASE_URL"):
            self.environment["DATABASE_URL"] = _fresh_postgres(url)

    def use(self, server: MailServer, **options: Any) -> None:
        self.environment["EMAIL_URL"] = f"smtp://127.0.0.1:{server.port}"
        self.environment["CRASH_OPTIONS"] = json.dumps(options)

    def run(self, *command: str) -> Any:
        done = subprocess.run(self._line(command), env=self.environment, cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._line(command), env=self.environment, cwd=ROOT, stdout=subprocess.DEVNULL)

    def crash(self, *arguments: str) -> str:
        """Let a worker die in the middle of a new send, and return the send's id."""
        line = self._line(("crash", *arguments))
        done = subprocess.run(line, env=self.environment, cwd=ROOT, capture_output=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-3000:]
        return done.stdout.decode().strip()

    def _line(self, command: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "tests.delivery.crash_worker", *command]


def _fresh_postgres(url: str) -> str:
    import psycopg

    parts = urlsplit(url)
    name = f"{parts.path.strip('/')}_crash_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(parts._replace(path=f"/{name}"))


@pytest.fixture(scope="module")
def built_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("house"))
    house.run("migrate")
    return house


@pytest.fixture
def house(built_house: House, mail_server_process: MailServer) -> Iterator[House]:
    mail_server_process.reset()
    built_house.use(mail_server_process)
    yield built_house
    mail_server_process.reset()


def wait_for_mails(server: MailServer, count: int) -> None:
    until = time.monotonic() + 60
    while len(server.entries()) < count:
        assert time.monotonic() < until, f"only {len(server.entries())} of {count} mails arrived"
        time.sleep(0.005)


def check_everybody(found: dict[str, Any], server: MailServer, *, unknown_limit: int) -> set[str]:
    """Nobody twice, nobody lost: who is not in the server's log is called unknown. Return the unknown ones."""
    arrived = Counter(server.recipients())
    assert [address for address, count in arrived.items() if count > 1] == []
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
    house.use(mail_server_process, handoff_size=handoff_size, claim_size=50)
    send_id = house.run("prepare", "400")
    for count in (37, 95, 151, 222, 303):
        worker = house.start("work", str(send_id))
        wait_for_mails(mail_server_process, count)
        worker.send_signal(signal.SIGKILL)
        assert worker.wait() == -signal.SIGKILL
    found = house.run("work", str(send_id))
    assert len(found["messages"]) == 400
    check_everybody(found, mail_server_process, unknown_limit=5 * handoff_size)


def test_two_workers_of_which_one_is_killed(house: House, mail_server_process: MailServer) -> None:
    send_id = house.run("prepare", "300")
    victim, survivor = house.start("work_now", str(send_id)), house.start("work_now", str(send_id))
    wait_for_mails(mail_server_process, 60)
    victim.send_signal(signal.SIGKILL)
    assert victim.wait() == -signal.SIGKILL
    assert survivor.wait(60) == 0
    check_everybody(house.run("work", str(send_id)), mail_server_process, unknown_limit=10)


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
    house.use(mail_server_process, handoff_size=5)
    send_id = house.crash("15", step, str(nth))
    unknown = check_everybody(house.run("work", send_id), mail_server_process, unknown_limit=unknown_count)
    assert len(unknown) == unknown_count
    assert len(unknown - set(mail_server_process.recipients())) == missing_count


def test_what_a_dead_worker_held_is_not_touched_before_its_lease_ends(
    house: House, mail_server_process: MailServer
) -> None:
    house.use(mail_server_process, handoff_size=5)
    send_id = house.crash("5", "before_handoff", "1")
    found = house.run("work_now", send_id)
    assert mail_server_process.recipients() == []
    assert set(found["messages"].values()) == {"claimed"}
