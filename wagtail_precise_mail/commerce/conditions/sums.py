"""Conditions on the number of orders, and on the money of all of them together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import Annotated, Any, ClassVar

from django.db.models import Count as CountRows
from django.db.models import F, Q, QuerySet, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.conditions.windows import (
    NET,
    PURCHASES,
    SALE,
    SALES,
    SUMS,
    AtLeast,
    AtMost,
    Currency,
    Over,
    in_currency,
    in_words,
    money_of,
    orders_in_words,
    orders_of_contacts,
    sum_of,
)
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Count, Tally, Windowed, conditions
from wagtail_precise_mail.segments.conditions.profile import range_problems
from wagtail_precise_mail.segments.conditions.tallies import MakeFigure, figure_name
from wagtail_precise_mail.segments.conditions.words import between


class OrderFigure(Windowed):
    """A figure over a contact's orders in a window, with bounds. ``min`` and ``max`` are included, ``over`` is not."""

    group = SUMS
    kinds: ClassVar[tuple[Order.Kind, ...]] = SALE

    # Fields of the conditions below, each in its own order; not all have the last two.
    min: Any
    max: Any
    over: Any = None
    currency: str = ""

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.over is not None and self.min is not None:
            yield "over", _("give min or over, not both")
        yield from range_problems(self.min if self.over is None else self.over, self.max)
        yield from super().problems()

    def as_q(self, at: datetime) -> Q:
        return self.tally(at).as_q()

    def tally(self, at: datetime) -> Tally:
        if self.includes_nothing():
            # Who has no orders belongs too, so leave out the others instead.
            return ~self._tally(at, reduce(or_, self._bounds(min="lt", over="lte", max="gt")))
        return self._tally(at, reduce(and_, [*self.exists(), *self._bounds(min="gte", over="gt", max="lte")]))

    def _bounds(self, **lookups: str) -> list[Q]:
        bounds = {name: getattr(self, name) for name in lookups}
        return [self.compare(lookups[name], bound) for name, bound in bounds.items() if bound is not None]

    def _tally(self, at: datetime, having: Q) -> Tally:
        return Tally(
            source=("orders", self.kinds, self.window),
            rows=lambda: orders_of_contacts(at, self.window, kinds=self.kinds),
            wanted=self.wanted(),
            figures={self.named(name): make for name, make in self.figures().items()},
            having=having,
            is_any_row=having == Q(**{f"{self.named('count')}__gte": 1}),
            history=SALES if self.kinds == SALE else "",
            moment="placed_at",
        )

    def wanted(self) -> Q:
        """Return which orders it is about."""
        return in_currency(self.currency)

    def named(self, figure: str) -> str:
        """Return the name of a figure, which says what it is about."""
        return figure_name(f"figure_{figure}", self.currency.upper())

    def figures(self) -> dict[str, MakeFigure]:
        """Return the aggregates that are compared, by name."""
        return {"sum": sum_of(money_of("total", self.currency))}

    def compare(self, lookup: str, bound: Any) -> Q:
        """Return the comparison of the figure with a bound; ``lookup`` is gte, lte, lt or gt."""
        return Q(**{f"{self.named('sum')}__{lookup}": bound})

    def exists(self) -> Iterator[Q]:
        """Yield what must hold before there is a figure at all."""
        yield from ()

    def includes_nothing(self) -> bool:
        """Whether contacts without orders belong: their figure is zero."""
        is_above = (self.min is None or self.min <= 0) and (self.over is None or self.over < 0)
        return is_above and (self.max is None or self.max >= 0)

    def bounds_in_words(self) -> str:
        """Return "at least 5 GBP"."""
        return between(self.min, self.max, self.over) + in_words(self.currency)

    def explain(self, contact: Contact, at: datetime) -> str:
        return self.facts(orders_of_contacts(at, self.window, kinds=self.kinds).filter(self.wanted(), contact=contact))

    def facts(self, orders: QuerySet[Order]) -> str:
        """Return the figure of one contact in words, with the orders it comes from."""
        return f"{self.figure(orders.aggregate(**self._made()))}; {orders_in_words(orders)}"

    def _made(self) -> dict[str, Any]:
        return {name: make(None) for name, make in self.figures().items()}

    def figure(self, sums: dict[str, Any]) -> str:
        """Return the figure in words."""
        return _("net spend %(total)s") % {"total": f"{sums['sum']:.2f}"}


def count_orders(only: Q | None) -> CountRows:
    """Return how many orders there are: of a column that an index has."""
    return CountRows("contact_id", filter=only)


def count_of(amount: Any) -> MakeFigure:
    """Return the figure that counts orders whose amount is known."""
    return lambda only: CountRows(amount, filter=only)


@conditions.register("order_count")
@dataclass(frozen=True)
class OrderCount(OrderFigure):
    """Contacts by the number of their orders."""

    label = gettext_lazy("Number of orders")
    description = gettext_lazy("How often they bought. At most 0: never.")
    icon = "list-ol"
    group = PURCHASES

    min: Annotated[int | None, Count(label=gettext_lazy("At least"))] = None
    max: Annotated[int | None, Count(label=gettext_lazy("At most"))] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from super().problems()
        if self.min == 0 and self.max is None:
            yield "min", _("at least 0 orders says nothing")

    def figures(self) -> dict[str, MakeFigure]:
        return {"count": count_orders}

    def compare(self, lookup: str, bound: int) -> Q:
        if lookup == "gt":  # the same in whole numbers, and "more than 0" reads as "any row"
            lookup, bound = "gte", bound + 1
        return Q(**{f"{self.named('count')}__{lookup}": bound})

    def sentence(self) -> str:
        if self.max == 0:
            return _("placed no order%(within)s") % {"within": self.window.sentence()}
        counts = {"count": between(self.min, self.max), "within": self.window.sentence()}
        one = self.max == 1 or (self.min == 1 and self.max is None)
        return (_("placed %(count)s order%(within)s") if one else _("placed %(count)s orders%(within)s")) % counts

    def facts(self, orders: QuerySet[Order]) -> str:
        return orders_in_words(orders)


@conditions.register("net_spend")
@dataclass(frozen=True)
class NetSpend(OrderFigure):
    """Contacts by the sum of their orders, less their refunds."""

    label = gettext_lazy("Net spend")
    description = gettext_lazy("Sum of orders, charges such as postage included, less refunds.")
    icon = "doc-full"
    kinds = NET

    min: AtLeast = None
    over: Over = None
    max: AtMost = None
    currency: Currency = ""

    def sentence(self) -> str:
        amount = {"amount": self.bounds_in_words(), "within": self.window.sentence()}
        return _("spent %(amount)s net of refunds%(within)s") % amount


@conditions.register("gross_spend")
@dataclass(frozen=True)
class GrossSpend(OrderFigure):
    """Contacts by the sum of their orders, before refunds."""

    label = gettext_lazy("Gross spend")
    description = gettext_lazy("Sum of orders, charges such as postage included, before refunds.")
    icon = "doc-full"

    min: AtLeast = None
    over: Over = None
    max: AtMost = None
    currency: Currency = ""

    def sentence(self) -> str:
        amount = {"amount": self.bounds_in_words(), "within": self.window.sentence()}
        return _("spent %(amount)s before refunds%(within)s") % amount

    def figure(self, sums: dict[str, Any]) -> str:
        return _("gross spend %(total)s") % {"total": f"{sums['sum']:.2f}"}


@conditions.register("average_order")
@dataclass(frozen=True)
class AverageOrder(OrderFigure):
    """Contacts by the average of their orders, before refunds. Without orders there is no average."""

    label = gettext_lazy("Average order")
    description = gettext_lazy("Average total of orders, charges such as postage included, before refunds.")
    icon = "order"

    min: AtLeast = None
    over: Over = None
    max: AtMost = None
    currency: Currency = ""

    def figures(self) -> dict[str, MakeFigure]:
        amount = money_of("total", self.currency)
        return {"valued": count_of(amount), "sum": sum_of(amount)}

    def exists(self) -> Iterator[Q]:
        yield Q(**{f"{self.named('valued')}__gte": 1})

    def compare(self, lookup: str, bound: Decimal) -> Q:
        # A product instead of a quotient: it stays exact.
        return Q(**{f"{self.named('sum')}__{lookup}": F(self.named("valued")) * Value(bound)})

    def includes_nothing(self) -> bool:
        return False

    def sentence(self) -> str:
        amount = {"amount": self.bounds_in_words(), "within": self.window.sentence()}
        return _("placed orders of %(amount)s on average%(within)s") % amount

    def figure(self, sums: dict[str, Any]) -> str:
        if not sums["valued"]:
            return _("no average")
        return _("average %(average)s") % {"average": f"{sums['sum'] / sums['valued']:.2f}"}
