"""The basket: stock codes and quantities in the visitor's session."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.sessions.backends.base import SessionBase

from example_site.shop.queries import by_sku
from wagtail_precise_mail.commerce.models import Product

_KEY = "basket"
_NUMBER = "checkout_number"
_PLACED = "placed_orders"
MAXIMUM = 20
POSTAGE_SKU = "POSTAGE"
POSTAGE = Decimal("3.90")
FREE_FROM = Decimal(40)


def postage_for(goods_total: Decimal) -> Decimal:
    """Return the postage of a parcel by what is in it."""
    return POSTAGE if 0 < goods_total < FREE_FROM else Decimal()


@dataclass(frozen=True)
class BasketLine:
    """A product and how many of it."""

    product: Product
    quantity: int

    @property
    def total(self) -> Decimal:
        """What the line costs."""
        return (self.product.price or Decimal()) * self.quantity


class Basket:
    """What a visitor is about to buy. Products that left the shop fall out by themselves."""

    def __init__(self, session: SessionBase) -> None:
        self._session = session

    @property
    def count(self) -> int:
        """How many pieces."""
        return sum(self._quantities().values())

    @property
    def lines(self) -> list[BasketLine]:
        """In the order in which things were put in."""
        quantities = self._quantities()
        products = by_sku(quantities)
        return [BasketLine(products[sku], quantity) for sku, quantity in quantities.items() if sku in products]

    @property
    def goods_total(self) -> Decimal:
        """What the things cost."""
        return sum((line.total for line in self.lines), Decimal())

    @property
    def postage(self) -> Decimal:
        """What it costs to bring them."""
        return postage_for(self.goods_total)

    @property
    def total(self) -> Decimal:
        """What everything costs."""
        goods = self.goods_total
        return goods + postage_for(goods)

    def put(self, sku: str, quantity: int, *, more: bool = False) -> None:
        """Set how many of a product are wanted, or how many more; 0 takes it out."""
        quantities = self._quantities()
        wanted = min(MAXIMUM, quantity + (quantities.get(sku, 0) if more else 0))
        if wanted > 0:
            quantities[sku] = wanted
        else:
            quantities.pop(sku, None)
        self._session[_KEY] = quantities

    def start_checkout(self) -> str:
        """Return the number that the order will have: one number per basket, so that buying twice is one order."""
        return self._session.setdefault(_NUMBER, f"FK-{secrets.token_hex(4).upper()}")

    def placed(self, number: str) -> bool:
        """Whether this visitor placed that order."""
        return number in self._session.get(_PLACED, [])

    def is_checking_out(self, number: str) -> bool:
        """Whether this number was given to this visitor."""
        return bool(number) and self._session.get(_NUMBER) == number

    def finish(self, number: str) -> None:
        """Empty the basket and remember the order."""
        self._session[_PLACED] = [*self._session.get(_PLACED, []), number][-20:]
        self._session.pop(_KEY, None)
        self._session.pop(_NUMBER, None)

    def _quantities(self) -> dict[str, int]:
        return dict(self._session.get(_KEY, {}))
