"""Long work without the log of its statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connections, router
from django.db.models import Model


@contextmanager
def queries_unlogged(model: type[Model]) -> Iterator[None]:
    """Keep DEBUG from remembering the text of every statement: megabytes a batch, and the larger part of the time."""
    connection = connections[router.db_for_write(model)]
    if not settings.DEBUG or connection.force_debug_cursor:
        yield
        return
    before = vars(connection).get("make_debug_cursor")
    vars(connection)["make_debug_cursor"] = connection.make_cursor
    try:
        yield
    finally:
        del vars(connection)["make_debug_cursor"]
        if before:
            vars(connection)["make_debug_cursor"] = before
