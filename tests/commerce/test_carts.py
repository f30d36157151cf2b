"""Carts: open until they are ordered or given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.factories.commerce import make_product
from wagtail_precise_mail.commerce.models import Cart, Product, ProductVariant
from wagtail_precise_mail.commerce.services import (
    CartLineData,
    OrderLineData,
    close_cart,
    record_cart,
    record_order,
)
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.personal_data import collect_everything
from wagtail_precise_mail.contacts.timeline import timeline_sources
from wagtail_precise_mail.exceptions import InvalidRecord

pytestmark = pytest.mark.django_db

AT = datetime(2026, 2, 15, 12, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def cart(*lines: CartLineData, at: datetime = AT, **overrides: Any) -> Cart:
    wanted = {"source": "shop", "key": "k", "currency": "GBP", "email": "ada@example.com", **overrides}
    return record_cart(lines=lines or [CartLineData("A", 2, Decimal("4.5"))], at=at, **wanted)


def order(at: datetime = LATER, **overrides: Any) -> Any:
    wanted = {"source": "shop", "number": "1", "currency": "GBP", "placed_at": at, "at": at, **overrides}
    return record_order(lines=[OrderLineData("A", 1, Decimal(1))], **wanted).order


def test_a_cart_is_kept_with_its_sum() -> None:
    kept = cart(url="https://shop.example.com/cart/k")

    assert (kept.total, kept.contact.email, kept.closed_at, kept.started_at) == (9, "ada@example.com", None, AT)
    assert kept.lines.get().product.sku == "A"


def test_the_same_cart_again_changes_nothing() -> None:
    cart()

    assert cart(at=LATER).changed_at == AT
    assert Cart.objects.get().lines.count() == 1


def test_a_changed_cart_is_as_it_was_told_last() -> None:
    shirt = make_product("SHIRT")
    ProductVariant.objects.create(product=shirt, sku="SHIRT-L")
    cart()

    kept = cart(CartLineData("shirt-l", 1, Decimal(20)), at=LATER)

    assert (kept.total, kept.changed_at, kept.started_at) == (20, LATER, AT)
    assert kept.lines.values_list("product__sku", "variant__sku").get() == ("SHIRT", "SHIRT-L")


def test_news_that_was_overtaken_changes_nothing() -> None:
    cart(at=LATER)

    assert cart(CartLineData("B", 9, Decimal(1)), at=AT).total == 9
    assert not Cart.objects.filter(lines__product__sku="B").exists()


def test_an_emptied_cart_is_given_up_and_a_filled_one_is_open_again() -> None:
    cart()

    given_up = record_cart(source="shop", key="k", lines=[], currency="GBP", at=LATER)
    assert (given_up.closed_at, given_up.order, given_up.total) == (LATER, None, 0)

    assert cart(at=LATER + timedelta(hours=1)).closed_at is None


def test_an_order_of_the_contact_closes_the_cart() -> None:
    kept = cart()

    bought = order(contact=kept.contact)

    kept.refresh_from_db()
    assert (kept.closed_at, kept.order) == (LATER, bought)


def test_an_order_with_the_key_closes_the_cart_of_nobody() -> None:
    kept = cart(email="")

    bought = order(cart_key="k")

    kept.refresh_from_db()
    assert kept.order == bought


@pytest.mark.parametrize("overrides", [{"kind": "refund"}, {"source": "other"}, {"contact": None}])
def test_what_is_no_sale_of_theirs_in_that_shop_closes_nothing(overrides: dict[str, Any]) -> None:
    kept = cart()

    order(**{"contact": kept.contact, **overrides})

    kept.refresh_from_db()
    assert kept.closed_at is None


def test_history_closes_no_cart_of_later() -> None:
    kept = cart()

    order(at=LATER, placed_at=AT - timedelta(days=9), contact=kept.contact, is_historical=True)

    kept.refresh_from_db()
    assert kept.closed_at is None


def test_an_ordered_cart_stays_ordered_whatever_is_told_later() -> None:
    kept = cart()
    order(contact=kept.contact)

    cart(CartLineData("B", 1, Decimal(1)), at=LATER + timedelta(hours=1))

    kept.refresh_from_db()
    assert kept.order is not None
    assert kept.lines.get().product.sku == "A"


def test_a_cart_is_closed_once() -> None:
    cart()

    assert [close_cart("shop", "k", at=LATER), close_cart("shop", "k", at=LATER)] == [True, False]
    assert Cart.objects.get().closed_at == LATER


@pytest.mark.parametrize(
    "overrides",
    [
        {"currency": "XYZ"},
        {"key": ""},
        {"changed_at": AT + timedelta(days=2)},
        {"lines": [CartLineData("A", 0, Decimal(1))]},
        {"lines": [CartLineData("", 1, Decimal(1))]},
        {"lines": [CartLineData("A", 1, Decimal("Infinity"))]},
    ],
)
def test_what_makes_no_sense_is_refused(overrides: dict[str, Any]) -> None:
    lines = overrides.pop("lines", [])
    with pytest.raises(InvalidRecord):
        cart(*lines, **overrides)

    assert not Cart.objects.exists()
    assert not Product.objects.exists()


class TestWhatIsKnownOfAPerson:
    def test_carts_are_in_the_export_and_go_with_the_contact(self) -> None:
        ada = cart().contact

        tables = collect_everything(ada)
        assert tables["carts"][0]["key"] == "k"
        assert tables["cart_lines"][0]["product__sku"] == "A"

        ada.delete()
        assert not Cart.objects.exists()

    def test_a_cart_is_on_the_timeline_and_says_what_became_of_it(self) -> None:
        ada = cart(CartLineData("A", 2, Decimal("4.5")), CartLineData("B", 1, Decimal(1))).contact
        source = timeline_sources.get("cart")()

        assert source.entries(ada, limit=9)[0].title == "Put 3 things into a cart"
        assert source.entries(ada, limit=9)[0].detail == "£10.00, open"
        order(contact=ada)
        entry = source.entries(ada, limit=9)[0]

        assert (entry.at, entry.detail) == (AT, "£10.00, ordered as 1")

    def test_the_timeline_of_carts_is_one_query(self, django_assert_num_queries) -> None:
        for number in range(3):
            cart(key=str(number))
        ada = Contact.objects.get()

        with django_assert_num_queries(1):
            assert len(timeline_sources.get("cart")().entries(ada, limit=9)) == 3
