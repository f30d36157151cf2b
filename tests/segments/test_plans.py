"""Conditions that look for a few rows among very many find them by an index: a plan that reads all is a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from tests.benchmarks.store import AT, Store, make_rows
from tests.benchmarks.store_details import make_details
from tests.factories.segments import make_rules
from tests.rows import analyze, check_once
from wagtail_precise_mail.segments.queries import members

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="Its planner chooses; SQLite takes an index wherever there is one."
    ),
]

LINES, EVENTS, VIEWS = "wpm_line_product", "wpm_event_", "wpm_site_view_"
PRODUCT_VIEWS = "(wagtail_precise_mail_siteview_product|wpm_site_view_product)"
CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a product": ({"bought_product": {"products": ["S4000"]}}, LINES, "orderline"),
    "a brand": ({"bought_product": {"brands": ["Brand 40"]}}, LINES, "orderline"),
    "never a product": ({"never_bought_product": {"products": ["S4000"]}}, LINES, "orderline"),
    "some of it in one order": (
        {"bought_product": {"products": ["S4000"], "bound_to": "order", "quantity": 3}},
        LINES,
        "orderline",
    ),
    "a product, then another": (
        {"bought_then": {"products": ["S4000"], "then_products": ["S4001"]}},
        LINES,
        "orderline",
    ),
    "a product, then not another": (
        {"bought_not_then": {"products": ["S4000"], "then_products": ["S4001"]}},
        LINES,
        "orderline",
    ),
    "a coupon": ({"used_coupon": {"coupons": ["RARE"]}}, "wpm_order_coupon_code", "ordercoupon"),
    "the last order": ({"last_order": {"max_days_ago": 3}}, "wpm_order_", "order"),
    "a cart": ({"open_cart": {"min_hours": 2, "max_hours": 9}}, "wpm_cart_changed", "cart"),
    "another favorite": ({"favorite_changed": {"days": 9}}, "wpm_figures_changed", "contactfigures"),
    "clicks": ({"clicked_mail": {"days": 3}}, EVENTS, "messageevent"),
    "no clicks": ({"none": [{"clicked_mail": {"days": 3}}]}, EVENTS, "messageevent"),
    "several opens": ({"opened_mail": {"days": 3, "times": 3}}, EVENTS, "messageevent"),
    "no clicks in 90 days": ({"click_bucket": {"buckets": ["none"]}}, EVENTS, "messageevent"),
    "activity": ({"last_activity": {"max_days_ago": 3}}, EVENTS, "messageevent"),
    "a page": ({"visited_page": {"path": "/p7/", "days": 3}}, VIEWS, "siteview"),
    "a viewed product": ({"viewed_product": {"products": ["S7"]}}, PRODUCT_VIEWS, "siteview"),
    "a viewed category": ({"viewed_product": {"categories": ["c7"]}}, VIEWS, "siteview"),
}


@pytest.fixture(scope="module", autouse=True)
def shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A small shop with what the planner knows of it, made once and rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic(), connection.cursor() as cursor:
        make_rows(store := Store(1000))
        make_details(store)
        analyze()
        check_once()
        cursor.execute("SET LOCAL enable_seqscan TO off")  # so few rows are read whole otherwise
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize(("rule", "index", "table"), list(CASES.values()), ids=list(CASES))
def test_an_index_finds_the_rows(rule: dict[str, Any], index: str, table: str) -> None:
    plan = members(make_rules(rule), at=AT).explain()

    assert re.search(rf"(using|Bitmap Index Scan on) {index}", plan), plan
    assert f"Seq Scan on wagtail_precise_mail_{table} " not in plan, plan


_FREE = ["parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size", "min_parallel_index_scan_size"]
_FENCE = r' AND (\w+\.|"wagtail_precise_mail_contact"\.)"id" > -pg_backend_pid\(\)'


@pytest.mark.parametrize("rule", [{"net_spend": {"min": 10}}, {"order_count": {"min": 2}}], ids=str)
@pytest.mark.parametrize("is_negated", [False, True], ids=["in", "not in"])
def test_rows_are_added_up_once_and_not_by_each_parallel_worker(rule: dict[str, Any], is_negated: bool) -> None:
    found = members(make_rules({"none": [rule]} if is_negated else rule), at=AT).order_by().values("pk")
    sql, params = found.query.sql_with_params()
    bare = re.sub(_FENCE, "", sql)
    contacts = r"Parallel .* on wagtail_precise_mail_contact"
    shared = "Parallel Seq Scan on wagtail_precise_mail_order "
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan TO on")
        for name in _FREE:
            cursor.execute(f"SET LOCAL {name} TO 0")
        plans = []
        for one in (bare, sql):
            cursor.execute(f"EXPLAIN {one}", params)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
        counts = []
        for one in (bare, sql):
            cursor.execute(f"SELECT count(*) FROM ({one}) found", params)
            counts.append(cursor.fetchone()[0])

    if not is_negated:  # without the fence, workers share out the contacts, too
        assert re.search(contacts, plans[0]), plans[0]
        assert not re.search(contacts, plans[1]), plans[1]
    assert shared in plans[1], plans[1]
    assert 0 < counts[0] == counts[1]
