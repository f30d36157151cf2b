"""A limit on how long the database may think, so that a page never waits for a count that takes minutes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet

from wagtail_precise_mail.exceptions import PreciseMailError

# SQLite asks after so many steps of its machine: some ten thousand times a second.
_STEPS = 5000


class OutOfTime(PreciseMailError):
    """The database was stopped, because the answer took too long."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stop every statement inside that makes the whole longer than ``seconds``; what was written inside is taken back.

    PostgreSQL counts for each statement (``statement_timeout``), SQLite for all of them together.

    Raises:
        OutOfTime: a statement was stopped.
    """
    limit = _limit_postgres if connection.vendor == "postgresql" else _limit_sqlite
    deadline = time.monotonic() + seconds
    try:
        with transaction.atomic(), limit(max(seconds, 0.001)):
            yield
    except DatabaseError as error:
        if not _was_stopped(error, deadline):
            raise
        raise OutOfTime(f"stopped after {seconds} seconds") from error


@contextmanager
def _limit_postgres(seconds: float) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        before = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int(seconds * 1000) or 1)])
    yield
    # After an error the savepoint takes it back; without one it would last to the end of the transaction around.
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])


@contextmanager
def _limit_sqlite(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    raw: Any = connection.connection
    deadline = time.monotonic() + seconds
    raw.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, _STEPS)


def _was_stopped(error: DatabaseError, deadline: float) -> bool:
    if connection.vendor == "postgresql":
        return getattr(error.__cause__, "sqlstate", "") == "57014"
    return "interrupted" in str(error) and time.monotonic() >= deadline


def estimate(rows: QuerySet[Any]) -> int | None:
    """Return how many rows the planner expects without reading any; None where it says nothing (SQLite)."""
    if connection.vendor != "postgresql":
        return None
    sql, parameters = rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return int(plan[0]["Plan"]["Plan Rows"])
