"""Database work aside: while a handoff is committed, the worker composes what comes next."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Self, TypeVar

from django.db import connection, connections

from wagtail_precise_mail.delivery.claims import durable_commits

T = TypeVar("T")


class Aside:
    """A thread with a connection of its own, both of which are there once something is to be done.

    The connection is its own, so that whatever merge fields and processors ask of theirs meanwhile stays apart. Within
    a transaction, of which only its own connection knows, work is done at once by whoever asks for it.
    """

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread:
            self._thread.submit(self._close)
            self._thread.shutdown()

    def begin(self, work: Callable[[], T]) -> Future[T]:
        """Begin to do something; the future brings what it returns or raises."""
        if connection.in_atomic_block:
            return at_once(work)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="precise-mail-handoff")
            self._thread.submit(self._open.enter_context, durable_commits())
        return self._thread.submit(work)

    def _close(self) -> None:
        try:
            self._open.close()
        finally:
            connections.close_all()


def at_once(work: Callable[[], T]) -> Future[T]:
    """Do something now; the future brings what it returned."""
    done: Future[T] = Future()
    done.set_result(work())
    return done
