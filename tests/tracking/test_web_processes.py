"""Real web processes: what a killed one loses, what one that is told to end writes, and a database that is away."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import HTTPErrorProcessor, Request, build_opener

import pytest
from django.db import connection
from django.urls import reverse

from tests import template_database
from wagtail_precise_mail.tracking.tokens import make_click_token, make_message_token

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
URL = "https://elsewhere.example/tea/"
PATIENCE_SECONDS = 120


class _NoRedirects(HTTPErrorProcessor):
    def http_response(self, request: Any, response: Any) -> Any:
        return response


ask = build_opener(_NoRedirects).open


class Web:
    """A database, and the processes on it."""

    def __init__(self, folder: Path) -> None:
        self.url = _copy_database(folder)
        self.environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "EXAMPLE_VAR": str(folder)}
        self.environment["DATABASE_URL"] = self.url
        self.processes: dict[int, subprocess.Popen[bytes]] = {}

    def run(self, *arguments: Any) -> Any:
        """Run a command to its end, and return what it printed."""
        done = subprocess.run(self._command(arguments), env=self.environment, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def start(self, count: int) -> list[int]:
        """Start web processes, and return their ports once they answer."""
        ports = [_free_port() for _number in range(count)]
        for port in ports:
            self.processes[port] = subprocess.Popen(self._command(["serve", port]), env=self.environment, cwd=ROOT)
        for port in ports:
            self._wait_for(port)
        return ports

    def stop(self, port: int, number: int) -> int:
        """Send a signal to a process, and return how it ended."""
        process = self.processes.pop(port)
        process.send_signal(number)
        return process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        for port in list(self.processes):
            self.stop(port, signal.SIGKILL)

    @contextmanager
    def database_away(self) -> Iterator[None]:
        """Let nobody write, and on PostgreSQL nobody connect."""
        parts = urlsplit(self.url)
        if not self.url.startswith("postgres"):
            with closing(sqlite3.connect(parts.path, isolation_level=None, timeout=30)) as lock:
                lock.execute("BEGIN EXCLUSIVE")
                yield
                lock.execute("ROLLBACK")
            return
        name = parts.path.strip("/")
        with _server_of(self.url) as server:
            server.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
            server.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')

    def _command(self, arguments: Any) -> list[str]:
        return [sys.executable, "-m", "tests.tracking.web_process", *map(str, arguments)]

    def _wait_for(self, port: int) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                # The first request loads what later ones find loaded.
                assert ask(f"http://127.0.0.1:{port}{click_path(0)}", timeout=PATIENCE_SECONDS).status == 302
                return
            except OSError:
                assert time.monotonic() < until
                assert self.processes[port].poll() is None
                time.sleep(0.1)


def _copy_database(folder: Path) -> str:
    """Return the address of a database of its own: tests with real transactions empty that of this process."""
    if connection.vendor == "sqlite":
        template_database.copy_to(str(folder / "web.sqlite3"))
        return f"sqlite:///{folder / 'web.sqlite3'}"
    name = f"{connection.settings_dict['NAME']}_web"
    template_database.copy_to(name)
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def _server_of(url: str) -> Any:
    import psycopg

    return psycopg.connect(urlunsplit(urlsplit(url)._replace(path="/postgres")), autocommit=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def web(tmp_path: Path, django_db_setup: None, django_db_blocker: Any) -> Iterator[Web]:
    with django_db_blocker.unblock():
        one = Web(tmp_path)
    yield one
    one.close()
    if one.url.startswith("postgres"):
        with _server_of(one.url) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{urlsplit(one.url).path.strip("/")}" WITH (FORCE)')


def click_path(message_id: int) -> str:
    token = make_click_token(1, message_id, link_index=0, block_id="", url=URL)
    return reverse("wagtail_precise_mail:click", args=[token])


def open_from(port: int, message_id: int) -> None:
    path = reverse("wagtail_precise_mail:open", args=[make_message_token(1, message_id)])
    answer = ask(Request(f"http://127.0.0.1:{port}{path}", headers={"User-Agent": AGENT}), timeout=30)
    assert answer.headers["Content-Type"] == "image/gif"


def test_a_killed_process_loses_a_second_and_one_that_is_told_to_end_nothing(web: Web) -> None:
    ids = web.run("prepare", 50)
    killed, ended = web.start(2)
    for message_id in ids[:20]:
        open_from(killed, message_id)
    time.sleep(2.5)
    for message_id in ids[20:30]:
        open_from(killed, message_id)
    assert web.stop(killed, signal.SIGKILL) == -signal.SIGKILL
    for message_id in ids[30:50]:
        open_from(ended, message_id)
    assert web.stop(ended, signal.SIGTERM) == -signal.SIGTERM
    found = web.run("count")
    opened = [int(message_id) for message_id, _at in found]
    assert len(opened) == len(set(opened)), "nothing twice"
    assert {*ids[:20], *ids[30:]} <= set(opened), "what is older than a second, and what an orderly end has"
    assert web.run("count") == found, "counting again counts nothing again"


def test_hits_of_two_processes_are_counted_in_their_order(web: Web) -> None:
    ids = web.run("prepare", 20)
    ports = web.start(2)
    for number, message_id in enumerate(ids):
        open_from(ports[number % 2], message_id)
    for port in ports:
        web.stop(port, signal.SIGTERM)
    found = web.run("count")
    assert [int(message_id) for message_id, _at in found] == ids
    assert [at for _id, at in found] == sorted(at for _id, at in found)


def test_a_database_that_is_away_holds_up_no_reader_and_loses_nothing(web: Web) -> None:
    ids = web.run("prepare", 10)
    [port] = web.start(1)
    with web.database_away():
        for message_id in ids:
            start = time.monotonic()
            open_from(port, message_id)
            assert time.monotonic() - start < 5, "as fast as always"
            time.sleep(0.3)
    assert web.run("wait", len(ids), 10) >= 1, "a worker was asked to count within seconds"
    web.stop(port, signal.SIGKILL)
    assert {int(message_id) for message_id, _at in web.run("count")} == set(ids)
