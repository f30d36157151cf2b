"""Orders, refunds and carts, as a source tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from wagtail_precise_mail.commerce.models import Order


@dataclass(frozen=True)
class OrderLineData:
    """A line of an order, as a source tells it.

    Attributes:
        sku: of a product or of a variant.
        quantity: negative in refunds.
        position: its place in the order, from 1; None counts on from the line before.
        discount: what was taken off the line as a whole: positive in sales, negative in refunds.
        unit_cost: what one cost the shop, in the currency of the order; None takes what the product costs now, the
            first time that the line is recorded.
    """

    sku: str
    quantity: int
    unit_price: Decimal
    name: str = ""
    position: int | None = None
    discount: Decimal = Decimal(0)
    unit_cost: Decimal | None = None

    @property
    def total(self) -> Decimal:
        """What the line comes to."""
        return self.unit_price * self.quantity - self.discount


@dataclass(frozen=True)
class OrderData:
    """An order, as a source tells it. Sources translate their own words: ``kind`` is a value of ``Order.Kind``.

    Attributes:
        order_discount: taken off the order, beside the discounts of its lines; None leaves what is known.
        shipping_total: what sending it cost the customer, where that is no line; None leaves what is known.
        coupons: codes that were used; None leaves what is known, an empty tuple says that there was none.
        refund_of: number of the sale that a refund belongs to, of the same source.
        cart_key: of the cart that became this order.
    """

    number: str
    placed_at: datetime
    currency: str
    lines: tuple[OrderLineData, ...]
    email: str = ""
    kind: str = Order.Kind.SALE
    country: str = ""
    order_discount: Decimal | None = None
    shipping_total: Decimal | None = None
    coupons: tuple[str, ...] | None = None
    channel: str = ""
    payment_method: str = ""
    shipping_method: str = ""
    refund_of: str = ""
    cart_key: str = ""

    @property
    def total(self) -> Decimal:
        """What the order comes to."""
        lines = sum((line.total for line in self.lines), Decimal(0))
        return lines - (self.order_discount or Decimal(0)) + (self.shipping_total or Decimal(0))


@dataclass(frozen=True)
class RefundLineData:
    """What came back of a line.

    Attributes:
        position: of the line in the order that was bought.
        quantity: positive.
    """

    position: int
    quantity: int


@dataclass(frozen=True)
class CartLineData:
    """A line of a cart; its SKU is that of a product or of a variant."""

    sku: str
    quantity: int
    unit_price: Decimal
    name: str = ""


@dataclass(frozen=True)
class CartData:
    """A cart, as a source tells it; ``key`` is what the source calls it.

    Attributes:
        changed_at: when somebody last touched it.
        closed_at: when it was ordered or given up; None while it is open.
    """

    key: str
    changed_at: datetime
    currency: str
    lines: tuple[CartLineData, ...]
    email: str = ""
    url: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True)
class RecordedOrder:
    """What became of an order; ``changed`` is False for one that was new."""

    order: Order
    created: bool
    changed: bool


@dataclass(frozen=True)
class RefusedOrder:
    """An order that could not be kept.

    Attributes:
        place: which value is wrong, such as "lines[2].sku", or "".
        reason: what is wrong, for a person.
    """

    number: str
    reason: str
    place: str = ""


@dataclass(frozen=True)
class RecordedOrders:
    """What became of many orders: those that were kept, and those that were refused, each alone."""

    recorded: Sequence[RecordedOrder] = field(default_factory=tuple)
    refused: Sequence[RefusedOrder] = field(default_factory=tuple)

    @property
    def created_count(self) -> int:
        """Orders that are new."""
        return sum(done.created for done in self.recorded)

    @property
    def changed_count(self) -> int:
        """Orders that were there and were corrected."""
        return sum(done.changed for done in self.recorded)
