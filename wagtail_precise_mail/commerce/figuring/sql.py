"""The few words of SQL in which SQLite and PostgreSQL differ, and the contacts that a statement is about."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.db import connection
from django.db.models import Model

from wagtail_precise_mail.commerce.models import (
    Category,
    ContactFigures,
    ContactStanding,
    FiguresDue,
    Order,
    OrderLine,
    Product,
)
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.movements import Movement

_MODELS: dict[str, type[Model]] = {
    "contacts": Contact,
    "orders": Order,
    "lines": OrderLine,
    "products": Product,
    "categories": Category,
    "figures": ContactFigures,
    "standings": ContactStanding,
    "due": FiguresDue,
    "movements": Movement,
}
TABLES = {name: model._meta.db_table for name, model in _MODELS.items()}

THEIRS = "o.kind <> 'adjustment'"
"""SQL of the orders that figures of contacts count: sales and refunds.

Not ``kind IN ('sale', 'refund')``: beside ``placed_at <= …``, SQLite 3.40 walks the index of contact, kind and moment
and, once it has statistics (ANALYZE), returns rows beyond the moment.
"""


@dataclass(frozen=True)
class Scope:
    """Which contacts a statement is about: some ids, those after one up to another, or all."""

    ids: Sequence[int] | None = None
    after: int | None = None
    until: int | None = None

    def where(self, column: str) -> str:
        """Return it as a condition on a column. Ids are whole numbers, so they may stand in the statement."""
        if self.ids is not None:
            return f"{column} IN ({', '.join(str(int(pk)) for pk in self.ids) or 'NULL'})"
        parts = ["1 = 1"]
        if self.after is not None:
            parts.append(f"{column} > {int(self.after)}")
        if self.until is not None:
            parts.append(f"{column} <= {int(self.until)}")
        return " AND ".join(parts)


EVERYBODY = Scope()


def is_postgresql() -> bool:
    """Whether the database is PostgreSQL, and not SQLite."""
    return connection.vendor == "postgresql"


def moment(at: datetime) -> Any:
    """Return a moment as the database compares it."""
    return connection.ops.adapt_datetimefield_value(at)


def run(sql: str, params: dict[str, Any] | None = None) -> int:
    """Run a statement with the tables' names put in; return how many rows it wrote.

    Raises:
        django.db.DatabaseError: the database refused it.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.format(**TABLES), params or {})
        return max(cursor.rowcount, 0)


def rows(sql: str, params: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Run a query with the tables' names put in; return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql.format(**TABLES), params or {})
        return list(cursor.fetchall())


def local_moment(column: str, zone: str) -> str:
    """Return SQL of a moment on the clocks of a zone, which is SQL, too."""
    if is_postgresql():
        return f"({column} AT TIME ZONE {zone})"
    return f"django_datetime_trunc('second', {column}, {zone}, 'UTC')"


def contact_zone(column: str) -> str:
    """Return SQL of a contact's own time zone, or the site's where they have none that exists."""
    known = ", ".join(f"'{name}'" for name in _known_zones())
    return f"(CASE WHEN {column} IN ({known}) THEN {column} ELSE {site_zone()} END)"


def site_zone() -> str:
    """Return SQL of the time zone of the site."""
    return f"'{settings.TIME_ZONE}'"


@cache
def _known_zones() -> tuple[str, ...]:
    # Both must know a zone: Python its name, and PostgreSQL its clocks.
    known: Iterable[str] = available_timezones()
    if is_postgresql():
        known = {name for (name,) in rows("SELECT name FROM pg_timezone_names")} & set(known)
    return tuple(sorted(known))


def hour_of(local: str) -> str:
    """Return SQL of the hour of a local moment, from 0 to 23."""
    return f"CAST(EXTRACT(HOUR FROM {local}) AS int)" if is_postgresql() else f"CAST(substr({local}, 12, 2) AS int)"


def weekday_of(local: str) -> str:
    """Return SQL of the weekday of a local moment; Monday is 0."""
    if is_postgresql():
        return f"(CAST(EXTRACT(ISODOW FROM {local}) AS int) - 1)"
    return f"((CAST(strftime('%%w', {local}) AS int) + 6) %% 7)"


def day_of(local: str) -> str:
    """Return SQL of the day of a local moment."""
    return f"CAST({local} AS date)" if is_postgresql() else f"substr({local}, 1, 10)"


def days_between(later: str, earlier: str) -> str:
    """Return SQL of the whole days from one day to another."""
    if is_postgresql():
        return f"({later} - {earlier})"
    return f"CAST(julianday({later}) - julianday({earlier}) AS int)"


def age_in_days(column: str, at: datetime) -> str:
    """Return SQL of the whole days from a moment to ``at``, seconds cut off."""
    seconds = f"FLOOR(EXTRACT(EPOCH FROM {column}))" if is_postgresql() else f"strftime('%%s', {column})"
    return f"(({int(at.timestamp())} - CAST({seconds} AS bigint)) / 86400)"


def differs(one: str, other: str) -> str:
    """Return SQL of whether two values are not the same, where nothing is the same as nothing."""
    return f"{one} IS {'DISTINCT FROM' if is_postgresql() else 'NOT'} {other}"


def kept_once() -> str:
    """Return SQL that lets a part of a statement be worked out once, and not wherever it is read."""
    if connection.vendor == "sqlite" and sqlite3.sqlite_version_info < (3, 35):
        return ""
    return "MATERIALIZED"


def by_name(column: str) -> str:
    """Return SQL that orders names alike in both databases."""
    return f'{column} COLLATE "C"' if is_postgresql() else f"{column} COLLATE BINARY"
