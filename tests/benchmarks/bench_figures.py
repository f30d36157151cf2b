"""Figures of contacts: of 1,000 touched ones in a small and a ten times larger shop, and of everybody.

The reference for everybody is one aggregate for each group of figures, written by hand and kept in a table of its own:
sums with the days of purchases, hour, weekday, category, brand. PostgreSQL by ``DATABASE_URL``, or SQLite.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable

from django.db import connection, transaction

from tests.benchmarks.store import AT, contact_count, generated_store

LIMIT = 2.0
GROWTH_LIMIT = 1.5
"""How much longer 1,000 contacts may take among ten times as many: nothing but deeper indexes and colder pages."""

ROUNDS, TOUCHED = 5, 1000

_SALES = "wagtail_precise_mail_order o WHERE kind = 'sale' AND contact_id IS NOT NULL"
_LINES = """wagtail_precise_mail_order o JOIN wagtail_precise_mail_orderline l ON l.order_id = o.id
    JOIN wagtail_precise_mail_product p ON p.id = l.product_id
    WHERE o.kind = 'sale' AND contact_id IS NOT NULL AND l.quantity > 0 AND p.kind = 'product'"""


def _mode(part: str) -> str:
    return f"""SELECT DISTINCT ON (contact_id) contact_id, place FROM (
        SELECT contact_id, extract({part} FROM placed_at AT TIME ZONE CASE c.time_zone WHEN '' THEN 'UTC'
            ELSE c.time_zone END) AS place, count(*) AS n
        FROM wagtail_precise_mail_order o JOIN wagtail_precise_mail_contact c ON c.id = o.contact_id
        WHERE kind = 'sale' GROUP BY 1, 2) x ORDER BY contact_id, n DESC, place"""


def _favorite(column: str) -> str:
    return f"""SELECT DISTINCT ON (contact_id) contact_id, {column} FROM (
        SELECT contact_id, {column}, sum(l.quantity) AS units, sum(l.total * base_rate) AS revenue
        FROM {_LINES} GROUP BY 1, 2) x ORDER BY contact_id, units DESC, revenue DESC, {column}"""


BY_HAND = {
    "sums": f"""SELECT contact_id, count(*) AS orders, sum(base_total) AS gross, sum(unit_count) AS units,
        sum(discount_total * base_rate) AS discounts, sum((costed_total - cost_total) * base_rate) AS margin,
        min(placed_at) AS first, max(placed_at) AS last,
        count(DISTINCT (placed_at AT TIME ZONE 'UTC')::date) AS days FROM {_SALES} GROUP BY 1""",
    "hour": _mode("hour"),
    "weekday": _mode("isodow"),
    "category": _favorite("category_id"),
    "brand": _favorite("brand_name"),
}


def main() -> int:
    """Print the ratios; return how many missed their limit."""
    size = contact_count()
    with generated_store(size // 10, has_mail=False):
        _everybody()
        small, few_pages = _touched()
    with generated_store(size, has_mail=False):
        first, before = _seconds(_everybody), _peak_mb()
        figures, whole = _steps()
        missed = _against_hand(figures) if connection.vendor == "postgresql" else False
        grown = _peak_mb() - before
        large, many_pages = _touched()
    ratio = large / small
    print(
        f"  {TOUCHED:,} touched of {size // 10:,} and of {size:,}: {1000 * small:.0f} and {1000 * large:.0f} ms"
        f"  ratio {ratio:.2f}  limit {GROWTH_LIMIT}",
        flush=True,
    )
    print(f"  pages that the database looked at for them: {few_pages:,} and {many_pages:,}", flush=True)
    print(
        f"  with RFM, stages and tiers: {whole:.1f} s, the first time, when everybody moves, {first:.1f} s;"
        f" peak memory of the process +{grown:.1f} MB",
        flush=True,
    )
    return missed + (ratio > GROWTH_LIMIT)


def _everybody() -> None:
    from wagtail_precise_mail.commerce.figuring import refreshing

    refreshing.refresh_everybody(at=AT)


def _steps() -> tuple[float, float]:
    """Return the seconds until the figures of everybody are there, and until all is."""
    from wagtail_precise_mail.commerce.figuring import refreshing

    start, marks = time.perf_counter(), []

    def note(count: int) -> None:
        if count:
            marks.append(time.perf_counter() - start)

    refreshing.refresh_everybody(at=AT, on_progress=note)
    return marks[-1], time.perf_counter() - start


def _touched() -> tuple[float, int]:
    """Return seconds, and how many pages the database looked at: those do not depend on what its memory holds."""
    from wagtail_precise_mail.commerce.figuring import refreshing
    from wagtail_precise_mail.models import Contact

    # Everywhere in the table, and every one of them with the usual number of orders.
    with connection.cursor() as cursor:  # as autovacuum does it by and by
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    count = Contact.objects.count()
    ids = [1 + number * (count // TOUCHED) for number in range(TOUCHED)]

    def work() -> None:
        with transaction.atomic():
            refreshing.refresh(ids, at=AT)

    work()
    before = _pages()
    work()
    pages = _pages() - before
    return statistics.median(_seconds(work) for _round in range(ROUNDS)), pages


def _pages() -> int:
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def _against_hand(ours: float) -> bool:
    by_hand = sum(_seconds(lambda sql=sql, name=name: _keep(name, sql)) for name, sql in BY_HAND.items())
    ratio = ours / by_hand
    print(
        f"  figures of everybody: ours {ours:.1f} s  by hand {by_hand:.1f} s  ratio {ratio:.2f}  limit {LIMIT}",
        flush=True,
    )
    return ratio > LIMIT


def _keep(name: str, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE by_hand_{name} AS {sql}")


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
