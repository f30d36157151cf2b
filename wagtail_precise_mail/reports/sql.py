"""The words of SQL that reports need beside those of the figures of contacts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import connection

from wagtail_precise_mail.commerce.figuring.sql import TABLES, is_postgresql, local_moment, site_zone
from wagtail_precise_mail.commerce.figuring.sql import day_of as day_of_local
from wagtail_precise_mail.tracking.engagement import ContactEngagement


def fetch(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run a query, with the names of tables put in where it says such as ``{orders}``."""
    with connection.cursor() as cursor:
        cursor.execute(sql.format(**TABLES, engagement=ContactEngagement._meta.db_table), params)
        return list(cursor.fetchall())


def local(column: str) -> str:
    """Return SQL of a moment on the clocks of the site."""
    return local_moment(column, site_zone())


def day_of(column: str) -> str:
    """Return SQL of the day of a moment on the clocks of the site."""
    return day_of_local(local(column))


def month_of(column: str) -> str:
    """Return SQL of the number of a month, as ``periods.month_number`` counts."""
    here = local(column)
    if is_postgresql():
        return f"CAST(EXTRACT(YEAR FROM {here}) * 12 + EXTRACT(MONTH FROM {here}) - 1 AS int)"
    year, month = (f"substr({here}, {start}, {length})" for start, length in ((1, 4), (6, 2)))
    return f"(CAST({year} AS int) * 12 + CAST({month} AS int) - 1)"


def seconds_between(later: str, earlier: str) -> str:
    """Return SQL of the whole seconds from one moment to another, parts of a second cut off in both."""
    if is_postgresql():
        return f"(FLOOR(EXTRACT(EPOCH FROM {later})) - FLOOR(EXTRACT(EPOCH FROM {earlier})))"
    return f"(CAST(strftime('%%s', {later}) AS int) - CAST(strftime('%%s', {earlier}) AS int))"


def money(value: Any) -> Decimal:
    """Return a sum that the database made as it would be kept: SQLite adds in binary."""
    return Decimal(str(value or 0)).quantize(Decimal("0.0001"))
