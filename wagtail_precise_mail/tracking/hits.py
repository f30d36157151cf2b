"""Opens and clicks as they arrive: kept in memory for a moment, and written to the database many at once.

A request appends and is done. What a killed process had not written yet, one second's worth, is lost; everything else
is written, also by a process that is told to end, and once a database that was away is back.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.db import close_old_connections

from wagtail_precise_mail.conf import options

logger = logging.getLogger(__name__)

PAGE_SIZE = 1000
"""Hits that are written as one row."""

MOST_WAITING = 20_000
"""Hits that a process keeps for a database that is away: some ten megabytes."""

_LONGEST_PAUSE = 30.0
_PATIENCE_SECONDS = 5.0


class Hit(NamedTuple):
    """One request for a pixel or a link.

    Attributes:
        kind: "open", "click" or "scan", as in ``MessageEvent.Kind``.
        moment: of the request, in seconds since 1970.
        is_machine: what only the request could tell: a prefetch, or an address in a data center. The address itself is
            not kept.
    """

    kind: str
    message_id: int
    moment: float
    user_agent: str = ""
    is_machine: bool = False
    link_index: int | None = None
    url: str = ""
    block_id: str = ""


Write = Callable[[uuid.UUID, Sequence[Hit]], None]


class HitBuffer:
    """The hits of this process that are not written yet, in their order.

    Args:
        write: keeps some hits under a key. It may be called again with the same key and the same hits when nobody knows
            whether the first call came through, and must then change nothing.
        after_writing: called in the background soon after something was written.
        limit: hits that are kept; further ones are dropped, and counted in the log.
    """

    def __init__(self, write: Write, *, after_writing: Callable[[], None], limit: int = MOST_WAITING) -> None:
        self._write, self._after_writing, self._limit = write, after_writing, limit
        self.forget()

    def forget(self) -> None:
        """Be empty, as in a process that was just forked: what waits there belongs to its parent."""
        self._waiting: deque[Hit] = deque()
        self._page: tuple[uuid.UUID, list[Hit]] | None = None
        self._dropped = 0
        self._has_hits = threading.Event()
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._waiting) + (len(self._page[1]) if self._page else 0)

    def add(self, hit: Hit) -> None:
        """Keep a hit; touches nothing but memory, unless ``hit_buffer_seconds`` is 0."""
        if len(self._waiting) >= self._limit:
            self._dropped += 1
            return
        self._waiting.append(hit)
        if not options().hit_buffer_seconds:
            self.flush_or_log()
        elif not self._has_hits.is_set():
            self._has_hits.set()
            if self._thread is None:
                self.start()

    def start(self) -> None:
        """Start the thread that writes."""
        with self._starting:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="precise-mail-hits", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no threads left; the next hit tries again
                logger.exception("Could not start the thread that writes opens and clicks; %s wait.", len(self))
                self._has_hits.clear()
            else:
                self._thread = thread

    def flush(self) -> int:
        """Write everything that waits, and return how much that was.

        Raises:
            Exception: whatever writing raises; what was not written waits on.
        """
        if not self._writing.acquire(timeout=_PATIENCE_SECONDS):
            return 0
        try:
            count = 0
            while page := self._next_page():
                self._write(*page)
                count += len(page[1])
                self._page = None
            self._tell_dropped()
            return count
        finally:
            self._writing.release()

    def _next_page(self) -> tuple[uuid.UUID, list[Hit]] | None:
        # Kept until it is known to be written, with its key: a lost answer must not make it count twice.
        if self._page is None and self._waiting:
            size = min(len(self._waiting), PAGE_SIZE)
            self._page = uuid.uuid4(), [self._waiting.popleft() for _number in range(size)]
        return self._page

    def _tell_dropped(self) -> None:
        if self._dropped:
            logger.error("%s opens and clicks were dropped: too many waited for the database.", self._dropped)
            self._dropped = 0

    def flush_or_log(self) -> bool:
        """Write everything that waits; return whether that went well, and log it if not."""
        try:
            self.flush()
        except Exception:  # a database that is away, or a bug of ours, is no reason to lose a customer
            logger.exception("Could not write opens and clicks; %s wait.", len(self))
            return False
        return True

    def _run(self) -> None:
        pause, call_at = 0.0, None
        while True:
            self._has_hits.wait(None if call_at is None else max(call_at - time.monotonic(), 0))
            if self._has_hits.is_set():
                time.sleep(max(pause, options().hit_buffer_seconds))
                self._has_hits.clear()
                # Between requests Django does this by itself; this thread has none.
                close_old_connections()
                if self.flush_or_log():
                    pause, call_at = 0.0, call_at or time.monotonic() + options().hit_count_seconds
                else:
                    pause = min(max(pause, 1.0) * 2, _LONGEST_PAUSE)
                    self._has_hits.set()
            if call_at is not None and call_at <= time.monotonic():
                call_at = None
                self._after_writing()
