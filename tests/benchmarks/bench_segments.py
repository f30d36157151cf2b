"""The six segments of the example site on PostgreSQL, against the best SQL we could write by hand for each.

Needs ``DATABASE_URL`` (PostgreSQL) and ``PRECISE_MAIL_DATA``. Ours is what a caller pays: building the query from the
rules, compiling it and counting. The hand-written SQL comes in several shapes; the fastest of them in this run is the
reference. Rounds are interleaved, so that a busy machine is busy for all.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection

AT = datetime(2011, 12, 10, tzinfo=UTC)
LIMIT = 1.5
ROUNDS = 41

SALE = "kind = 'sale' AND contact_id IS NOT NULL AND placed_at <= '2011-12-10T00:00Z'"
NET = "kind IN ('sale', 'refund') AND contact_id IS NOT NULL AND placed_at <= '2011-12-10T00:00Z'"
ORDERS = "wagtail_precise_mail_order"
LINES = f"wagtail_precise_mail_orderline l JOIN {ORDERS} o ON o.id = l.order_id"


def _ago(days: int) -> str:
    return f"timestamptz '2011-12-10T00:00Z' - interval '{days} days'"


def _product(sku: str) -> str:
    return f"(SELECT id FROM wagtail_precise_mail_product WHERE sku = '{sku}')"


def _count(sql: str) -> str:
    return f"SELECT count(*) FROM ({sql}) found"


HAND_WRITTEN: dict[str, list[str]] = {
    "customers": [
        f"SELECT count(DISTINCT contact_id) FROM {ORDERS} WHERE {SALE}",
        _count(f"SELECT contact_id FROM {ORDERS} WHERE {SALE} GROUP BY 1"),
        f"SELECT count(*) FROM wagtail_precise_mail_contact c WHERE EXISTS"
        f" (SELECT 1 FROM {ORDERS} o WHERE o.contact_id = c.id AND {SALE})",
    ],
    "heart-holder-fans": [
        _count(
            f"SELECT contact_id FROM {LINES} WHERE l.product_id = {_product('85123A')} AND {SALE}"
            f" AND placed_at >= {_ago(90)} GROUP BY 1 HAVING count(DISTINCT o.id) >= 2"
        ),
        _count(
            f"SELECT contact_id FROM {ORDERS} WHERE {SALE} AND placed_at >= {_ago(90)} AND id IN"
            f" (SELECT order_id FROM wagtail_precise_mail_orderline WHERE product_id = {_product('85123A')})"
            f" GROUP BY 1 HAVING count(*) >= 2"
        ),
    ],
    "lapsed-spenders": [
        _count(
            f"SELECT contact_id FROM {ORDERS} WHERE {NET} AND placed_at >= {_ago(365)} GROUP BY 1"
            f" HAVING sum(total) > 500 AND count(*) FILTER (WHERE kind = 'sale' AND placed_at >= {_ago(60)}) = 0"
        ),
        _count(
            f"SELECT contact_id FROM {ORDERS} WHERE {NET} AND placed_at >= {_ago(365)} GROUP BY 1"
            f" HAVING sum(total) > 500"
            f" EXCEPT SELECT contact_id FROM {ORDERS} WHERE {SALE} AND placed_at >= {_ago(60)}"
        ),
        _count(
            f"SELECT contact_id FROM {ORDERS} o WHERE {NET} AND placed_at >= {_ago(365)} AND NOT EXISTS"
            f" (SELECT 1 FROM {ORDERS} late WHERE late.contact_id = o.contact_id AND late.kind = 'sale'"
            f" AND late.placed_at BETWEEN {_ago(60)} AND '2011-12-10T00:00Z') GROUP BY 1 HAVING sum(total) > 500"
        ),
    ],
    "cake-stand-without-heart": [
        _count(
            f"SELECT contact_id FROM {LINES} WHERE l.product_id = {_product('22423')} AND {SALE}"
            f" EXCEPT SELECT contact_id FROM {LINES} WHERE l.product_id = {_product('85123A')} AND {SALE}"
        ),
        _count(
            f"SELECT contact_id FROM {LINES} WHERE {SALE}"
            f" AND l.product_id IN ({_product('22423')}, {_product('85123A')})"
            f" GROUP BY 1 HAVING bool_and(l.product_id = {_product('22423')})"
        ),
    ],
    "loyal-big-baskets": [
        _count(f"SELECT contact_id FROM {ORDERS} WHERE {SALE} GROUP BY 1 HAVING count(*) >= 5 AND avg(total) >= 300"),
    ],
    "new-customers": [
        _count(f"SELECT contact_id FROM {ORDERS} WHERE {SALE} GROUP BY 1 HAVING min(placed_at) >= {_ago(30)}"),
        f"SELECT count(DISTINCT contact_id) FROM {ORDERS} o WHERE {SALE} AND placed_at >= {_ago(30)} AND NOT EXISTS"
        f" (SELECT 1 FROM {ORDERS} early WHERE early.contact_id = o.contact_id AND early.kind = 'sale'"
        f" AND early.placed_at < {_ago(30)})",
        _count(
            f"SELECT contact_id FROM {ORDERS} WHERE {SALE} AND placed_at >= {_ago(30)}"
            f" EXCEPT SELECT contact_id FROM {ORDERS} WHERE {SALE} AND placed_at < {_ago(30)}"
        ),
    ],
}


def main() -> int:
    """Print ``name ours reference ratio limit`` per segment; return how many missed the limit."""
    folder = Path(os.environ.get("PRECISE_MAIL_DATA", "nowhere"))
    if connection.vendor != "postgresql" or not (folder / "online-retail.csv.gz").exists():
        print("skipped: needs DATABASE_URL of PostgreSQL and PRECISE_MAIL_DATA")
        return 0
    before = str(connection.settings_dict["NAME"])
    connection.settings_dict["TEST"]["NAME"] = f"bench_segments_{before}"[:60]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        _load(folder / "online-retail.csv.gz")
        return sum([_measure(name, shapes) for name, shapes in HAND_WRITTEN.items()])
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def _load(path: Path) -> None:
    from example_site.settings import ROOT
    from wagtail_precise_mail.commerce.importing import import_orders, load_mapping

    import_orders(path, load_mapping(ROOT / "mappings" / "online-retail.toml"))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _measure(name: str, shapes: list[str]) -> bool:
    """Time one segment; return whether the limit was missed."""
    from example_site.settings import ROOT
    from wagtail_precise_mail.segments.queries import members
    from wagtail_precise_mail.segments.rules import Rules

    rules = Rules.from_json(json.loads((ROOT / "segments" / f"{name}.json").read_text(encoding="utf-8")))
    runs: list[Callable[[], int]] = [lambda: members(rules, at=AT).count()]
    runs += [lambda sql=sql: _run(sql) for sql in shapes]
    times: list[list[float]] = [[] for _run_ in runs]
    for _round in range(ROUNDS):
        counts = set()
        for run, taken in zip(runs, times, strict=True):
            start = time.perf_counter()
            counts.add(run())
            taken.append(1000 * (time.perf_counter() - start))
        if len(counts) != 1:
            raise AssertionError(f"{name}: the shapes disagree: {counts}")
    ours, *others = [statistics.median(taken) for taken in times]
    best = min(others)
    print(
        f"{name:26} ours {ours:7.2f} ms  reference {best:7.2f} ms  ratio {ours / best:5.2f}  limit {LIMIT}", flush=True
    )
    return ours / best > LIMIT


def _run(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])
