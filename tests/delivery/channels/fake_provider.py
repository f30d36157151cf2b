"""A provider with an API, as a real HTTP server in a thread: it speaks as Resend does, and knows keys."""

from __future__ import annotations

import json
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from tests.servers import Served


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server = cast("FakeProvider", self.server)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server.requests.append((dict(self.headers), json.loads(body)))
        key = self.headers.get("Idempotency-Key", "")
        if server.answers:
            status, answer = server.answers.pop(0)
        elif key and key in server.known:
            same = server.known[key] == body
            status, answer = (200, {"id": f"re_{key}"}) if same else (409, {"name": "invalid_idempotent_request"})
        else:
            server.taken.append(json.loads(body))
            server.known[key] = body
            status, answer = 200, {"id": f"re_{key}"}
        if server.drops_after_taking > 0:
            server.drops_after_taking -= 1
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        raw = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class FakeProvider(Served, ThreadingHTTPServer):
    """Use as a context; ``taken`` is what it sends on, ``answers`` what it says instead, one after the other."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[tuple[dict[str, str], Any]] = []
        self.taken: list[dict[str, Any]] = []
        self.known: dict[str, bytes] = {}
        self.answers: list[tuple[int, Any]] = []
        self.drops_after_taking = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"
