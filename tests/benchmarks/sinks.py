"""Mail servers that take everything and keep nothing, in processes of their own."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

SMTP_SINK = shutil.which("smtp-sink") or shutil.which("smtp-sink", path="/usr/sbin")


@contextmanager
def sink(*, delay_seconds: float = 0) -> Iterator[int]:
    """Run a sink and give its port: Postfix' own where there is one and it need not wait, else ours.

    Args:
        delay_seconds: before each answer, as a far server would take; answers to what came together come together.
    """
    port = _free_port()
    if SMTP_SINK and not delay_seconds:
        who = ["-u", "nobody"] if os.geteuid() == 0 else []  # it asks root to say so
        command = [SMTP_SINK, *who, f"127.0.0.1:{port}", "1000"]
    else:
        command = [sys.executable, "-m", "tests.benchmarks.sinks", str(port), str(delay_seconds)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        process.kill()
        process.wait()


def describe() -> str:
    """Say which sink there is."""
    if SMTP_SINK:
        return f"sink: {SMTP_SINK}"
    return "sink: a small one of ours, which is slower; Debian's package postfix brings smtp-sink"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _try in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port)):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("The sink does not listen.")


class _Sink(asyncio.Protocol):
    """Answers whatever has come in so far, together, after the delay."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._received = bytearray()
        self._in_body = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._answer(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._received += data
        answers = b"".join(self._answers())
        if answers:
            self._answer(answers)

    def _answers(self) -> Iterator[bytes]:
        while True:
            end = self._received.find(b"\r\n.\r\n" if self._in_body else b"\r\n")
            if end < 0:
                return
            line = bytes(self._received[:end])
            del self._received[: end + (5 if self._in_body else 2)]
            if self._in_body:
                self._in_body = False
                yield b"250 2.0.0 Ok: queued as SINK\r\n"
            else:
                yield self._obey(line.upper())

    def _obey(self, line: bytes) -> bytes:
        if line.startswith(b"EHLO"):
            return b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 50000000\r\n"
        if line == b"DATA":
            self._in_body = True
            return b"354 go on\r\n"
        return b"221 bye\r\n" if line == b"QUIT" else b"250 2.1.0 Ok\r\n"

    def _answer(self, words: bytes) -> None:
        assert self._transport is not None
        asyncio.get_running_loop().call_later(self._delay, self._transport.write, words)


async def _serve(port: int, delay: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Sink(delay), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
