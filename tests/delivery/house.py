"""A database with workers on it, outside of the tests' own process: to be killed, told to end, or cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.delivery.smtp_server import MailServer

ROOT = Path(__file__).resolve().parents[2]


class House:
    """A database with workers on it, outside of this process."""

    def __init__(self, folder: Path, port: int, *, module: str = "tests.delivery.crash_worker") -> None:
        self.folder = folder
        self.port = port
        self.overrides: dict[str, Any] = {}
        self.numbers = count(1)
        self.running: set[int] = set()
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "EXAMPLE_VAR": str(folder)}
        environment["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
        if url := os.environ.get("DATABASE_URL"):
            environment["DATABASE_URL"] = _fresh_postgres(url)
        self.environment = environment
        self.nursery = subprocess.Popen(
            [sys.executable, "-m", module],
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


def wait_for_mails(server: MailServer, mails: int) -> None:
    until = time.monotonic() + 60
    while len(server.entries()) < mails:
        assert time.monotonic() < until, f"only {len(server.entries())} of {mails} mails arrived"
        time.sleep(0.005)
