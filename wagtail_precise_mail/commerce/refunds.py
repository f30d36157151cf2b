"""Refunds down to the line: what came back of what was bought, and never more than that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from wagtail_precise_mail.commerce.checking import checked_moment, checked_money
from wagtail_precise_mail.commerce.models import Order, OrderLine
from wagtail_precise_mail.commerce.order_data import OrderLineData, RecordedOrder, RefundLineData
from wagtail_precise_mail.commerce.recording import store_order
from wagtail_precise_mail.commerce.sums import rounded
from wagtail_precise_mail.exceptions import InvalidRecord


@transaction.atomic
def record_refund(
    *,
    source: str,
    number: str,
    refund_of: str,
    placed_at: datetime,
    lines: Sequence[RefundLineData] | None = None,
    shipping_total: Decimal = Decimal(0),
    order_discount: Decimal | None = None,
    is_historical: bool = False,
    at: datetime | None = None,
) -> RecordedOrder:
    """Keep that pieces of an order came back; the same refund again changes nothing, a corrected one corrects.

    Prices, costs and discounts are those of the lines that were bought. Money back without goods is an order of the
    kind "refund" for :func:`~wagtail_precise_mail.commerce.services.record_order`.

    Args:
        number: of the refund; with the source it is its key, as with orders.
        refund_of: number of the sale.
        lines: which of its lines, and how many pieces; None takes everything that has not come back yet.
        shipping_total: what of the shipping is paid back, positive.
        order_discount: what is kept back because of the discount of the order, positive; None takes the share of the
            lines that come back.
        at: the moment of recording; now when left out.

    Raises:
        InvalidRecord: no such sale or line, more pieces than were bought and are still there, or none at all.
    """
    at = at or timezone.now()
    moment = checked_moment(placed_at, at=at, place="placed_at")
    sale = _lock_sale(source, refund_of)
    _refuse_taken_number(source, number, sale)
    bought = {line.position: line for line in sale.lines.select_related("product", "variant").order_by("position")}
    back = _Returned(sale, bought, number)
    counts = back.counts(lines)
    told = {position: back.line(position, count) for position, count in counts.items()}
    if order_discount is None:
        order_discount = _share(sale, bought, told)
    head: dict[str, Any] = {
        "kind": Order.Kind.REFUND,
        "contact": sale.contact,
        "placed_at": moment,
        "currency": sale.currency,
        "country": sale.country,
        "channel": sale.channel,
        "refund_of": sale,
        "shipping_total": -checked_money(shipping_total, place="shipping_total"),
        "order_discount": -checked_money(order_discount, place="order_discount"),
    }
    origins = {position: bought[position] for position in told}
    return store_order(source, number, head, told, origins=origins, is_historical=is_historical, at=at)


def _lock_sale(source: str, number: str) -> Order:
    """Two refunds of one order take turns, so that together they are not more than was bought."""
    sale = Order.objects.select_for_update(of=("self",)).filter(source=source, number=number).first()
    if sale is None or sale.kind != Order.Kind.SALE:
        raise InvalidRecord(f"There is no sale {number} of {source}. Send it before its refund.", place="refund_of")
    return sale


def _refuse_taken_number(source: str, number: str, sale: Order) -> None:
    there = Order.objects.filter(source=source, number=number).exclude(kind=Order.Kind.REFUND, refund_of=sale).first()
    if there is not None and (there.kind != Order.Kind.REFUND or there.refund_of_id is not None):
        raise InvalidRecord(f"{number} is the number of another order. A refund has its own.", place="number")


class _Returned:
    """What of a sale has come back by other refunds, and what another refund can take."""

    def __init__(self, sale: Order, bought: dict[int, OrderLine], number: str) -> None:
        self._sale = sale
        self._bought = bought
        others = OrderLine.objects.filter(refund_of__order=sale, order__kind=Order.Kind.REFUND)
        others = others.exclude(order__source=sale.source, order__number=number).order_by()
        sums = others.values_list("refund_of").annotate(Sum("quantity"), Sum("discount_total"))
        self._counts = {pk: -count for pk, count, _discount in sums}
        self._discounts = {pk: -round(discount, 4) for pk, _count, discount in sums}

    def counts(self, lines: Sequence[RefundLineData] | None) -> dict[int, int]:
        """Return how many pieces of which line come back."""
        if lines is None:
            left = {position: self._left(line) for position, line in self._bought.items()}
            lines = [RefundLineData(position, count) for position, count in left.items() if count > 0]
        counts: dict[int, int] = {}
        for line in lines:
            self._check(line, counts)
            counts[line.position] = line.quantity
        if not counts:
            raise InvalidRecord(f"Nothing of order {self._sale.number} is left to come back.", place="lines")
        return counts

    def line(self, position: int, count: int) -> OrderLineData:
        """Return the line of the refund."""
        line = self._bought[position]
        discount = rounded(line.discount_total * count / line.quantity)
        if count == self._left(line):  # the last pieces take what rounding has left
            discount = line.discount_total - self._discounts.get(line.pk, Decimal(0))
        sku = line.variant.sku if line.variant else line.product.sku
        return OrderLineData(sku, -count, line.unit_price, line.description, position, -discount, line.unit_cost)

    def _left(self, line: OrderLine) -> int:
        return line.quantity - self._counts.get(line.pk, 0)

    def _check(self, line: RefundLineData, counts: dict[int, int]) -> None:
        number, bought = self._sale.number, self._bought.get(line.position)
        if bought is None:
            raise InvalidRecord(f"Order {number} has no line {line.position}.", place="lines")
        if line.position in counts or line.quantity < 1:
            raise InvalidRecord(f"Line {line.position} is there twice, or nothing of it comes back.", place="lines")
        if line.quantity > (left := max(0, self._left(bought))):
            raise InvalidRecord(
                f"Of line {line.position} of order {number}, {bought.quantity} were bought and {left} can come back, "
                f"so {line.quantity} cannot.",
                place="lines",
            )


def _share(sale: Order, bought: dict[int, OrderLine], told: dict[int, OrderLineData]) -> Decimal:
    """The part of the order's discount that the lines which come back had."""
    goods = sum((line.total for line in bought.values()), Decimal(0))
    back = -sum((line.total for line in told.values()), Decimal(0))
    return rounded(sale.order_discount * back / goods) if goods else Decimal(0)
