"""Bulk orders, refunds, carts, products and deletion over the API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.api.test_orders import ORDER
from wagtail_precise_mail.commerce.models import Cart, Order, Product

pytestmark = pytest.mark.django_db

PLACES: dict[str, tuple[str, str, list[str]]] = {
    "bulk": ("post", "api_orders_bulk", []),
    "refunds": ("post", "api_refunds", []),
    "carts": ("post", "api_carts", []),
    "products": ("post", "api_products", []),
    "order": ("delete", "api_order", ["erp", "1000"]),
    "cart": ("delete", "api_cart", ["erp", "k"]),
}
LINE = {"sku": "85123A", "quantity": 6, "unit_price": "2.55"}
REFUND = {"source": "erp", "number": "R1", "refund_of": "1000", "placed_at": "2026-01-20T12:00:00Z"}
CART = {"source": "erp", "key": "k", "currency": "GBP", "email": "ada@example.com", "lines": [LINE]}


@pytest.fixture(autouse=True)
def _token(settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"api_tokens": ["token"]}


def ask(place: str, body: Any = None, *, token: str = "token", at: list[str] | None = None) -> HttpResponse:
    method, name, parts = PLACES[place]
    url = reverse(f"wagtail_precise_mail:{name}", args=at or parts)
    client = Client(enforce_csrf_checks=True)
    headers = {"Authorization": f"Bearer {token}"}
    return getattr(client, method)(url, json.dumps(body), "application/json", headers=headers)


def post_order(**overrides: Any) -> HttpResponse:
    return ask("bulk", {"orders": [{**ORDER, **overrides}]})


@pytest.mark.parametrize("place", sorted(PLACES))
def test_without_a_token_every_door_is_closed(place: str) -> None:
    post_order()
    ask("carts", CART)

    assert ask(place, {}, token="wrong").status_code == 401
    assert Order.objects.count() == Cart.objects.filter(closed_at=None).count() == 1


@pytest.mark.parametrize("place", sorted(PLACES))
def test_reading_is_not_offered(place: str) -> None:
    _method, name, parts = PLACES[place]

    assert Client().get(reverse(f"wagtail_precise_mail:{name}", args=parts)).status_code == 405


class TestOrders:
    def test_an_order_tells_discounts_coupons_and_ways(self) -> None:
        terms = {"order_discount": "1.3", "shipping_total": 4.5, "coupons": ["spring"], "channel": "app"}
        line = {**LINE, "discount": "0.5", "unit_cost": "1"}
        post_order(**terms, payment_method="card", shipping_method="bike", lines=[line])

        order = Order.objects.get()
        assert (float(order.total), float(order.discount_total), order.cost_total) == (18.0, 1.8, 6)
        assert (order.channel, order.payment_method, order.shipping_method) == ("app", "card", "bike")
        assert order.coupons.get().code == "SPRING"

    def test_one_wrong_order_fails_alone(self) -> None:
        orders = [ORDER, {**ORDER, "number": "2", "currency": "XYZ"}, {**ORDER, "number": "3", "surprise": 1}]

        answer = ask(
            "bulk", {"orders": [*orders, ORDER, {**ORDER, "number": "4", "placed_at": "2099-01-01T00:00:00Z"}]}
        )

        assert answer.status_code == 200
        told = answer.json()["orders"]
        assert told[0] == {"number": "1000", "created": True, "changed": False}
        assert list(told[1]["errors"]) == ["currency"]
        assert told[2] == {"number": "3", "errors": {"surprise": "is unknown."}}
        assert told[3] == {"number": "1000", "created": False, "changed": False}
        assert "future" in told[4]["errors"]["placed_at"]
        assert Order.objects.count() == 1

    @pytest.mark.parametrize("body", [{}, {"orders": {}}, {"orders": [1]}, {"orders": []}, {"orders": [ORDER], "x": 1}])
    def test_what_is_no_list_of_orders_is_400(self, body: Any) -> None:
        assert ask("bulk", body).status_code == 400

    @pytest.mark.parametrize(
        ("terms", "place"),
        [
            ({"coupons": "spring"}, "coupons"),
            ({"coupons": [""]}, "coupons"),
            ({"order_discount": "1e99999999"}, "order_discount"),
            ({"channel": "x" * 51}, "channel"),
            ({"lines": [{**LINE, "unit_cost": "-1"}]}, "lines[0].unit_cost"),
            ({"lines": [{**LINE, "discount": True}]}, "lines[0].discount"),
        ],
    )
    def test_wrong_terms_are_told_by_their_place(self, terms: dict[str, Any], place: str) -> None:
        assert list(post_order(**terms).json()["orders"][0]["errors"]) == [place]

    def test_an_order_is_deleted_once(self) -> None:
        post_order(number="a/b")

        answers = [ask("order", at=["erp", "a/b"]) for _twice in range(2)]

        assert [answer.status_code for answer in answers] == [200, 404]
        assert not Order.objects.exists()


class TestRefunds:
    def test_a_refund_is_kept_once(self) -> None:
        post_order()

        answers = [ask("refunds", {**REFUND, "lines": [{"position": 1, "quantity": 2}]}) for _twice in range(2)]

        assert [answer.status_code for answer in answers] == [201, 200]
        refund = Order.objects.get(kind="refund")
        assert (float(refund.total), refund.refund_of.number) == (-5.1, "1000")

    def test_without_lines_everything_comes_back(self) -> None:
        post_order()

        ask("refunds", REFUND)

        assert float(Order.objects.get(kind="refund").total) == -15.3

    @pytest.mark.parametrize(
        ("overrides", "place"),
        [
            ({"lines": [{"position": 1, "quantity": 7}]}, "lines"),
            ({"lines": [{"position": 1, "quantity": 0}]}, "lines[0].quantity"),
            ({"refund_of": "9"}, "refund_of"),
            ({"refund_of": ""}, "refund_of"),
            ({"placed_at": "yesterday"}, "placed_at"),
        ],
    )
    def test_what_makes_no_sense_is_400(self, overrides: dict[str, Any], place: str) -> None:
        post_order()

        answer = ask("refunds", {**REFUND, **overrides})

        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == [place]


class TestCarts:
    def test_a_cart_is_kept_and_given_up(self) -> None:
        assert ask("carts", CART).json() == {"key": "k", "open": True}
        assert ask("cart").status_code == 200
        assert ask("cart").status_code == 404
        assert Cart.objects.get().closed_at is not None

    def test_an_order_with_its_key_closes_it(self) -> None:
        ask("carts", {**CART, "email": ""})

        post_order(cart_key="k")

        assert Cart.objects.get().order.number == "1000"

    def test_an_empty_cart_is_given_up(self) -> None:
        assert ask("carts", {**CART, "lines": []}).json()["open"] is False

    def test_what_makes_no_sense_is_400(self) -> None:
        answer = ask("carts", {**CART, "currency": "??", "lines": [{**LINE, "quantity": 0}]})

        assert set(answer.json()["errors"]) == {"currency", "lines[0].quantity"}


class TestProducts:
    def test_products_are_kept_with_all_that_belongs_to_them(self) -> None:
        product = {
            "sku": "shirt",
            "name": "Shirt",
            "price": "20",
            "currency": "GBP",
            "stock_count": -2,
            "category": "Clothes > Shirts",
            "tags": ["vegan"],
            "attributes": {"weight": 0.25, "sizes": ["S", "L"]},
            "variants": [{"sku": "shirt-l", "name": "L", "stock_count": 3}],
            "images": [{"image_url": "https://cdn.example.com/1.jpg"}],
            "is_replenishable": True,
            "replenish_days": 90,
        }

        told = ask("products", {"products": [product, {"sku": "B", "colour": "red"}, {"sku": "shirt-l"}]}).json()

        kept = Product.objects.get()
        assert told["products"][0] == {"sku": "SHIRT", "id": kept.pk}
        assert told["products"][1] == {"sku": "B", "errors": {"colour": "is unknown."}}
        assert "variant of SHIRT" in told["products"][2]["errors"]["sku"]
        assert (kept.attributes, kept.stock_count) == ({"weight": 0.25, "sizes": ["S", "L"]}, 3)
        assert (kept.category.name, kept.tags.count(), kept.images.count()) == ("Shirts", 1, 1)
