"""The pixel and the redirect of a link, against a view that does nothing, under the same server in the same run.

The limit is on gunicorn with threads, which the documentation names for production. Waitress, which the demo has, is
beside it, and so is a view that answers with the bytes of the pixel and does nothing else: waitress sends a header and
a body one after the other, and wakes its other thread for each, which costs more than all that Django does for an
empty answer.

Requests come from this process, over connections that stay open. Writing what was opened and clicked happens in the
server's process meanwhile, and is part of its time.

A server of Python threads answers as fast as its processor lets it, so the limit is on that; the ratio by the clock is
beside it, and says little while others use the machine.
"""

from __future__ import annotations

import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import psutil
from django.db import connection
from django.urls import reverse

from wagtail_precise_mail.tracking.tokens import make_click_token, make_message_token

# Many short rounds: what else the machine does falls on all three alike.
ROUNDS, REQUESTS, READERS, CONNECTIONS = 30, 240, 1200, 3
LEAST_RATIO = 0.7
EMPTY, BARE = "empty view", "bare pixel"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Run(NamedTuple):
    """How long some requests took, by the clock and of the server's processor."""

    seconds: float
    processor_seconds: float


def main() -> int:
    """Print the ratios; return how many are below the limit."""
    before = str(connection.settings_dict["NAME"])
    with tempfile.TemporaryDirectory() as folder:
        is_postgres = connection.vendor == "postgresql"
        # Another database of the same server; for SQLite a file that goes away.
        name = f"bench_endpoints_{before}"[:60] if is_postgres else f"{folder}/web.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = name
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        connection.close()
        try:
            environment = {**os.environ, "EXAMPLE_VAR": folder, "DATABASE_URL": _url_of(name)}
            missed = _report("gunicorn", _serve_and_measure("gunicorn", environment))
            _report("waitress, for comparison", _serve_and_measure("waitress", environment))
            return missed
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)


def _url_of(name: str) -> str:
    if connection.vendor != "postgresql":
        return f"sqlite:///{name}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def _serve_and_measure(server_name: str, environment: dict[str, str]) -> dict[str, list[Run]]:
    port = _free_port()
    command = [sys.executable, "-m", "tests.benchmarks.endpoint_server", server_name, str(port)]
    server = subprocess.Popen(command, env=environment)
    try:
        _wait_for(port, server)
        return _measure(port, server, _paths())
    finally:
        server.terminate()
        server.wait(30)


def _paths() -> dict[str, list[str]]:
    """Return what is asked for: by many readers, each with tokens of their own, so that nothing read before helps."""
    clicks = [_click_token(pk) for pk in range(READERS)]
    return {
        EMPTY: ["/empty/"],
        BARE: ["/pixel/"],
        "open": [reverse("wagtail_precise_mail:open", args=[make_message_token(1, pk)]) for pk in range(READERS)],
        "click": [reverse("wagtail_precise_mail:click", args=[token]) for token in clicks],
    }


def _click_token(pk: int) -> str:
    block = f"0b9a4f3e-54d6-4c6f-9a3e-{pk % 12:012}"
    url = f"https://shop.example.com/shop/product-{pk % 12}/?utm_source=newsletter&utm_medium=email"
    return make_click_token(1, pk, link_index=pk % 12, block_id=block, url=url, is_own_page=True)


def _measure(port: int, server: subprocess.Popen[bytes], paths: dict[str, list[str]]) -> dict[str, list[Run]]:
    requests = {name: [_request(path) for path in some] for name, some in paths.items()}
    for some in requests.values():
        _run(port, server, some)
    runs: dict[str, list[Run]] = {name: [] for name in requests}
    for number in range(ROUNDS):
        names = list(requests)
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            start = number * REQUESTS % len(requests[name])
            runs[name].append(_run(port, server, requests[name][start:] + requests[name][:start]))
    return runs


def _report(server_name: str, runs: dict[str, list[Run]]) -> int:
    """Print how each view does; return how many of ours are below the limit."""
    print(f"  {server_name}")
    missed = 0
    # What is written after an answer falls into the next run: only the sums are fair.
    processor = {name: sum(run.processor_seconds for run in some) for name, some in runs.items()}
    for name, some in runs.items():
        per_second = ROUNDS * REQUESTS / processor[name]
        ratio = processor[EMPTY] / processor[name]
        by_clock = statistics.median(empty.seconds / run.seconds for empty, run in zip(runs[EMPTY], some, strict=True))
        is_missed = name not in (EMPTY, BARE) and ratio < LEAST_RATIO
        missed += is_missed
        print(
            f"    {name:<12} {per_second:8.0f} requests per second of processor time, {ratio:.2f} of the empty view"
            f" (at least {LEAST_RATIO}); by the clock {by_clock:.2f}{'  MISSED' if is_missed else ''}",
            flush=True,
        )
    return missed


def _request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {AGENT}\r\nAccept: */*\r\n\r\n".encode()


def _run(port: int, server: subprocess.Popen[bytes], requests: list[bytes]) -> Run:
    """Ask over some connections at once."""
    shares = [range(start, REQUESTS, CONNECTIONS) for start in range(CONNECTIONS)]
    used, start = _processor_seconds(server), time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(_ask, port, requests, share) for share in shares]:
            done.result()
    return Run(time.perf_counter() - start, _processor_seconds(server) - used)


def _processor_seconds(server: subprocess.Popen[bytes]) -> float:
    first = psutil.Process(server.pid)
    return sum(sum(process.cpu_times()[:2]) for process in [first, *first.children(recursive=True)])


def _ask(port: int, requests: list[bytes], numbers: range) -> None:
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in numbers:
            line.sendall(requests[number % len(requests)])
            _read_answer(line)


def _read_answer(line: socket.socket) -> None:
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += line.recv(65536)
    head, _end, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 302")), head
    found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    length = int(found[1]) if found else 0
    while len(body) < length:
        body += line.recv(65536)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            _run(port, server, [_request("/empty/")])
            return
        except ConnectionError:
            if time.monotonic() > until or server.poll() is not None:
                raise
            time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
