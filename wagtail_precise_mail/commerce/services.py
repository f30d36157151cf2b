"""The public verbs of this room; each is written in the file of its subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from wagtail_precise_mail.commerce.carts import close_cart, record_cart, record_told_cart
from wagtail_precise_mail.commerce.categories import upsert_category
from wagtail_precise_mail.commerce.order_data import (
    CartLineData,
    OrderData,
    OrderLineData,
    RecordedOrder,
    RecordedOrders,
    RefundLineData,
    RefusedOrder,
)
from wagtail_precise_mail.commerce.products import RecordedProducts, RefusedProduct, upsert_product, upsert_products
from wagtail_precise_mail.commerce.rates import delete_exchange_rate, rate_orders, set_exchange_rate
from wagtail_precise_mail.commerce.recording import record_order, record_orders, record_told_order
from wagtail_precise_mail.commerce.refunds import record_refund
from wagtail_precise_mail.commerce.removing import delete_order, delete_orders

if TYPE_CHECKING:
    from wagtail_precise_mail.commerce.sources import Source

__all__ = [
    "CartLineData",
    "OrderData",
    "OrderLineData",
    "PulledOrders",
    "RecordedOrder",
    "RecordedOrders",
    "RecordedProducts",
    "RefundLineData",
    "RefusedOrder",
    "RefusedProduct",
    "close_cart",
    "delete_exchange_rate",
    "delete_order",
    "delete_orders",
    "pull",
    "rate_orders",
    "record_cart",
    "record_order",
    "record_orders",
    "record_refund",
    "set_exchange_rate",
    "upsert_category",
    "upsert_product",
    "upsert_products",
]


@dataclass(frozen=True)
class PulledOrders:
    """What :func:`pull` did."""

    product_count: int
    order_count: int
    created_count: int
    changed_count: int
    cart_count: int = 0


def pull(
    source: Source, *, name: str, since: datetime | None = None, is_historical: bool = False, at: datetime | None = None
) -> PulledOrders:
    """Take over products, orders and carts of a source. Each is stored on its own, so that a break loses nothing.

    Args:
        name: under which the orders are kept; with their number it is their key.
        since: only what was changed or placed from then on.
        is_historical: True for the first time, when the orders are old news.

    Raises:
        SourceError: the source failed; what came before is stored.
    """
    product_count = created_count = changed_count = order_count = cart_count = 0
    for product in source.products(since=since):
        upsert_product(product.sku, **product.fields())
        product_count += 1
    for order in source.orders(since=since):
        done = record_told_order(name, order, is_historical=is_historical, at=at)
        order_count += 1
        created_count += done.created
        changed_count += done.changed
    for cart in source.carts(since=since):
        record_told_cart(name, cart, at=at)
        cart_count += 1
    return PulledOrders(product_count, order_count, created_count, changed_count, cart_count)
