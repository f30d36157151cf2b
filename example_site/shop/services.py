"""Buying: a basket becomes an order of the plugin."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from example_site.shop.basket import POSTAGE_SKU, BasketLine, postage_for
from wagtail_precise_mail.commerce.services import OrderLineData, RecordedOrder, record_order
from wagtail_precise_mail.contacts.services import upsert_contact

SOURCE = "fern_and_kettle"
CURRENCY = "GBP"


def place_order(
    number: str,
    lines: list[BasketLine],
    *,
    email: str,
    first_name: str = "",
    last_name: str = "",
    country: str = "",
    at: datetime | None = None,
) -> RecordedOrder:
    """Sell what is in a basket. The same number twice is one order, with one conversion.

    Args:
        number: given to the basket when the checkout began.
    """
    at = at or timezone.now()
    contact = upsert_contact(email, source="shop", first_name=first_name, last_name=last_name, country=country)
    return record_order(
        source=SOURCE,
        number=number,
        contact=contact,
        placed_at=at,
        currency=CURRENCY,
        country=country,
        channel="web",
        lines=_order_lines(lines),
        at=at,
    )


def _order_lines(lines: list[BasketLine]) -> list[OrderLineData]:
    sold = [
        OrderLineData(line.product.sku, line.quantity, line.product.price or Decimal(), line.product.name)
        for line in lines
    ]
    if postage := postage_for(sum((line.total for line in lines), Decimal())):
        sold.append(OrderLineData(POSTAGE_SKU, 1, postage, "Postage"))
    return sold
