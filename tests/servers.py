"""Servers that tests talk to."""

from __future__ import annotations

import socketserver
import threading
from types import TracebackType
from typing import Self


class Served(socketserver.BaseServer):
    """A server that runs in a thread of its own for as long as a block does. Mixed into one that listens."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()
