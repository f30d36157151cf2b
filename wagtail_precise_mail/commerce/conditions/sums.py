"""Conditions on the number, the sum and the average of orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import Annotated, Any, ClassVar

from django.db.models import Avg, F, Q, QuerySet, Sum, Value
from django.db.models import Count as CountRows
from django.db.models.functions import Round
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.conditions.windows import (
    NET,
    PURCHASES,
    SALE,
    Days,
    orders_in_words,
    orders_of_contacts,
)
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Amount, Condition, Count, Tally, Text, conditions
from wagtail_precise_mail.segments.conditions.profile import range_problems
from wagtail_precise_mail.segments.conditions.tallies import MakeFigure
from wagtail_precise_mail.segments.conditions.words import between, within

Currency = Annotated[
    str,
    Text(
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy("Such as GBP: only orders in it. Empty: every order, whatever its currency."),
        max_length=3,
    ),
]
AtLeast = Annotated[Decimal | None, Amount(label=gettext_lazy("At least"))]
Over = Annotated[Decimal | None, Amount(label=gettext_lazy("More than"))]
AtMost = Annotated[Decimal | None, Amount(label=gettext_lazy("At most"))]


_FIGURES: dict[str, MakeFigure] = {
    "row_count": lambda only: CountRows("pk", filter=only),
    # Rounded because SQLite adds in binary; PostgreSQL is exact with four decimals anyway.
    "sum": lambda only: Round(Sum("total", filter=only), 4),
}


class _OrderSums(Condition):
    """A figure over a contact's orders in a window, with bounds. ``min`` and ``max`` are included, ``over`` is not."""

    group = PURCHASES
    kinds: ClassVar[list[Order.Kind]] = SALE
    figures: ClassVar[list[str]] = ["sum"]

    # Fields of the conditions below, each in its own order; not all have the last two.
    min: Any
    max: Any
    days: int | None
    over: Any = None
    currency: str = ""

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.over is not None and self.min is not None:
            yield "over", _("give min or over, not both")
        yield from range_problems(self.min if self.over is None else self.over, self.max)

    def as_q(self, at: datetime) -> Q:
        return self.tally(at).as_q()

    def tally(self, at: datetime) -> Tally:
        if self.includes_nothing():
            # Who has no orders belongs too, so leave out the others instead.
            return ~self._tally(at, reduce(or_, self._bounds(min="lt", over="lte", max="gt")))
        return self._tally(at, reduce(and_, self._bounds(min="gte", over="gt", max="lte")))

    def _bounds(self, **lookups: str) -> list[Q]:
        bounds = {name: getattr(self, name) for name in lookups}
        return [self.compare(lookups[name], bound) for name, bound in bounds.items() if bound is not None]

    def _tally(self, at: datetime, having: Q) -> Tally:
        return Tally(
            source=("orders", tuple(self.kinds), self.days, self.currency),
            rows=lambda: self._rows(at),
            figures={name: _FIGURES[name] for name in self.figures},
            having=having,
            is_any_row=having == Q(row_count__gte=1),
        )

    def _rows(self, at: datetime) -> QuerySet[Order]:
        return orders_of_contacts(at, self.days, kinds=self.kinds, currency=self.currency)

    def compare(self, lookup: str, bound: Any) -> Q:
        """Return the comparison of the figure with a bound; ``lookup`` is gte, lte, lt or gt."""
        return Q(**{f"sum__{lookup}": bound})

    def includes_nothing(self) -> bool:
        """Whether contacts without orders belong: their figure is zero."""
        is_above = (self.min is None or self.min <= 0) and (self.over is None or self.over < 0)
        return is_above and (self.max is None or self.max >= 0)

    def explain(self, contact: Contact, at: datetime) -> str:
        return self.figure(self._rows(at).filter(contact=contact))

    def figure(self, orders: QuerySet[Order]) -> str:
        """Return the figure of one contact in words."""
        total = orders.aggregate(total=Sum("total"))["total"]
        return _("net spend %(total)s") % {"total": f"{total or 0:.2f}"}


@conditions.register("order_count")
@dataclass(frozen=True)
class OrderCount(_OrderSums):
    """Contacts by the number of their orders."""

    label = gettext_lazy("Number of orders")
    description = gettext_lazy("How often they bought. At most 0: never.")
    icon = "list-ol"
    figures = ["row_count"]

    min: Annotated[int | None, Count(label=gettext_lazy("At least"))] = None
    max: Annotated[int | None, Count(label=gettext_lazy("At most"))] = None
    days: Days = None

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from super().problems()
        if self.min == 0 and self.max is None:
            yield "min", _("at least 0 orders says nothing")

    def compare(self, lookup: str, bound: int) -> Q:
        if lookup == "gt":  # the same in whole numbers, and "more than 0" reads as "any row"
            lookup, bound = "gte", bound + 1
        return Q(**{f"row_count__{lookup}": bound})

    def sentence(self) -> str:
        if self.max == 0:
            return _("placed no order%(within)s") % {"within": within(self.days)}
        counts = {"count": between(self.min, self.max), "within": within(self.days)}
        one = self.max == 1 or (self.min == 1 and self.max is None)
        return (_("placed %(count)s order%(within)s") if one else _("placed %(count)s orders%(within)s")) % counts

    def figure(self, orders: QuerySet[Order]) -> str:
        return orders_in_words(orders)


@conditions.register("net_spend")
@dataclass(frozen=True)
class NetSpend(_OrderSums):
    """Contacts by the sum of their orders, less their refunds."""

    label = gettext_lazy("Net spend")
    description = gettext_lazy("Sum of orders, charges such as postage included, less refunds.")
    icon = "doc-full"
    kinds = NET

    min: AtLeast = None
    over: Over = None
    max: AtMost = None
    days: Days = None
    currency: Currency = ""

    def sentence(self) -> str:
        amount = between(self.min, self.max, self.over)
        return _("spent %(amount)s%(currency)s net of refunds%(within)s") % {
            "amount": amount,
            "currency": _in(self.currency),
            "within": within(self.days),
        }


@conditions.register("average_order")
@dataclass(frozen=True)
class AverageOrder(_OrderSums):
    """Contacts by the average of their orders, before refunds. Without orders there is no average."""

    label = gettext_lazy("Average order")
    description = gettext_lazy("Average total of orders, charges such as postage included, before refunds.")
    icon = "order"
    figures = ["row_count", "sum"]

    min: AtLeast = None
    over: Over = None
    max: AtMost = None
    days: Days = None
    currency: Currency = ""

    def compare(self, lookup: str, bound: Decimal) -> Q:
        # A product instead of a quotient: it stays exact.
        return Q(**{f"sum__{lookup}": F("row_count") * Value(bound)})

    def includes_nothing(self) -> bool:
        return False

    def sentence(self) -> str:
        return _("placed orders of %(amount)s%(currency)s on average%(within)s") % {
            "amount": between(self.min, self.max, self.over),
            "currency": _in(self.currency),
            "within": within(self.days),
        }

    def figure(self, orders: QuerySet[Order]) -> str:
        average = orders.aggregate(average=Avg("total"))["average"]
        return _("no orders") if average is None else _("average %(average)s") % {"average": f"{average:.2f}"}


def _in(currency: str) -> str:
    return f" {currency.upper()}" if currency else ""
