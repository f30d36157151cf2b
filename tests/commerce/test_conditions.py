"""Conditions on purchases, one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.factories.commerce import make_category, make_order, make_product
from tests.factories.contacts import make_contact
from tests.factories.segments import make_rules
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.queries import explain, members

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def ago(days: float) -> datetime:
    return AT - timedelta(days=days)


def belongs(contact: Contact, *rules: dict[str, Any]) -> bool:
    return members(make_rules(*rules), at=AT).filter(pk=contact.pk).exists()


def bought(**options: Any) -> dict[str, Any]:
    return {"bought_product": {"products": ["A"], **options}}


def test_orders_are_counted_not_lines() -> None:
    once, twice = make_contact(), make_contact()
    make_order(once, [("A", 1, 5), ("A", 1, 5)])
    make_order(twice, [("A", 1, 5)])
    make_order(twice, [("A", 1, 5), ("B", 1, 5)])
    assert not belongs(once, bought(orders=2))
    assert belongs(twice, bought(orders=2))
    assert not belongs(twice, bought(orders=3))


def test_several_products_count_together() -> None:
    contact = make_contact()
    make_order(contact, [("A", 1, 5)])
    make_order(contact, [("B", 1, 5)])
    assert belongs(contact, {"bought_product": {"products": ["A", "B"], "orders": 2}})
    assert not belongs(contact, bought(orders=2))


def test_units_are_counted_in_one_line() -> None:
    contact = make_contact()
    make_order(contact, [("A", 5, 5), ("A", 4, 5)])
    assert belongs(contact, bought(quantity=5))
    assert not belongs(contact, bought(quantity=6))


def test_the_case_of_a_sku_does_not_matter() -> None:
    contact = make_contact()
    make_order(contact, [("85123a", 1, 5)])
    assert belongs(contact, {"bought_product": {"products": ["85123A"]}})
    assert belongs(contact, {"bought_product": {"products": ["85123a"]}})


def test_a_category_covers_the_categories_below_it() -> None:
    food = make_category(name="Food")
    tea = make_category(name="Tea", parent=food)
    green = make_category(name="Green tea", parent=tea)
    contact, other = make_contact(), make_contact()
    make_order(contact, [(make_product("SENCHA", category=green), 1, 5)])
    make_order(other, [(make_product("CUP"), 1, 5)])
    for slug in ("food", "tea", "green-tea"):
        assert belongs(contact, {"bought_product": {"categories": [slug]}})
        assert not belongs(other, {"bought_product": {"categories": [slug]}})
    assert belongs(other, {"bought_product": {"categories": ["food"], "products": ["CUP"]}})


def test_refunds_and_adjustments_are_no_purchases() -> None:
    contact = make_contact()
    make_order(contact, [("A", -1, 5)], kind=Order.Kind.REFUND)
    make_order(contact, [("A", 1, 5)], kind=Order.Kind.ADJUSTMENT)
    for rule in (
        bought(),
        {"order_count": {"min": 1}},
        {"last_order": {"max_days_ago": 9999}},
        {"average_order": {"max": 99}},
    ):
        assert not belongs(contact, rule)


def test_a_refund_changes_membership_by_net_spend_only() -> None:
    contact = make_contact()
    make_order(contact, [("A", 10, 10)], placed_at=ago(10))
    rules = [{"net_spend": {"min": 100}}, {"average_order": {"min": 100}}]
    assert belongs(contact, *rules)
    make_order(contact, [("A", -1, "0.01")], placed_at=ago(5), kind=Order.Kind.REFUND)
    assert not belongs(contact, rules[0])
    assert belongs(contact, rules[1])


@pytest.mark.parametrize(
    "rule",
    [
        bought(days=30),
        {"order_count": {"min": 1, "days": 30}},
        {"net_spend": {"min": 1, "days": 30}},
        {"average_order": {"min": 1, "days": 30}},
        {"last_order": {"max_days_ago": 30}},
        {"first_order": {"max_days_ago": 30}},
    ],
    ids=lambda rule: next(iter(rule)),
)
def test_the_window_ends_at_the_moment_and_includes_both_ends(rule: dict[str, Any]) -> None:
    second = timedelta(seconds=1)
    moments = {"before": ago(30) - second, "first": ago(30), "last": AT, "after": AT + second}
    contacts = {name: make_contact() for name in moments}
    for name, moment in moments.items():
        make_order(contacts[name], [("A", 1, 5)], placed_at=moment)
    assert [name for name in moments if belongs(contacts[name], rule)] == ["first", "last"]


def test_nothing_after_the_moment_counts() -> None:
    contact = make_contact()
    make_order(contact, [("A", 1, 100)], placed_at=ago(10))
    make_order(contact, [("A", -1, 100)], placed_at=AT + timedelta(days=1), kind=Order.Kind.REFUND)
    make_order(contact, [("A", 1, 1)], placed_at=AT + timedelta(days=2))
    assert belongs(
        contact,
        {"net_spend": {"min": 100, "max": 100}},
        {"order_count": {"min": 1, "max": 1}},
        {"average_order": {"min": 100}},
        {"last_order": {"min_days_ago": 10}},
    )


def test_days_since_the_last_and_the_first_order() -> None:
    contact = make_contact()
    make_order(contact, placed_at=ago(100))
    make_order(contact, placed_at=ago(20))
    assert belongs(contact, {"last_order": {"min_days_ago": 20, "max_days_ago": 20}})
    assert not belongs(contact, {"last_order": {"min_days_ago": 21}})
    assert not belongs(contact, {"last_order": {"max_days_ago": 19}})
    assert not belongs(contact, {"last_order": {"min_days_ago": 90, "max_days_ago": 110}})
    assert belongs(contact, {"first_order": {"min_days_ago": 100, "max_days_ago": 100}})
    assert not belongs(contact, {"first_order": {"min_days_ago": 101}})
    assert not belongs(contact, {"first_order": {"max_days_ago": 99}})


def test_who_never_ordered_spent_nothing_but_has_no_average_and_no_last_order() -> None:
    contact = make_contact()
    assert belongs(
        contact,
        {"order_count": {"max": 0}},
        {"order_count": {"max": 5}},
        {"net_spend": {"max": 10}},
        {"net_spend": {"min": 0}},
        {"net_spend": {"over": -1}},
    )
    for rule in (
        {"order_count": {"min": 1}},
        {"net_spend": {"over": 0}},
        {"net_spend": {"min": 1}},
        {"net_spend": {"max": -1}},
        {"average_order": {"max": 10}},
        {"last_order": {"min_days_ago": 1}},
        {"first_order": {"min_days_ago": 1}},
    ):
        assert not belongs(contact, rule)


def test_more_than_is_not_at_least() -> None:
    contact = make_contact()
    make_order(contact, [("A", 3, "33.33"), ("B", 1, "0.01")])
    assert belongs(contact, {"net_spend": {"min": 100, "max": 100}}, {"average_order": {"min": 100, "max": 100}})
    assert not belongs(contact, {"net_spend": {"over": 100}})
    assert not belongs(contact, {"average_order": {"over": 100}})
    assert belongs(contact, {"net_spend": {"over": 99.9999}})


def test_tenths_add_up_exactly() -> None:
    contact = make_contact()
    for _index in range(10):
        make_order(contact, [("A", 1, "0.1")])
    assert belongs(contact, {"net_spend": {"min": 1, "max": 1}}, {"average_order": {"min": 0.1, "max": 0.1}})


def test_sums_can_keep_to_one_currency() -> None:
    contact = make_contact()
    make_order(contact, [("A", 1, 100)], currency="GBP")
    make_order(contact, [("A", 1, 900)], currency="EUR")
    assert belongs(contact, {"net_spend": {"min": 100, "max": 100, "currency": "gbp"}})
    assert belongs(contact, {"average_order": {"min": 900, "currency": "EUR"}})
    assert not belongs(contact, {"net_spend": {"min": 1, "currency": "USD"}})


def test_orders_without_a_contact_take_nobody_away() -> None:
    contact = make_contact()
    make_order(None, [("A", 1, 5)])
    assert belongs(contact, {"none": [bought()]}, {"none": [{"order_count": {"min": 1}}]}, {"order_count": {"max": 0}})


def test_sums_over_the_same_orders_share_one_pass() -> None:
    rules = make_rules({"order_count": {"min": 5}}, {"average_order": {"min": 300}}, {"order_count": {"max": 9}})
    sql = str(members(rules, at=AT).query)
    assert sql.count("GROUP BY") == 1
    apart = make_rules({"order_count": {"min": 5}}, {"average_order": {"min": 300, "days": 5}})
    assert str(members(apart, at=AT).query).count("GROUP BY") == 2


def test_products_bought_and_never_bought_share_one_pass() -> None:
    make_product("A"), make_product("B")
    never = {"none": [{"bought_product": {"products": ["B"]}}]}
    sql = str(members(make_rules(bought(), never, {"any": [bought(orders=2)]}), at=AT).query)
    assert sql.count("GROUP BY") == 1
    assert sql.count('FROM "wagtail_precise_mail_orderline"') == 1


@pytest.mark.parametrize("bound_to", ["line", "all"])
def test_products_in_one_pass_are_looked_up_together(bound_to: str) -> None:
    """ "These lines or those" would be two bitmaps, and no index alone would answer."""
    make_product("A"), make_product("B"), make_product("C")
    both, first, other = make_contact(), make_contact(), make_contact()
    make_order(both, [("A", 1, 5), ("B", 2, 5)])
    make_order(first, [("A", 2, 5), ("C", 1, 5)])
    make_order(other, [("C", 9, 5)])
    rules = [{"bought_product": {"products": [one], "bound_to": bound_to}} for one in ("A", "B")]
    few = {"bought_product": {"products": ["A"], "bound_to": bound_to, "quantity": 2}}
    alike = make_rules(rules[0], {"none": [rules[1]]})
    sql = str(members(alike, at=AT).query)
    assert sql.count('IN (SELECT U0."id"') == 1
    assert " OR " not in sql
    assert set(members(alike, at=AT)) == {first}
    assert set(members(make_rules(*rules), at=AT)) == {both}
    assert set(members(make_rules({"any": rules}), at=AT)) == {both, first}
    # What is asked of the lines is not the same: each keeps its own.
    assert set(members(make_rules(few, {"none": [rules[1]]}), at=AT)) == {first}
    assert set(members(make_rules({"any": [few, rules[1]]}), at=AT)) == {both, first}


def test_products_in_other_money_are_not_looked_up_together() -> None:
    make_product("A"), make_product("B")
    rules = [
        {"bought_product": {"products": [sku], "bound_to": "all", "amount": 5, "currency": currency}}
        for sku, currency in [("A", "EUR"), ("B", "GBP")]
    ]
    sql = str(members(make_rules(*rules), at=AT).query)
    assert sql.count("GROUP BY") == 1
    assert " OR " in sql


def test_nobody_is_left_out_by_not_in() -> None:
    """NOT IN is read again for each contact once it is too large for ``work_mem``: see ``all_but``."""
    make_product("A")
    for rule in (bought(), bought(orders=2), {"net_spend": {"min": 5}}, {"last_order": {"min_days_ago": 5}}):
        sql = str(members(make_rules({"none": [rule]}), at=AT).query)
        assert "NOT (EXISTS" in sql or "NOT EXISTS" in sql
        assert "NOT IN" not in sql
        assert 'NOT ("wagtail_precise_mail_contact"."id" IN' not in sql


def test_an_explanation_shows_the_facts() -> None:
    contact = make_contact(country="GB")
    make_order(contact, [("A", 1, 7)], number="1001", placed_at=ago(9))
    make_order(contact, [("A", -1, 2)], number="C1", placed_at=ago(8), kind=Order.Kind.REFUND)
    rules = make_rules(bought(), {"none": [{"net_spend": {"min": 5}}, {"first_order": {"max_days_ago": 5}}]})
    lines = explain(rules, contact, at=AT).lines()
    assert lines == [
        "- All of these",
        "  + bought Product A (A) [1 order: 1001 on May 23, 2026]",
        "  - None of these",
        "    + spent at least 5 net of refunds [net spend 5.00; 2 orders: 1001 on May 23, 2026, C1 on May 24, 2026]",
        "    - placed their first order at most 5 days ago [order 1001 on May 23, 2026]",
    ]


def test_amounts_from_a_file_stay_exact() -> None:
    rules = make_rules({"net_spend": {"min": Decimal("0.1"), "max": 1}})
    assert rules.to_json() == {"rules": [{"net_spend": {"min": 0.1, "max": 1}}]}


def test_a_refund_takes_out_who_no_longer_bought_enough() -> None:
    tea = make_category(name="Tea")
    sencha, cup = make_product("SENCHA", category=tea), make_product("CUP")
    contact = make_contact()
    for days in (10, 90):
        make_order(contact, [(sencha, 1, 5)], placed_at=ago(days))
    rules = [
        {
            "bought_product": {
                "categories": ["tea"],
                "quantity": 2,
                "bound_to": "all",
                "net_of_refunds": True,
                "days": 99,
            }
        },
        {"never_bought_product": {"products": ["CUP"]}},
    ]
    assert belongs(contact, *rules)
    make_order(contact, [(sencha, -1, 5)], placed_at=ago(5), kind=Order.Kind.REFUND)
    assert not belongs(contact, rules[0])
    assert belongs(contact, rules[1])
    make_order(contact, [(cup, 1, 5)], placed_at=ago(5))
    assert not belongs(contact, rules[1])


def test_a_tree_of_categories_with_a_loop_ends() -> None:
    first = make_category(name="First")
    second = make_category(name="Second", parent=first)
    first.parent = second
    first.save()
    contact = make_contact()
    make_order(contact, [(make_product("A", category=first), 1, 5)])
    for slug in ("first", "second"):
        assert belongs(contact, {"bought_product": {"categories": [slug]}})


def test_currencies_are_never_added_as_if_they_were_one() -> None:
    contact = make_contact()
    make_order(contact, [("A", 1, 100)], currency="GBP", base_rate=1)
    make_order(contact, [("A", 1, 100)], currency="EUR", base_rate=Decimal("0.8"))
    make_order(contact, [("A", 1, 100)], currency="XTS", base_rate=None)
    assert belongs(contact, {"net_spend": {"min": 180, "max": 180}}, {"average_order": {"min": 90, "max": 90}})
    assert belongs(contact, {"net_spend": {"min": 100, "max": 100, "currency": "XTS"}}, {"unrated_orders": {}})
    assert belongs(contact, {"order_count": {"min": 3}})


def test_a_day_of_the_calendar_is_one_of_the_site(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Shanghai"
    contact = make_contact()
    make_order(contact, placed_at=datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC))
    other = make_contact()
    make_order(other, placed_at=datetime(2026, 3, 1, 16, tzinfo=UTC))
    rule = {"order_count": {"min": 1, "from_on": "2026-03-01", "until_on": "2026-03-01"}}
    assert belongs(contact, rule)
    assert not belongs(other, rule)
