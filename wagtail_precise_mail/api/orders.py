"""The shape of orders, refunds and carts that another system posts, checked field by field."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from wagtail_precise_mail.api.reading import InvalidBody, Reader, load
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.services import CartLineData, OrderLineData, RefundLineData

# What orders that are wrong raise.
InvalidOrder = InvalidBody

MOST_LINES = 5000
MOST_ORDERS = 1000
# So that the sum of all lines fits its column.
_LINE_LIMIT = 10**10
_TERMS = {"order_discount", "shipping_total", "coupons", "channel", "payment_method", "shipping_method"}
_ORDER = {"source", "number", "placed_at", "currency", "email", "kind", "country", "is_historical", "lines"}
_ORDER |= _TERMS | {"refund_of", "cart_key"}
_LINE = {"sku", "quantity", "unit_price", "name", "position", "discount", "unit_cost"}
_REFUND = {"source", "number", "refund_of", "placed_at", "lines", "shipping_total", "order_discount", "is_historical"}
_CART = {"source", "key", "currency", "email", "url", "changed_at", "lines"}


def read_order(body: bytes) -> dict[str, Any]:
    """Return the arguments of ``record_order`` that a JSON body holds.

    Raises:
        InvalidBody: not JSON, or values are missing or wrong; all of them are told at once.
    """
    return order_of(load(body))


def read_orders(body: bytes) -> list[dict[str, Any]]:
    """Return the orders of a body with a list ``orders``, each as it was sent.

    Raises:
        InvalidBody: there is no such list.
    """
    reader = Reader(load(body))
    reader.refuse_unknown({"orders"})
    orders = reader.items("orders", MOST_ORDERS, lambda item: item.data)
    reader.raise_errors()
    return orders


def order_of(data: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of ``record_order`` that a JSON object holds.

    Raises:
        InvalidBody: values are missing or wrong.
    """
    reader = Reader(data)
    reader.refuse_unknown(_ORDER)
    order = {
        "source": reader.text("source", 50),
        "number": reader.text("number", 100),
        "placed_at": reader.moment("placed_at"),
        "currency": reader.currency(),
        "email": reader.email(),
        "kind": reader.choice("kind", Order.Kind.values, str(Order.Kind.SALE)),
        "country": reader.country(),
        "is_historical": reader.flag("is_historical"),
        "order_discount": reader.maybe_amount("order_discount"),
        "shipping_total": reader.maybe_amount("shipping_total"),
        "coupons": reader.words("coupons", 100),
        "channel": reader.maybe_text("channel", 50),
        "payment_method": reader.maybe_text("payment_method", 50),
        "shipping_method": reader.maybe_text("shipping_method", 50),
        "refund_of": reader.maybe_text("refund_of", 100),
        "cart_key": reader.maybe_text("cart_key", 100),
        "lines": reader.items("lines", MOST_LINES, _line),
    }
    reader.raise_errors()
    return order


def _line(reader: Reader) -> OrderLineData:
    reader.refuse_unknown(_LINE)
    line = OrderLineData(
        reader.text("sku", 100),
        reader.whole("quantity"),
        reader.amount("unit_price"),
        reader.maybe_text("name", 250),
        reader.whole("position", least=1) if reader.has("position") else None,
        reader.maybe_amount("discount") or Decimal(0),
        reader.maybe_amount("unit_cost"),
    )
    if abs(line.unit_price * line.quantity) >= _LINE_LIMIT:
        reader.wrong("quantity", "makes an amount that is not believable.")
    if line.unit_cost is not None and line.unit_cost < 0:
        reader.wrong("unit_cost", "must not be below zero.")
    return line


def read_refund(body: bytes) -> dict[str, Any]:
    """Return the arguments of ``record_refund`` that a JSON body holds.

    Raises:
        InvalidBody: values are missing or wrong.
    """
    reader = Reader(load(body))
    reader.refuse_unknown(_REFUND)
    refund = {
        "source": reader.text("source", 50),
        "number": reader.text("number", 100),
        "refund_of": reader.text("refund_of", 100),
        "placed_at": reader.moment("placed_at"),
        "lines": reader.items("lines", MOST_LINES, _refund_line) if reader.has("lines") else None,
        "shipping_total": reader.maybe_amount("shipping_total") or Decimal(0),
        "order_discount": reader.maybe_amount("order_discount"),
        "is_historical": reader.flag("is_historical"),
    }
    reader.raise_errors()
    return refund


def _refund_line(reader: Reader) -> RefundLineData:
    reader.refuse_unknown({"position", "quantity"})
    return RefundLineData(reader.whole("position", least=1), reader.whole("quantity", least=1))


def read_cart(body: bytes) -> dict[str, Any]:
    """Return the arguments of ``record_cart`` that a JSON body holds.

    Raises:
        InvalidBody: values are missing or wrong.
    """
    reader = Reader(load(body))
    reader.refuse_unknown(_CART)
    cart = {
        "source": reader.text("source", 50),
        "key": reader.text("key", 100),
        "currency": reader.currency(),
        "email": reader.email(),
        "url": reader.maybe_text("url", 500),
        "changed_at": reader.maybe_moment("changed_at"),
        "lines": reader.items("lines", MOST_LINES, _cart_line, least=0),
    }
    reader.raise_errors()
    return cart


def _cart_line(reader: Reader) -> CartLineData:
    reader.refuse_unknown({"sku", "quantity", "unit_price", "name"})
    return CartLineData(
        reader.text("sku", 100),
        reader.whole("quantity", least=1),
        reader.amount("unit_price"),
        reader.maybe_text("name", 250),
    )
