"""The six segments of the example site on the real order file, against DuckDB reading the same file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.management import call_command
from django.db import connection, transaction

from example_site.settings import ROOT
from wagtail_precise_mail.commerce.importing import import_orders, load_mapping
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.rules import Rules

DATA = Path(os.environ.get("PRECISE_MAIL_DATA", "nowhere")) / "online-retail.csv.gz"
AT = datetime(2011, 12, 10, tzinfo=UTC)

pytestmark = [pytest.mark.realdata, pytest.mark.slow, pytest.mark.django_db]

# The truth by another road: invoices straight from the file, in another database, in other words.
INVOICES = """
    CREATE TABLE invoices AS
    SELECT InvoiceNo AS number, CAST(max(CustomerID) AS BIGINT) AS customer, min(InvoiceDate) AS placed,
           sum(Quantity * UnitPrice) AS total, InvoiceNo[1] = 'C' AS is_refund,
           list(DISTINCT upper(trim(StockCode))) AS skus
    FROM read_csv(?, types = {'InvoiceNo': 'VARCHAR', 'StockCode': 'VARCHAR', 'UnitPrice': 'DECIMAL(14, 4)'})
    WHERE CustomerID IS NOT NULL AND InvoiceNo[1] != 'A'
    GROUP BY InvoiceNo
"""
END = "TIMESTAMP '2011-12-10 00:00'"
SALES = "(SELECT * FROM invoices WHERE NOT is_refund)"

SEGMENTS = {
    "customers": (4_339, f"SELECT DISTINCT customer FROM {SALES}"),
    "heart-holder-fans": (
        91,
        f"""SELECT customer FROM {SALES} WHERE list_contains(skus, '85123A') AND placed >= {END} - INTERVAL 90 DAY
            GROUP BY customer HAVING count(*) >= 2""",
    ),
    "lapsed-spenders": (
        768,
        f"""SELECT customer FROM invoices WHERE placed >= {END} - INTERVAL 365 DAY
            GROUP BY customer HAVING sum(total) > 500
            EXCEPT SELECT customer FROM {SALES} WHERE placed >= {END} - INTERVAL 60 DAY""",
    ),
    "cake-stand-without-heart": (
        620,
        f"""SELECT customer FROM {SALES} GROUP BY customer
            HAVING bool_or(list_contains(skus, '22423')) AND NOT bool_or(list_contains(skus, '85123A'))""",
    ),
    "loyal-big-baskets": (
        646,
        f"SELECT customer FROM {SALES} GROUP BY customer HAVING count(*) >= 5 AND sum(total) / count(*) >= 300",
    ),
    "new-customers": (
        253,
        f"SELECT customer FROM {SALES} GROUP BY customer HAVING min(placed) >= {END} - INTERVAL 30 DAY",
    ),
}


@pytest.fixture(scope="module")
def real_orders(django_db_setup: None, django_db_blocker: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file in our tables, once for this module and rolled back at its end, and in DuckDB."""
    truth = duckdb.connect()
    truth.execute(INVOICES, [str(DATA)])
    with django_db_blocker.unblock(), transaction.atomic():
        import_orders(DATA, load_mapping(ROOT / "mappings" / "online-retail.toml"))
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        yield truth
        transaction.set_rollback(True)


def read(name: str) -> Rules:
    return Rules.from_json(json.loads((ROOT / "segments" / f"{name}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", SEGMENTS)
def test_a_segment_of_the_example_site_has_the_members_that_duckdb_finds(
    real_orders: duckdb.DuckDBPyConnection, django_assert_num_queries: Any, name: str
) -> None:
    count, sql = SEGMENTS[name]
    expected = {f"customer-{row[0]}@example.com" for row in real_orders.execute(sql).fetchall()}
    assert len(expected) == count
    rules = read(name)
    with django_assert_num_queries(1):
        assert members(rules, at=AT).count() == count
    assert set(members(rules, at=AT).values_list("email", flat=True)) == expected


def test_the_command_counts_a_file(real_orders: duckdb.DuckDBPyConnection) -> None:
    out = StringIO()
    path = ROOT / "segments" / "lapsed-spenders.json"
    call_command("precise_mail_segment", "--rules", str(path), "--at", "2011-12-10T00:00Z", "--count", stdout=out)
    assert out.getvalue() == "768\n"
