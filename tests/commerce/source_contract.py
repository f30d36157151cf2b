"""What every commerce source must keep; a test class of a source inherits this and gives its own ``source``."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from wagtail_precise_mail.commerce.models import (
    Cart,
    CartLine,
    Category,
    Order,
    OrderCoupon,
    OrderLine,
    Product,
    ProductVariant,
    normalize_sku,
)
from wagtail_precise_mail.commerce.services import pull
from wagtail_precise_mail.commerce.signals import order_recorded
from wagtail_precise_mail.commerce.sources import OrderData, ProductData, Source
from wagtail_precise_mail.contacts.addresses import normalize_address
from wagtail_precise_mail.contacts.models import Contact

_MODELS = (Product, ProductVariant, Category, Order, OrderLine, OrderCoupon, Cart, CartLine, Contact)


@pytest.mark.django_db
class SourceContract:
    """Inherit, and write a fixture ``source`` with at least two orders at two moments."""

    def test_it_is_a_source(self, source: Source) -> None:
        assert isinstance(source, Source)

    def test_products_have_a_sku_of_their_own(self, source: Source) -> None:
        products = list(source.products())

        assert products
        assert all(isinstance(product, ProductData) for product in products)
        skus = [normalize_sku(product.sku) for product in products]
        assert all(skus)
        assert len(skus) == len(set(skus))

    def test_prices_are_decimals_with_their_currency(self, source: Source) -> None:
        priced = [product for product in source.products() if product.price is not None]

        assert all(isinstance(product.price, Decimal) and len(product.currency) == 3 for product in priced)

    def test_orders_have_a_number_of_their_own_and_a_moment(self, source: Source) -> None:
        orders = list(source.orders())

        assert len(orders) >= 2
        assert all(isinstance(order, OrderData) for order in orders)
        assert len({order.number for order in orders}) == len(orders)
        assert all(order.placed_at.utcoffset() is not None for order in orders)

    def test_orders_speak_our_words(self, source: Source) -> None:
        for order in source.orders():
            assert order.kind in Order.Kind.values
            assert len(order.currency) == 3
            assert len(order.country) in (0, 2)
            if order.email:
                normalize_address(order.email)

    def test_lines_are_exact(self, source: Source) -> None:
        for order in source.orders():
            assert order.lines
            assert all(isinstance(line.quantity, int) for line in order.lines)
            amounts = [amount for line in order.lines for amount in (line.unit_price, line.discount, line.unit_cost)]
            amounts += [order.order_discount, order.shipping_total]
            assert all(isinstance(amount, Decimal) for amount in amounts if amount is not None)

    def test_carts_have_a_key_of_their_own_and_a_moment(self, source: Source) -> None:
        carts = list(source.carts())

        assert len({cart.key for cart in carts}) == len(carts)
        assert all(cart.changed_at.utcoffset() is not None for cart in carts)

    def test_asking_twice_gives_the_same(self, source: Source) -> None:
        assert list(source.orders()) == list(source.orders())
        assert list(source.products()) == list(source.products())

    def test_since_leaves_out_what_is_older(self, source: Source) -> None:
        moments = sorted({order.placed_at for order in source.orders()})

        later = list(source.orders(since=moments[0] + timedelta(microseconds=1)))

        assert 0 < len(later) < len(list(source.orders()))

    def test_nothing_is_newer_than_the_far_future(self, source: Source) -> None:
        newest = max(order.placed_at for order in source.orders())

        assert not list(source.orders(since=newest + timedelta(days=3650)))

    def test_pulling_keeps_everything(self, source: Source) -> None:
        pulled = pull(source, name="contract", is_historical=True)

        assert pulled.cart_count == len(list(source.carts())) == Cart.objects.filter(source="contract").count()
        assert pulled.created_count == pulled.order_count == len(list(source.orders()))
        assert {product.sku for product in Product.objects.all()} >= {
            normalize_sku(product.sku) for product in source.products()
        }
        for order in source.orders():
            stored = Order.objects.get(source="contract", number=order.number)
            assert stored.total == order.total
            assert stored.refund_of is None or stored.refund_of.number == order.refund_of
            if order.coupons is not None:
                assert set(stored.coupons.values_list("code", flat=True)) == {code.upper() for code in order.coupons}
            assert (stored.contact is None) == (not order.email)

    def test_pulling_twice_changes_nothing(self, source: Source) -> None:
        pull(source, name="contract", is_historical=True)
        before = [list(model.objects.order_by("pk").values()) for model in _MODELS]

        pulled = pull(source, name="contract", is_historical=True)

        assert (pulled.created_count, pulled.changed_count) == (0, 0)
        assert before == [list(model.objects.order_by("pk").values()) for model in _MODELS]

    def test_live_sales_are_announced_once(self, source: Source, django_capture_on_commit_callbacks) -> None:
        heard: list[str] = []

        def listen(order: Order, **kwargs: object) -> None:
            heard.append(order.number)

        order_recorded.connect(listen)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                pull(source, name="contract")
                pull(source, name="contract")
        finally:
            order_recorded.disconnect(listen)

        assert sorted(heard) == sorted(order.number for order in source.orders() if order.kind == Order.Kind.SALE)
