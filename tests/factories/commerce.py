"""The least valid products and orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from wagtail_precise_mail.commerce.models import Category, Order, OrderLine, Product, normalize_sku
from wagtail_precise_mail.contacts.models import Contact

PLACED_AT = datetime(2026, 1, 15, 12, tzinfo=UTC)

_number = count(1)

Line = tuple[Product | str, int, Decimal | str | int]


def make_category(**overrides: Any) -> Category:
    """A category; its slug follows from the name."""
    name = overrides.pop("name", f"Category {next(_number)}")
    return Category.objects.create(**{"name": name, "slug": name.lower().replace(" ", "-"), **overrides})


def make_product(sku: str = "", **overrides: Any) -> Product:
    """A product on sale for 9.50 GBP."""
    sku = sku or f"SKU{next(_number)}"
    return Product.objects.create(
        **{"sku": sku, "name": f"Product {sku}", "price": Decimal("9.50"), "currency": "GBP", **overrides}
    )


def make_order(
    contact: Contact | None = None,
    lines: Sequence[Line] = (),
    placed_at: datetime = PLACED_AT,
    **overrides: Any,
) -> Order:
    """A sale of source "shop" in the base currency; an unknown SKU becomes a product, and the sums follow the lines."""
    order = Order.objects.create(
        **{
            "source": "shop",
            "number": str(next(_number)),
            "contact": contact,
            "placed_at": placed_at,
            "currency": "GBP",
            "base_rate": 1,
            **overrides,
        }
    )
    stored = [make_line(order, position, *line) for position, line in enumerate(lines, start=1)]
    if "total" not in overrides:
        order.total = sum((line.total for line in stored), Decimal(0))
    if order.base_rate is not None and "base_total" not in overrides:
        order.base_total = order.total * order.base_rate
    if "unit_count" not in overrides:
        order.unit_count = sum(line.quantity for line in stored if line.product.kind == Product.Kind.PRODUCT)
    order.save()
    return order


def make_line(
    order: Order, position: int, product: Product | str, quantity: int, unit_price: Decimal | str | int
) -> OrderLine:
    """One line of an order."""
    if isinstance(product, str):
        product = Product.objects.filter(sku=normalize_sku(product)).first() or make_product(product)
    price = Decimal(unit_price)
    return OrderLine.objects.create(
        order=order,
        position=position,
        product=product,
        description=product.name,
        quantity=quantity,
        unit_price=price,
        total=price * quantity,
    )
