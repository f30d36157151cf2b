"""Cohorts and days between purchases on the real order file, against DuckDB reading the same file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.db import transaction

from example_site.settings import ROOT
from tests.rows import analyze, check_once
from wagtail_precise_mail.commerce.importing import import_orders, load_mapping
from wagtail_precise_mail.reports.intervals import repurchase_intervals
from wagtail_precise_mail.reports.periods import Period
from wagtail_precise_mail.reports.retention import cohorts

DATA = Path(os.environ.get("PRECISE_MAIL_DATA", "nowhere")) / "online-retail.csv.gz"
WHOLE = Period(date(2010, 12, 1), date(2011, 12, 9))

pytestmark = [pytest.mark.realdata, pytest.mark.slow, pytest.mark.django_db]

INVOICES = """
    CREATE TABLE invoices AS
    SELECT InvoiceNo AS number, CAST(max(CustomerID) AS BIGINT) AS customer, min(InvoiceDate) AS placed,
           sum(Quantity * UnitPrice) AS total, InvoiceNo[1] = 'C' AS is_refund
    FROM read_csv(?, types = {'InvoiceNo': 'VARCHAR', 'StockCode': 'VARCHAR', 'UnitPrice': 'DECIMAL(14, 4)'})
    WHERE CustomerID IS NOT NULL AND InvoiceNo[1] != 'A'
    GROUP BY InvoiceNo
"""
COHORTS = """
    WITH firsts AS (
        SELECT customer, date_trunc('month', min(placed)) AS month FROM invoices WHERE NOT is_refund GROUP BY customer
    )
    SELECT CAST(month AS DATE), greatest(date_diff('month', month, date_trunc('month', placed)), 0) AS months,
        count(DISTINCT CASE WHEN NOT is_refund THEN customer END), sum(total)
    FROM firsts JOIN invoices USING (customer) GROUP BY 1, 2
"""
INTERVALS = """
    SELECT date_diff('day', before, day) AS days, count(*) FROM (
        SELECT day, lag(day) OVER (PARTITION BY customer ORDER BY day) AS before FROM (
            SELECT DISTINCT customer, CAST(placed AS DATE) AS day FROM invoices WHERE NOT is_refund
        )
    ) WHERE before IS NOT NULL GROUP BY 1
"""


@pytest.fixture(scope="module")
def real_orders(django_db_setup: None, django_db_blocker: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file in our tables, once for this module and rolled back at its end, and in DuckDB."""
    truth = duckdb.connect()
    truth.execute(INVOICES, [str(DATA)])
    with django_db_blocker.unblock(), transaction.atomic():
        import_orders(DATA, load_mapping(ROOT / "mappings" / "online-retail.toml"))
        analyze()
        check_once()
        yield truth
        transaction.set_rollback(True)


def test_cohorts_are_those_that_duckdb_finds(real_orders: duckdb.DuckDBPyConnection) -> None:
    customers, revenue = {}, {}
    for month, months, count, total in real_orders.execute(COHORTS).fetchall():
        key = (month.year * 12 + month.month - 1, months)
        customers[key], revenue[key] = count, total.quantize(Decimal("0.0001"))

    found = cohorts(WHOLE)

    assert {(one.month, months): count for one in found for months, count in one.customers.items() if count} == {
        key: count for key, count in customers.items() if count
    }
    assert {(one.month, months): total for one in found for months, total in one.revenue.items()} == revenue
    assert sum(cohort.size for cohort in found) == 4_339


def test_days_between_purchases_are_those_that_duckdb_finds(real_orders: duckdb.DuckDBPyConnection) -> None:
    expected = dict(real_orders.execute(INTERVALS).fetchall())

    found = repurchase_intervals(WHOLE)

    assert dict(found.histogram) == expected
    assert found.count > 10_000
