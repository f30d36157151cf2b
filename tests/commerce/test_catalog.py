"""Selections that are the same for all: what is in them, and in which order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.factories.commerce import PLACED_AT, make_category, make_order, make_product
from wagtail_precise_mail.commerce import catalog
from wagtail_precise_mail.commerce.models import Category, Product

pytestmark = pytest.mark.django_db

AT = PLACED_AT + timedelta(days=10)
PICTURE = "https://cdn.example.com/tea.jpg"


def shown(**overrides: Any) -> Product:
    """A product that lists may show."""
    return make_product(**{"image_url": PICTURE, **overrides})


@pytest.mark.parametrize(
    "missing",
    [{"image_url": ""}, {"is_published": False}, {"stock_count": 0}, {"stock_count": -2}, {"kind": "charge"}],
)
def test_what_cannot_be_bought_or_seen_is_in_no_list(missing: dict[str, Any]) -> None:
    shown(**missing)
    there = shown(stock_count=None)
    assert list(catalog.showable()) == [there]
    assert [one.pk for one in Product.objects.order_by("pk") if one.is_available] == list(
        catalog.for_sale().values_list("pk", flat=True)
    )


def test_newest_are_sorted_by_since_when_they_are_new() -> None:
    old = shown(published_at=PLACED_AT - timedelta(days=400))
    first, second = shown(), shown()
    assert catalog.newest(3) == [second.pk, first.pk, old.pk]


def test_on_offer_is_what_costs_less_than_before_the_greatest_discount_first() -> None:
    shown(price=Decimal(10), compare_at_price=Decimal(10))
    shown(price=Decimal(10))
    shown(price=None, compare_at_price=Decimal(10))
    tenth = shown(price=Decimal(90), compare_at_price=Decimal(100))
    half = shown(price=Decimal(5), compare_at_price=Decimal(10))
    assert catalog.on_offer(9) == [half.pk, tenth.pk]
    assert (half.discount_percent, tenth.discount_percent) == (50, 10)


def test_best_selling_counts_pieces_of_the_last_days_less_what_came_back() -> None:
    tea, pot, old, returned = shown(), shown(), shown(), shown()
    make_order(lines=[(tea, 3, 5), (pot, 5, 20)], placed_at=AT - timedelta(days=2))
    make_order(lines=[(old, 50, 5)], placed_at=AT - timedelta(days=200))
    make_order(lines=[(returned, 9, 5)], placed_at=AT - timedelta(days=3))
    make_order(lines=[(returned, -9, 5)], placed_at=AT - timedelta(days=1), kind="refund")
    make_order(lines=[(tea, 99, 5)], placed_at=AT + timedelta(days=1))
    assert catalog.best_selling(at=AT, days=90) == [pot.pk, tea.pk]


def test_equally_popular_products_keep_their_order() -> None:
    products = [shown() for _number in range(4)]
    make_order(lines=[(product, 1, 5) for product in reversed(products)], placed_at=AT)
    assert catalog.best_selling(at=AT, days=9) == [product.pk for product in products]


def test_category_has_the_products_of_those_below_it() -> None:
    top = make_category(name="Drinks")
    tea = make_category(name="Tea", parent=top)
    green = make_category(name="Green", parent=tea)
    other = shown(category=make_category(name="Pots"))
    products = [shown(category=category) for category in (top, tea, green)]
    assert catalog.in_category(top.pk, 9) == [product.pk for product in reversed(products)]
    assert other.pk not in catalog.in_category(tea.pk, 9)


def test_ring_of_categories_ends() -> None:
    one, two = make_category(name="One"), make_category(name="Two")
    Category.objects.filter(pk=one.pk).update(parent=two)
    Category.objects.filter(pk=two.pk).update(parent=one)
    assert catalog.category_and_below(one.pk) == {one.pk, two.pk}


def test_picked_products_keep_the_order_of_the_editor() -> None:
    first, second, gone = shown(), shown(), shown(stock_count=0)
    assert catalog.picked([second.pk, gone.pk, first.pk, second.pk, 4711]) == [second.pk, first.pk]


@pytest.mark.parametrize(
    ("facts", "is_shown"),
    [
        ({"price": "10", "cost": "6"}, True),
        ({"price": "12.40", "cost": "7.44"}, True),
        ({"price": "12.40", "cost": "7.4401"}, False),
        ({"price": "0.07", "cost": "0.042"}, True),
        ({"price": "10", "cost": "0"}, True),
        ({"price": "10", "cost": None}, False),
        ({"price": None, "cost": "1"}, False),
        ({"price": "0", "cost": "0"}, False),
    ],
)
def test_least_margin_is_kept_to_the_penny_and_unknown_costs_are_left_out(
    facts: dict[str, Any], is_shown: bool
) -> None:
    product = shown(**{name: value and Decimal(value) for name, value in facts.items()})
    assert catalog.newest(9, min_margin=40) == ([product.pk] if is_shown else [])
    assert catalog.newest(9) == [product.pk]
    assert (product.margin_percent is not None and product.margin_percent >= 40) == is_shown


def test_every_selection_for_all_keeps_the_margin() -> None:
    category = make_category()
    facts = {"category": category, "price": Decimal(10), "compare_at_price": Decimal(20)}
    good, _poor = shown(**facts, cost=Decimal(5)), shown(**facts, cost=Decimal(9))
    assert catalog.in_category(category.pk, 9, min_margin=50) == [good.pk]
    assert catalog.on_offer(9, min_margin=50) == [good.pk]
    assert catalog.newest(9, min_margin=50) == [good.pk]
