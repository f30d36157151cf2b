"""The sums that an order keeps of its lines: worked out in Python for one, in SQL for many, with the same results."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection
from django.db.models import DecimalField, Expression, F, FloatField, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, NullIf, Round, Sign

from wagtail_precise_mail.commerce.models import Order, OrderLine, Product

_CHUNK = 5000
_CENTS = Decimal("0.0001")
_MONEY: DecimalField = DecimalField(max_digits=18, decimal_places=4)


def rounded(amount: Decimal) -> Decimal:
    """Return an amount with four decimals, halves away from zero, as PostgreSQL rounds."""
    return amount.quantize(_CENTS, ROUND_HALF_UP)


def rounded_in_sql(amount: Any) -> Any:
    """Return an expression of SQL that rounds as :func:`rounded` does."""
    if connection.vendor == "sqlite":
        # It reckons in binary, where a half may lie just below itself: less than a millionth of the last digit is
        # added, which moves nothing that is no half.
        amount = amount + Sign(amount) * Value(1e-10)
    return Round(amount, precision=4, output_field=_MONEY)


def keep_sums(order: Order, lines: Iterable[OrderLine]) -> None:
    """Set the sums of an order from its lines, which know their products; the caller saves it."""
    rows = list(lines)
    goods = sum((line.total for line in rows), Decimal(0))
    costed = [line for line in rows if line.unit_cost is not None]
    brought = sum((line.total for line in costed), Decimal(0))
    order.unit_count = sum(line.quantity for line in rows if line.product.kind == Product.Kind.PRODUCT)
    keep_totals(
        order,
        goods=goods,
        discounts=sum((line.discount_total for line in rows), Decimal(0)),
        brought=brought,
        cost=sum(((line.unit_cost or Decimal(0)) * line.quantity for line in costed), Decimal(0)),
    )


def keep_totals(order: Order, *, goods: Decimal, discounts: Decimal, brought: Decimal, cost: Decimal) -> None:
    """Set the sums of an order from those of its lines.

    Args:
        goods: what all lines come to.
        discounts: what was taken off the lines.
        brought: what the lines come to whose cost is known.
        cost: what those cost the shop.
    """
    order.total = goods - order.order_discount + order.shipping_total
    order.discount_total = discounts + order.order_discount
    # The discount of the order is borne by all lines alike.
    share = order.order_discount * brought / goods if goods and order.order_discount else Decimal(0)
    order.costed_total = rounded(brought - share) if share else brought
    order.cost_total = cost
    rate = order.base_rate
    order.base_total = None if rate is None else order.total if rate == 1 else rounded(order.total * rate)


def recount_sums(order_ids: Iterable[int]) -> None:
    """Set the sums of orders from their stored lines, in one statement for thousands."""
    pks = sorted(set(order_ids))
    for start in range(0, len(pks), _CHUNK):
        orders = Order.objects.filter(pk__in=pks[start : start + _CHUNK])
        orders.update(
            total=rounded_in_sql(_sum(F("total")) - F("order_discount") + F("shipping_total")),
            discount_total=rounded_in_sql(_sum(F("discount_total")) + F("order_discount")),
            unit_count=_units(),
            costed_total=_costed_total(),
            cost_total=rounded_in_sql(_sum(F("unit_cost") * F("quantity"), _COSTED)),
        )
        orders.update(base_total=rounded_in_sql(F("total") * F("base_rate")))


_COSTED = Q(unit_cost__isnull=False)


def _sum(amount: Any, condition: Q | None = None) -> Expression:
    """The sum over the lines of the order at hand; 0 where there is none."""
    lines = OrderLine.objects.filter(condition or Q(), order=OuterRef("pk")).order_by().values("order")
    summed = lines.annotate(wpm_sum=Sum(amount, output_field=_MONEY)).values("wpm_sum")
    return Coalesce(Subquery(summed, output_field=_MONEY), Value(Decimal(0)), output_field=_MONEY)


def _units() -> Expression:
    lines = OrderLine.objects.filter(order=OuterRef("pk"), product__kind=Product.Kind.PRODUCT)
    summed = lines.order_by().values("order").annotate(wpm_sum=Sum("quantity")).values("wpm_sum")
    return Coalesce(Subquery(summed), 0)


def _costed_total() -> Expression:
    brought, goods = _sum(F("total"), _COSTED), _sum(F("total"))
    # SQLite would divide whole numbers as such.
    exact = FloatField() if connection.vendor == "sqlite" else DecimalField(max_digits=40, decimal_places=12)
    share = Cast(F("order_discount") * brought, exact) / NullIf(Cast(goods, exact), Cast(Value(0), exact))
    return rounded_in_sql(brought - Coalesce(share, Cast(Value(0), exact), output_field=_MONEY))
