"""The hit rate of the recommender on the real order file, against DuckDB that does all of it again from the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.db import transaction

from example_site.settings import ROOT
from tests.rows import analyze, check_once
from wagtail_precise_mail.commerce import evaluation
from wagtail_precise_mail.commerce.importing import import_orders, load_mapping
from wagtail_precise_mail.commerce.models import Product

DATA = Path(os.environ.get("PRECISE_MAIL_DATA", "nowhere")) / "online-retail.csv.gz"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.skipif(not DATA.exists(), reason="PRECISE_MAIL_DATA names no folder with online-retail.csv.gz"),
]

AT = datetime(2011, 12, 10, tzinfo=UTC)
"""The end of the file: the last 30 days are tested. The numbers of the recommender were found on months before them."""

CHARGES = ["POST", "DOT", "C2", "D", "M", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"]

# Everything again, by another road: straight from the file, in another database, in other words.
TRUTH = """
    CREATE TABLE rows AS
        SELECT InvoiceNo AS invoice, upper(trim(StockCode)) AS sku, Quantity AS pieces, InvoiceDate AS moment,
               CAST(CustomerID AS BIGINT) AS customer
        FROM read_csv(?, types = {'InvoiceNo': 'VARCHAR', 'StockCode': 'VARCHAR', 'UnitPrice': 'DECIMAL(14, 4)'})
        WHERE InvoiceNo[1] != 'A';
    CREATE TABLE invoices AS
        SELECT invoice, max(customer) AS customer, min(moment) AS placed, count(*) AS line_count,
               invoice[1] != 'C' AS is_sale
        FROM rows GROUP BY invoice;
    CREATE TABLE lines AS
        SELECT r.invoice, r.sku, r.pieces, i.customer, i.placed, i.line_count, i.is_sale
        FROM rows r JOIN invoices i USING (invoice) WHERE r.sku NOT IN (SELECT unnest(?));
    CREATE TABLE sold AS SELECT * FROM lines WHERE is_sale AND pieces > 0;
    CREATE TABLE bought AS
        SELECT customer, sku, max(placed) AS last FROM sold
        WHERE customer IS NOT NULL AND placed <= getvariable('until') GROUP BY ALL;
    CREATE TABLE later AS
        SELECT DISTINCT customer, sku FROM sold
        WHERE placed > getvariable('until') AND placed <= getvariable('until') + INTERVAL 30 DAY
          AND customer IN (SELECT customer FROM bought);
    CREATE TABLE figures AS
        SELECT sku,
            count(DISTINCT invoice) FILTER (
                is_sale AND pieces > 0 AND placed > getvariable('until') - INTERVAL 30 DAY) AS recent,
            greatest(0, sum(pieces)) AS popularity,
            coalesce(sum(pieces) FILTER (placed > getvariable('until') - INTERVAL 90 DAY), 0) AS quarter
        FROM lines WHERE placed <= getvariable('until') AND placed > getvariable('until') - INTERVAL 365 DAY
        GROUP BY sku;
    CREATE TABLE baskets AS
        SELECT DISTINCT invoice, sku FROM sold
        WHERE line_count <= 60 AND placed <= getvariable('until')
          AND placed > getvariable('until') - INTERVAL 365 DAY;
    CREATE TABLE often AS SELECT sku, count(*) AS orders FROM baskets GROUP BY sku;
    CREATE TABLE pairs AS
        SELECT a.sku, b.sku AS companion, count(*) AS together,
            count(*)::DOUBLE * (
                SELECT count(*) FROM invoices WHERE is_sale AND line_count <= 60 AND placed <= getvariable('until')
                AND placed > getvariable('until') - INTERVAL 365 DAY
            ) / any_value(one.orders) / any_value(other.orders) AS lift
        FROM baskets a JOIN baskets b ON a.invoice = b.invoice AND a.sku != b.sku
        JOIN often one ON one.sku = a.sku JOIN often other ON other.sku = b.sku
        GROUP BY a.sku, b.sku HAVING count(*) >= 3;
    CREATE TABLE companions AS
        SELECT * FROM pairs WHERE lift >= 1.1
        QUALIFY row_number() OVER (PARTITION BY sku ORDER BY lift DESC, together DESC, companion) <= 20;
    CREATE TABLE seeds AS
        SELECT customer, sku, pow(0.5, date_diff('second', last, getvariable('until')) / 86400.0 / 180) AS weight
        FROM bought WHERE customer IN (SELECT customer FROM later)
        QUALIFY row_number() OVER (PARTITION BY customer ORDER BY last DESC, sku) <= 100;
    CREATE TABLE company AS
        SELECT s.customer, c.companion AS sku, sum(s.weight * c.lift) / any_value(t.total) AS lift
        FROM seeds s JOIN companions c ON c.sku = s.sku
        JOIN (SELECT customer, sum(weight) AS total FROM seeds GROUP BY customer) t ON t.customer = s.customer
        GROUP BY s.customer, c.companion;
    CREATE TABLE ours AS
        SELECT customers.customer, f.sku, row_number() OVER (
            PARTITION BY customers.customer
            ORDER BY round((f.recent + 1) * (1 + 2 * coalesce(c.lift, 0)), 9) DESC, f.popularity DESC, f.sku) AS place
        FROM (SELECT DISTINCT customer FROM later) customers CROSS JOIN figures f
        LEFT JOIN company c ON c.customer = customers.customer AND c.sku = f.sku
        ANTI JOIN bought ON bought.customer = customers.customer AND bought.sku = f.sku;
    CREATE TABLE best_sellers AS
        SELECT customers.customer, f.sku, row_number() OVER (
            PARTITION BY customers.customer ORDER BY f.quarter DESC, f.sku) AS place
        FROM (SELECT DISTINCT customer FROM later) customers
        CROSS JOIN (SELECT * FROM figures WHERE quarter > 0) f
        ANTI JOIN bought ON bought.customer = customers.customer AND bought.sku = f.sku;
"""


@pytest.fixture(scope="module")
def truth(django_db_setup: None, django_db_blocker: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file in our tables, once for this module and rolled back at its end, and in DuckDB."""
    base = duckdb.connect()
    base.execute("SET VARIABLE until = TIMESTAMP '2011-11-10 00:00'")
    first, *rest = TRUTH.split(";")
    base.execute(first, [str(DATA)])
    for statement in rest:
        base.execute(statement, [CHARGES] if "unnest(?)" in statement else None)
    with django_db_blocker.unblock(), transaction.atomic():
        import_orders(DATA, load_mapping(ROOT / "mappings" / "online-retail.toml"))
        Product.objects.update(image_url="https://cdn.example.com/picture.jpg")
        analyze()
        check_once()
        yield base
        transaction.set_rollback(True)


def hits(base: duckdb.DuckDBPyConnection, lists: str) -> dict[str, int]:
    """How many customers later bought one of the first so many."""
    found = base.execute(
        f"SELECT {', '.join(f'count(DISTINCT customer) FILTER (place <= {n})' for n in evaluation.SIZES)}"
        f" FROM {lists} JOIN later USING (customer, sku)"
    ).fetchone()
    assert found
    return {str(size): count for size, count in zip(evaluation.SIZES, found, strict=True)}


def test_hit_rates_are_those_that_another_database_finds(truth: duckdb.DuckDBPyConnection) -> None:
    run = evaluation.evaluate(at=AT)

    (customers,) = truth.execute("SELECT count(DISTINCT customer) FROM later").fetchone() or (0,)
    assert run.contact_count == customers
    print({name: {n: f"{run.hit_rate(name, n):.4f}" for n in evaluation.SIZES} for name in evaluation.PROGRAMS})
    print(run.contact_count, run.results)
    assert run.results["best_selling"]["hits"] == hits(truth, "best_sellers")
    assert run.results["for_you"]["hits"] == hits(truth, "ours")


def test_recommender_beats_best_sellers_on_days_that_it_was_not_tuned_on(truth: duckdb.DuckDBPyConnection) -> None:
    run = evaluation.evaluate(at=AT)

    assert run.is_better
    ours, theirs = run.hit_rate("for_you"), run.hit_rate("best_selling")
    assert ours is not None
    assert theirs is not None
    assert ours > 1.25 * theirs
