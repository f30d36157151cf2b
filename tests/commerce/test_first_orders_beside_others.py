"""Whose first order was lately has no older ones: what stands beside that condition need not look for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.segments import make_rules
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.queries import members

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
NEW = {"first_order": {"max_days_ago": 60}}
BESIDE: list[dict[str, Any]] = [
    {"ordered_through": {"channels": ["app"]}},
    {"order_count": {"min": 2}},
    {"order_count": {"max": 1}},
    {"bought_product": {"products": ["A"]}},
    {"never_bought_product": {"products": ["A"]}},
    {"net_spend": {"min": 8}},
    {"average_order": {"min": 8}},
]
OLD_MOMENT = "2026-04-02"
"""Sixty days before."""


@pytest.fixture(autouse=True)
def shop() -> None:
    for days, number in ((10, 1), (100, 2), (100, 3)):
        for channel in ("app", "web"):
            contact = make_contact(first_name=f"{channel} {days} {number}")
            for order in range(number):
                day = AT - timedelta(days=days / (order + 1))
                make_order(contact, [("A" if order else "B", 1, 5)], placed_at=day, channel=channel)
    make_contact(first_name="nobody")


def found(*rules: dict[str, Any]) -> set[str]:
    return set(members(make_rules(*rules), at=AT).values_list("first_name", flat=True))


def sql(*rules: dict[str, Any]) -> str:
    return str(members(make_rules(*rules), at=AT).query)


@pytest.mark.parametrize("other", BESIDE, ids=lambda rule: next(iter(rule)))
def test_both_at_once_are_who_is_in_each(other: dict[str, Any]) -> None:
    assert found(NEW, other) == found(NEW) & found(other)


@pytest.mark.parametrize("other", BESIDE, ids=lambda rule: next(iter(rule)))
def test_all_but_the_other_are_who_is_in_the_one_alone(other: dict[str, Any]) -> None:
    assert found(NEW, {"none": [other]}) == found(NEW) - found(other)


@pytest.mark.parametrize("other", BESIDE, ids=lambda rule: next(iter(rule)))
def test_either_is_who_is_in_any(other: dict[str, Any]) -> None:
    assert found({"any": [NEW, other]}) == found(NEW) | found(other)


@pytest.mark.parametrize("other", BESIDE, ids=lambda rule: next(iter(rule)))
def test_old_customers_are_found_by_their_old_orders(other: dict[str, Any]) -> None:
    assert found({"none": [NEW]}, other) == found(other) - found(NEW)


def test_older_orders_are_not_read_beside_it() -> None:
    app = {"ordered_through": {"channels": ["app"]}}
    assert sql(NEW, app).count(OLD_MOMENT) == sql(NEW).count(OLD_MOMENT) + 1
    assert sql({"any": [NEW, app]}).count(OLD_MOMENT) == sql(NEW).count(OLD_MOMENT)


def test_first_orders_of_long_ago_say_nothing_of_later_ones() -> None:
    contact = Contact.objects.get(first_name="app 100 2")
    assert contact.first_name in found({"first_order": {"min_days_ago": 60}}, {"bought_product": {"products": ["A"]}})
