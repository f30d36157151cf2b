"""Segments and conditions on the real order file, against DuckDB reading the same file."""

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
from django.db import transaction
from django.db.models import F

from example_site.settings import ROOT
from tests.rows import analyze, check_once
from wagtail_precise_mail.commerce.importing import import_orders, load_mapping
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.queries import explain, members
from wagtail_precise_mail.segments.rules import Rules

DATA = Path(os.environ.get("PRECISE_MAIL_DATA", "nowhere")) / "online-retail.csv.gz"
AT = datetime(2011, 12, 10, tzinfo=UTC)

pytestmark = [pytest.mark.realdata, pytest.mark.slow, pytest.mark.django_db]

# The truth by another road: invoices straight from the file, in another database, in other words. The file has the
# clock of London, and the site that of UTC.
INVOICES = """
    CREATE TABLE invoices AS
    SELECT InvoiceNo AS number, CAST(max(CustomerID) AS BIGINT) AS customer,
           timezone('UTC', timezone('Europe/London', min(InvoiceDate))) AS placed,
           sum(Quantity * UnitPrice) AS total, InvoiceNo[1] = 'C' AS is_refund,
           list(DISTINCT upper(trim(StockCode))) AS skus
    FROM read_csv(?, types = {'InvoiceNo': 'VARCHAR', 'StockCode': 'VARCHAR', 'UnitPrice': 'DECIMAL(14, 4)'})
    WHERE CustomerID IS NOT NULL AND InvoiceNo[1] != 'A'
    GROUP BY InvoiceNo
"""
LINES = """
    CREATE TABLE lines AS
    SELECT InvoiceNo AS number, CAST(CustomerID AS BIGINT) AS customer, placed, upper(trim(StockCode)) AS sku,
           Quantity AS quantity, Quantity * UnitPrice AS total, is_refund
    FROM read_csv(?, types = {'InvoiceNo': 'VARCHAR', 'StockCode': 'VARCHAR', 'UnitPrice': 'DECIMAL(14, 4)'})
    JOIN invoices ON number = InvoiceNo WHERE CustomerID IS NOT NULL
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

HEART = "sku = '85123A' AND NOT is_refund"
LINE_SALES = "(SELECT * FROM lines WHERE NOT is_refund)"
SUMS = "sum(total) FILTER (WHERE NOT is_refund) AS gross, -sum(total) FILTER (WHERE is_refund) AS back"
RHYTHM = (
    "count(DISTINCT CAST(placed AS DATE)) AS days, epoch(max(placed) - min(placed)) / 86400 AS length,"
    f" epoch({END} - max(placed)) / 86400 AS passed"
)


def followed(second: str, days: int) -> str:
    """Return SQL of whether something followed the line a."""
    return (
        f"EXISTS (SELECT 1 FROM {LINE_SALES} b WHERE {second} AND b.customer = a.customer AND b.placed > a.placed"
        f" AND b.placed <= a.placed + INTERVAL {days} DAY)"
    )


CAKE = followed("b.sku = '22423'", 60)

# Each condition with the SQL that finds the same customers.
CONDITIONS: list[tuple[dict[str, Any], str]] = [
    ({"bought_product": {"products": ["85123a"]}}, f"SELECT customer FROM lines WHERE {HEART} AND quantity >= 1"),
    (
        {"bought_product": {"products": ["85123A"], "quantity": 24}},
        f"SELECT customer FROM lines WHERE {HEART} AND quantity >= 24",
    ),
    (
        {"bought_product": {"products": ["85123A", "22423"], "quantity": 12, "bound_to": "order", "orders": 2}},
        f"""SELECT customer FROM (SELECT customer, number FROM {LINE_SALES} WHERE sku IN ('85123A', '22423')
            GROUP BY ALL HAVING sum(quantity) >= 12) GROUP BY customer HAVING count(*) >= 2""",
    ),
    (
        {"bought_product": {"products": ["85123A"], "amount": 100, "bound_to": "all"}},
        f"SELECT customer FROM lines WHERE {HEART} GROUP BY 1 HAVING sum(total) >= 100",
    ),
    (
        {"bought_product": {"products": ["22423"], "quantity": 6, "bound_to": "all", "net_of_refunds": True}},
        "SELECT customer FROM lines WHERE sku = '22423' GROUP BY 1 HAVING sum(quantity) >= 6",
    ),
    (
        {"bought_product": {"products": ["22423"], "amount": 12.75, "days": 180, "before_days": 30}},
        f"""SELECT customer FROM {LINE_SALES} WHERE sku = '22423' AND total >= 12.75
            AND placed BETWEEN {END} - INTERVAL 180 DAY AND {END} - INTERVAL 30 DAY""",
    ),
    (
        {"never_bought_product": {"products": ["85123A"]}},
        f"SELECT customer FROM everybody EXCEPT SELECT customer FROM lines WHERE {HEART} AND quantity >= 1",
    ),
    (
        {"bought_then": {"products": ["85123A"], "then_products": ["22423"], "within_days": 60}},
        f"SELECT customer FROM {LINE_SALES} a WHERE sku = '85123A' AND {CAKE}",
    ),
    (
        {"bought_not_then": {"products": ["85123A"], "then_products": ["22423"], "within_days": 60}},
        f"""SELECT customer FROM {LINE_SALES} a WHERE sku = '85123A' AND placed <= {END} - INTERVAL 60 DAY
            AND NOT {CAKE}""",
    ),
    (
        {"order_count": {"min": 2, "from_on": "2011-06-01", "until_on": "2011-06-30"}},
        f"""SELECT customer FROM {SALES} WHERE placed >= '2011-06-01' AND placed < '2011-07-01'
            GROUP BY 1 HAVING count(*) >= 2""",
    ),
    ({"net_spend": {"max": 0}}, "SELECT customer FROM invoices GROUP BY 1 HAVING sum(total) <= 0"),
    ({"net_spend": {"over": 1000}}, "SELECT customer FROM invoices GROUP BY 1 HAVING sum(total) > 1000"),
    (
        {"gross_spend": {"min": 100, "days": 30, "currency": "GBP"}},
        f"""SELECT customer FROM {SALES} WHERE placed >= {END} - INTERVAL 30 DAY
            GROUP BY 1 HAVING sum(total) >= 100""",
    ),
    (
        {"average_order": {"min": 300, "max": 500}},
        f"SELECT customer FROM {SALES} GROUP BY 1 HAVING sum(total) BETWEEN 300 * count(*) AND 500 * count(*)",
    ),
    (
        {"last_order": {"from_on": "2011-11-01", "until_on": "2011-11-30"}},
        f"SELECT customer FROM {SALES} GROUP BY 1 HAVING strftime(max(placed), '%Y-%m') = '2011-11'",
    ),
    (
        {"first_order": {"until_on": "2010-12-31"}},
        f"SELECT customer FROM {SALES} GROUP BY 1 HAVING min(placed) < '2011-01-01'",
    ),
    ({"order_value": {"over_total": 1000}}, f"SELECT customer FROM {SALES} WHERE total > 1000"),
    (
        {"order_time": {"weekdays": ["sunday"], "from_hour": 10, "until_hour": 11}},
        f"SELECT customer FROM {SALES} WHERE isodow(placed) = 7 AND hour(placed) BETWEEN 10 AND 11",
    ),
    ({"refund_count": {"min": 3}}, "SELECT customer FROM invoices WHERE is_refund GROUP BY 1 HAVING count(*) >= 3"),
    (
        {"refund_amount": {"over": 500}},
        "SELECT customer FROM invoices WHERE is_refund GROUP BY 1 HAVING -sum(total) > 500",
    ),
    (
        {"refund_share": {"min": 50}},
        f"SELECT customer FROM (SELECT customer, {SUMS} FROM invoices GROUP BY 1)"
        " WHERE gross > 0 AND 2 * back >= gross",
    ),
    (
        {"order_interval": {"max": 14}},
        f"""SELECT customer FROM (SELECT customer, {RHYTHM} FROM {SALES} GROUP BY 1)
            WHERE days >= 2 AND length <= 14 * (days - 1)""",
    ),
    (
        {"reorder_due": {"due_in_days": 7, "overdue_days": 30}},
        f"""SELECT customer FROM (SELECT customer, {RHYTHM} FROM {SALES} GROUP BY 1)
            WHERE days >= 2 AND length / (days - 1) - passed BETWEEN -30 AND 7""",
    ),
    ({"order_currency": {"currencies": ["GBP"]}}, f"SELECT customer FROM {SALES}"),
    ({"discount_share": {"max": 0}}, f"SELECT customer FROM {SALES} GROUP BY 1 HAVING sum(total) > 0"),
]


@pytest.fixture(scope="module")
def real_orders(django_db_setup: None, django_db_blocker: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file in our tables, once for this module and rolled back at its end, and in DuckDB."""
    truth = duckdb.connect()
    truth.execute(INVOICES, [str(DATA)])
    truth.execute(LINES, [str(DATA)])
    with django_db_blocker.unblock(), transaction.atomic():
        import_orders(DATA, load_mapping(ROOT / "mappings" / "online-retail.toml"))
        # All orders are in pounds, which are the base currency here.
        Order.objects.filter(base_total__isnull=True).update(base_rate=1, base_total=F("total"))
        analyze()
        check_once()
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


@pytest.mark.parametrize(("rule", "sql"), CONDITIONS, ids=[str(rule) for rule, _sql in CONDITIONS])
def test_a_condition_finds_the_customers_that_duckdb_finds(
    real_orders: duckdb.DuckDBPyConnection, rule: dict[str, Any], sql: str
) -> None:
    real_orders.execute("CREATE OR REPLACE VIEW everybody AS SELECT DISTINCT customer FROM invoices")
    expected = {f"customer-{row[0]}@example.com" for row in real_orders.execute(sql).fetchall()}
    rules = Rules.from_json({"rules": [rule]})
    found = set(members(rules, at=AT).exclude(orders=None).values_list("email", flat=True))
    assert found == expected
    assert len(found) > 0
    others = members(Rules.from_json({"rules": [{"none": [rule]}]}), at=AT).count()
    assert members(rules, at=AT).count() + others == Contact.objects.count()


def test_customers_with_refunds_only_are_no_buyers(real_orders: duckdb.DuckDBPyConnection) -> None:
    sql = f"SELECT customer FROM invoices EXCEPT SELECT customer FROM {SALES}"
    expected = {f"customer-{row[0]}@example.com" for row in real_orders.execute(sql).fetchall()}
    assert len(expected) == 33
    rules = Rules.from_json({"rules": [{"refund_count": {"min": 1}}, {"order_count": {"max": 0}}]})
    assert set(members(rules, at=AT).values_list("email", flat=True)) == expected


def test_the_reason_names_the_order_and_its_day(real_orders: duckdb.DuckDBPyConnection) -> None:
    rules = Rules.from_json({"rules": [{"bought_product": {"products": ["85123A"], "until_on": "2010-12-01"}}]})
    buyer = Contact.objects.get(orders__number="536365")
    days = [f"{number} on Dec. 1, 2010" for number in (536375, 536396, 536406)]
    assert explain(rules, buyer, at=AT).parts[0].facts == f"5 orders: ... {', '.join(days)}"


def test_the_command_counts_a_file(real_orders: duckdb.DuckDBPyConnection) -> None:
    out = StringIO()
    path = ROOT / "segments" / "lapsed-spenders.json"
    call_command("precise_mail_segment", "--rules", str(path), "--at", "2011-12-10T00:00Z", "--count", stdout=out)
    assert out.getvalue() == "768\n"
