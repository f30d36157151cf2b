"""Figures, RFM scores and stages of all 4,372 contacts of the real order file, against DuckDB reading the same file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from django.db import transaction
from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from example_site.settings import ROOT
from tests.rows import analyze, check_once
from wagtail_precise_mail.commerce.figuring import refreshing
from wagtail_precise_mail.commerce.figuring.rfm import rfm_group
from wagtail_precise_mail.commerce.importing import import_orders, load_mapping
from wagtail_precise_mail.commerce.models import (
    Category,
    ContactFigures,
    ContactStanding,
    Order,
    OrderLine,
    Product,
    ShopRhythm,
)

DATA = Path(os.environ.get("PRECISE_MAIL_DATA", "nowhere")) / "online-retail.csv.gz"
AT = datetime(2011, 12, 10, tzinfo=UTC)

pytestmark = [pytest.mark.realdata, pytest.mark.slow, pytest.mark.django_db]

CHARGES = "('POST', 'DOT', 'C2', 'D', 'M', 'S', 'B', 'BANK CHARGES', 'AMAZONFEE', 'CRUK')"
# The truth by another road: straight from the file, in another database, in other words. Its clocks are British.
TRUTH = f"""
    CREATE TABLE lines AS
    SELECT InvoiceNo AS number, CAST(CustomerID AS BIGINT) AS customer, upper(trim(StockCode)) AS sku,
        Quantity AS quantity, UnitPrice AS price, InvoiceNo[1] = 'C' AS is_refund,
        min(InvoiceDate) OVER (PARTITION BY InvoiceNo) AS placed,
        upper(trim(StockCode)) IN {CHARGES} AS is_charge
    FROM read_csv(?, types = {{'InvoiceNo': 'VARCHAR', 'StockCode': 'VARCHAR', 'UnitPrice': 'DECIMAL(14, 4)'}})
    WHERE CustomerID IS NOT NULL AND InvoiceNo[1] != 'A';

    CREATE TABLE invoices AS
    SELECT number, any_value(customer) AS customer, any_value(is_refund) AS is_refund, any_value(placed) AS placed,
        sum(quantity * price) AS total, sum(quantity) FILTER (NOT is_charge) AS units
    FROM lines GROUP BY number;

    CREATE TABLE figures AS
    SELECT customer, count(*) FILTER (NOT is_refund) AS orders, count(*) FILTER (is_refund) AS refunds,
        coalesce(sum(units), 0) AS units,
        coalesce(sum(total) FILTER (NOT is_refund), 0) AS gross,
        coalesce(-sum(total) FILTER (is_refund), 0) AS refunded,
        min(placed) FILTER (NOT is_refund) AS first, max(placed) FILTER (NOT is_refund) AS last,
        count(DISTINCT placed::DATE) FILTER (NOT is_refund) AS days
    FROM invoices GROUP BY customer;

    CREATE TABLE steps AS
    SELECT day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS days
    FROM (SELECT DISTINCT customer, placed::DATE AS day FROM invoices WHERE NOT is_refund);
"""


@pytest.fixture(scope="module")
def truth(django_db_setup: None, django_db_blocker: Any) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file in DuckDB, and in our tables with all figures as of the day after its end."""
    found = duckdb.connect()
    lines, *others = filter(str.strip, TRUTH.split(";"))
    found.execute(lines, [str(DATA)])
    for statement in others:
        found.execute(statement)
    with django_db_blocker.unblock(), transaction.atomic():
        import_orders(DATA, load_mapping(ROOT / "mappings" / "online-retail.toml"))
        analyze()
        _fill_sums()
        _sort_into_categories()
        refreshing.refresh_everybody(at=AT)
        check_once()
        yield found
        transaction.set_rollback(True)


def _fill_sums() -> None:
    """What orders keep of their lines."""
    units = OrderLine.objects.filter(order=OuterRef("pk"), product__kind="product").order_by().values("order")
    units = units.annotate(sum=Sum("quantity")).values("sum")
    Order.objects.update(base_rate=1, base_total=F("total"), unit_count=Coalesce(Subquery(units), 0))


def _sort_into_categories() -> None:
    """The file knows none: the first character of the code stands for one, and the second for a brand."""
    for character in {sku[0] for sku in Product.objects.values_list("sku", flat=True)}:
        category = Category.objects.create(name=character, slug=f"c-{ord(character)}")
        Product.objects.filter(sku__startswith=character).update(category=category)
    brands = {sku[1] for sku in Product.objects.values_list("sku", flat=True) if len(sku) > 1}
    for character in brands:
        Product.objects.filter(sku__regex=f"^.[{character}]").update(brand_name=f"brand {character}")


def ours(*names: str) -> dict[int, tuple[Any, ...]]:
    """Our figures by the number of the customer."""
    rows = ContactFigures.objects.values_list("contact__email", *names)
    return {int(email.split("@")[0].removeprefix("customer-")): tuple(values) for email, *values in rows}


def theirs(truth: duckdb.DuckDBPyConnection, sql: str) -> dict[int, tuple[Any, ...]]:
    return {row[0]: row[1:] for row in truth.execute(sql).fetchall()}


def utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)


def test_counts_money_and_moments_of_every_contact(truth: duckdb.DuckDBPyConnection) -> None:
    expected = theirs(truth, "SELECT customer, orders, refunds, units, gross, refunded, first, last FROM figures")
    expected = {pk: (*row[:5], utc(row[5]), utc(row[6])) for pk, row in expected.items()}
    found = ours(
        "order_count", "refund_count", "unit_count", "gross_revenue", "refund_total", "first_order_at", "last_order_at"
    )
    assert len(expected) == 4372
    assert found == expected
    only_refunds = [row for row in found.values() if row[0] == 0]
    assert len(only_refunds) == 33


def test_net_revenue_and_averages(truth: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT customer, gross - refunded, CASE WHEN orders > 0 THEN gross::DOUBLE / orders END FROM figures"
    expected, found = theirs(truth, sql), ours("net_revenue", "average_order")
    assert {pk: row[0] for pk, row in found.items()} == {pk: row[0] for pk, row in expected.items()}
    for pk, (_net, average) in found.items():
        assert average == expected[pk][1] or float(average) == pytest.approx(expected[pk][1], abs=0.0001)


def test_own_intervals_hours_and_weekdays(truth: duckdb.DuckDBPyConnection) -> None:
    """The site's clock is UTC here, and the contacts have none of their own."""
    local = "(placed::TIMESTAMP AT TIME ZONE 'Europe/London' AT TIME ZONE 'UTC')"
    mode = """SELECT customer, place FROM (
        SELECT customer, place, row_number() OVER (PARTITION BY customer ORDER BY count(*) DESC, place) AS n
        FROM (SELECT customer, {} AS place FROM invoices WHERE NOT is_refund) GROUP BY customer, place) WHERE n = 1"""
    hours = theirs(truth, mode.format(f"hour({local})"))
    weekdays = theirs(truth, mode.format(f"isodow({local}) - 1"))
    intervals = theirs(
        truth, "SELECT customer, date_diff('day', first::DATE, last::DATE) / (days - 1) FROM figures WHERE days > 1"
    )
    for pk, (hour, weekday, interval) in ours("preferred_hour", "preferred_weekday", "interval_days").items():
        assert hour == hours.get(pk, (None,))[0]
        assert weekday == weekdays.get(pk, (None,))[0]
        assert interval == (pytest.approx(intervals[pk][0]) if pk in intervals else None)


def test_favorites_and_prices_with_codes_that_differ_by_case(truth: duckdb.DuckDBPyConnection) -> None:
    favorite = """SELECT customer, place FROM (
        SELECT customer, {0} AS place, row_number() OVER (
            PARTITION BY customer ORDER BY sum(quantity) DESC, sum(quantity * price) DESC, {0}) AS n
        FROM lines WHERE NOT is_refund AND quantity > 0 AND NOT is_charge GROUP BY customer, {0}) WHERE n = 1"""
    categories = theirs(truth, favorite.format("sku[1]"))
    brands = theirs(truth, favorite.format("'brand ' || sku[2]"))
    prices = theirs(
        truth,
        "SELECT customer, sum(quantity * price)::DOUBLE / sum(quantity) FROM lines"
        " WHERE NOT is_refund AND quantity > 0 AND NOT is_charge GROUP BY customer",
    )
    for pk, (category, brand, price) in ours("favorite_category__name", "favorite_brand", "average_unit_price").items():
        assert category == categories.get(pk, (None,))[0]
        assert brand == brands.get(pk, ("",))[0]
        assert price is None if pk not in prices else float(price) == pytest.approx(prices[pk][0], abs=0.0001)


def test_the_rhythm_of_the_shop(truth: duckdb.DuckDBPyConnection) -> None:
    sql = """SELECT count(*), quantile_disc(days, 0.5), quantile_disc(days, 0.75), quantile_disc(days, 0.9)
        FROM steps WHERE days IS NOT NULL"""
    rhythm = ShopRhythm.objects.get()
    found = (rhythm.interval_count, rhythm.median_days, rhythm.p75_days, rhythm.p90_days)
    assert found == truth.execute(sql).fetchone()
    assert (rhythm.at_risk_days, rhythm.churned_days) == found[2:]
    assert rhythm.is_calibrated


def test_rfm_scores_and_groups(truth: duckdb.DuckDBPyConnection) -> None:
    """The share of those who are strictly worse, counted by comparing everybody with everybody."""
    sql = """WITH customers AS (
            SELECT customer, date_diff('second', last AT TIME ZONE 'Europe/London', TIMESTAMPTZ '2011-12-10 00:00+00')
                // 86400 AS age, orders, gross - refunded AS net FROM figures WHERE orders > 0
        )
        SELECT a.customer, 1 + 5 * count(*) FILTER (b.age > a.age) // count(*),
            1 + 5 * count(*) FILTER (b.orders < a.orders) // count(*),
            1 + 5 * count(*) FILTER (b.net < a.net) // count(*)
        FROM customers a CROSS JOIN customers b GROUP BY a.customer"""
    expected = theirs(truth, sql)
    names = ("recency_score", "frequency_score", "monetary_score", "rfm_group")
    rows = ContactStanding.objects.values_list("contact__email", *names)
    found = {int(email.split("@")[0].removeprefix("customer-")): (r, f, m, g) for email, r, f, m, g in rows}
    assert len(found) == 4339
    assert found == {pk: (*scores, rfm_group(*scores).value) for pk, scores in expected.items()}


def test_stages(truth: duckdb.DuckDBPyConnection) -> None:
    rhythm = ShopRhythm.objects.get()
    sql = f"""SELECT customer, CASE WHEN age > {rhythm.churned_days} THEN 'churned'
            WHEN age > {rhythm.at_risk_days} THEN 'at_risk' WHEN days = 1 THEN 'new' ELSE 'mature' END
        FROM (SELECT customer, days, date_diff('second', last AT TIME ZONE 'Europe/London',
            TIMESTAMPTZ '2011-12-10 00:00+00') // 86400 AS age FROM figures WHERE orders > 0)"""
    rows = ContactStanding.objects.values_list("contact__email", "buying_stage")
    found = {int(email.split("@")[0].removeprefix("customer-")): (stage,) for email, stage in rows}
    assert found == theirs(truth, sql)
    assert {stage for (stage,) in found.values()} == {"new", "mature", "at_risk", "churned"}
