"""Conditions on what was bought, and what never was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from operator import and_
from typing import Annotated, Any

from django.db.models import Count as CountRows
from django.db.models import DecimalField, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.conditions.things import (
    Attribute,
    AttributeValue,
    Brands,
    Categories,
    Products,
    Tags,
    Things,
    Variants,
    lines_of_products,
)
from wagtail_precise_mail.commerce.conditions.windows import (
    NET,
    PURCHASES,
    SALE,
    SALES,
    Currency,
    in_currency,
    in_words,
    lines_of_contacts,
    money_of,
    orders_in_words,
    sum_of,
)
from wagtail_precise_mail.commerce.models import Order, OrderLine
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Amount, Choice, Count, Flag, Tally, Windowed, conditions
from wagtail_precise_mail.segments.conditions.tallies import MakeFigure, Picked, all_but, figure_name
from wagtail_precise_mail.segments.conditions.words import between


class Bound(StrEnum):
    """In what a quantity or an amount must be reached."""

    LINE = "line"
    ORDER = "order"
    ALL = "all"


BOUND_LABELS = [
    (Bound.LINE.value, gettext_lazy("in one line of an order")),
    (Bound.ORDER.value, gettext_lazy("in one order")),
    (Bound.ALL.value, gettext_lazy("in all orders together")),
]


@dataclass(frozen=True)
class _Bought(Windowed):
    """Lines about some products, with how much of them is enough."""

    group = PURCHASES

    products: Products = ()
    categories: Categories = ()
    orders: Annotated[
        int,
        Count(label=gettext_lazy("In at least this many orders"), help_text=gettext_lazy("Empty: one."), minimum=1),
    ] = 1
    quantity: Annotated[
        int, Count(label=gettext_lazy("At least this many units"), help_text=gettext_lazy("Empty: one."), minimum=1)
    ] = 1
    amount: Annotated[
        Decimal | None,
        Amount(
            label=gettext_lazy("For at least"),
            help_text=gettext_lazy("Of the lines, before a discount on the whole order."),
        ),
    ] = None
    bound_to: Annotated[
        str,
        Choice(
            label=gettext_lazy("Units and amount are reached"),
            help_text=gettext_lazy("Empty: in one line of an order."),
            choices=BOUND_LABELS,
        ),
    ] = "line"
    net_of_refunds: Annotated[
        bool,
        Flag(
            label=gettext_lazy("Take refunds off"),
            help_text=gettext_lazy(
                "In all orders together, every refund counts; in one line or order only those that name it."
            ),
        ),
    ] = False
    variants: Variants = ()
    brands: Brands = ()
    tags: Tags = ()
    attribute: Attribute = ""
    attribute_value: AttributeValue = ""
    currency: Currency = ""

    @property
    def things(self) -> Things:
        return Things(
            self.products,
            self.categories,
            self.variants,
            self.brands,
            self.tags,
            self.attribute,
            self.attribute_value,
        )

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from self.things.problems()
        if not self.things:
            yield "products", _("choose a product or a category")
        if self.currency and self.amount is None:
            yield "currency", _("give an amount with it")
        yield from super().problems()

    def bought_tally(self, at: datetime) -> Tally | None:
        """Return the statement as sums over lines, or None where it is about whole orders."""
        if self.bound_to == Bound.ORDER:
            return None
        return self._in_all(at) if self.bound_to == Bound.ALL else self._in_a_line(at)

    def bought_q(self, at: datetime) -> Q:
        """Return the statement that they bought so much."""
        tally = self.bought_tally(at)
        return tally.as_q() if tally else self._in_an_order(at)

    def _in_a_line(self, at: datetime) -> Tally:
        # A figure of its own per set of lines: a neighbor about other products brings another.
        about = (self.things, self.quantity, self.amount, self.currency, self.net_of_refunds)
        name = figure_name("orders" if self.orders > 1 else "lines", *about)
        return Tally(
            source=("lines", SALE, self.window),
            rows=lambda: lines_of_contacts(at, self.window),
            wanted=self._wanted_lines(at),
            picked=self._picked(self._reaching(at)),
            contact="order__contact_id",
            figures={name: _count_orders if self.orders > 1 else _count_lines},
            having=Q(**{f"{name}__gte": self.orders}),
            is_any_row=self.orders == 1,
            history=SALES,
            moment="order__placed_at",
        )

    def _in_all(self, at: datetime) -> Tally:
        kinds = NET if self.net_of_refunds else SALE
        figures: dict[str, MakeFigure] = {}
        having = []
        for name, make, bound in self._figures():
            own = figure_name(f"{name}_in_all", self.things, self.currency)
            figures[own] = make
            having.append(Q(**{f"{own}__gte": bound}))
        return Tally(
            source=("lines", kinds, self.window),
            rows=lambda: lines_of_contacts(at, self.window, kinds=kinds),
            wanted=self._about(),
            picked=self._picked(Q()),
            contact="order__contact_id",
            figures=figures,
            having=reduce(and_, having),
        )

    def _figures(self) -> Iterator[tuple[str, MakeFigure, Any]]:
        """Yield name, figure and least value of what all orders together must reach."""
        if self.quantity > 1 or self.net_of_refunds or (self.orders == 1 and self.amount is None):
            yield "units", _sum_units, self.quantity
        if self.amount is not None:
            yield "amount", sum_of(money_of("total", self.currency, "order__")), self.amount
        if self.orders > 1:
            yield "orders", _count_sales, self.orders

    def _in_an_order(self, at: datetime) -> Q:
        lines = lines_of_contacts(at, self.window).filter(self._about())
        units, money = F("quantity"), money_of("total", self.currency, "order__")
        if self.net_of_refunds:
            units, money = self._net_units(at), self._net_money(at)
        sums = lines.values("order_id", "order__contact_id").alias(units=Sum(units)).filter(units__gte=self.quantity)
        if self.amount is not None:
            sums = sums.alias(money=sum_of(money)(None)).filter(money__gte=self.amount)
        if self.orders == 1:
            return Q(pk__in=sums.values("order__contact_id"))
        orders = Order.objects.order_by().filter(pk__in=sums.values("order_id")).values("contact_id")
        return Q(pk__in=orders.alias(orders=CountRows("*")).filter(orders__gte=self.orders))

    def _picked(self, reaching: Q) -> Picked | None:
        if self.things != Things(self.products):
            return None
        return Picked(lines_of_products, self.products, in_currency(self.currency, "order__") & reaching)

    def _about(self) -> Q:
        return self.things.of_lines() & in_currency(self.currency, "order__")

    def _wanted_lines(self, at: datetime) -> Q:
        return self._about() & self._reaching(at)

    def _reaching(self, at: datetime) -> Q:
        """Return which lines alone come to the quantity and the amount."""
        if self.net_of_refunds:
            enough = Q(GreaterThanOrEqual(self._net_units(at), self.quantity))
            if self.amount is not None:
                enough &= Q(GreaterThanOrEqual(self._net_money(at), Value(self.amount)))
            return enough
        enough = Q()
        if self.quantity > 1 or self.amount is None:
            enough &= Q(quantity__gte=self.quantity)
        if self.amount is not None:
            enough &= Q(GreaterThanOrEqual(money_of("total", self.currency, "order__"), Value(self.amount)))
        return enough

    def _net_units(self, at: datetime) -> Any:
        return F("quantity") + _refunded(at, F("quantity"), 0)

    def _net_money(self, at: datetime) -> Any:
        amount = money_of("total", self.currency, "order__")
        return amount + _refunded(at, amount, Decimal(0), DecimalField(max_digits=30, decimal_places=10))

    def _words(self) -> str:
        words = [self.things.words()]
        if self.orders > 1:
            words.append(_("in at least %(count)s orders") % {"count": self.orders})
        if self.quantity > 1:
            words.append(_units_in_words(self.bound_to) % {"count": self.quantity})
        if self.amount is not None:
            amount = {"amount": between(self.amount, None) + in_words(self.currency)}
            words.append(_amount_in_words(self.bound_to) % amount)
        if self.net_of_refunds:
            words.append(_("net of refunds"))
        return " ".join(words) + self.window.sentence()

    def explain(self, contact: Contact, at: datetime) -> str:
        lines = lines_of_contacts(at, self.window).filter(self._evidence(at), order__contact=contact)
        return orders_in_words(Order.objects.filter(pk__in=lines.values("order")))

    def _evidence(self, at: datetime) -> Q:
        return self._wanted_lines(at) if self.bound_to == Bound.LINE else self._about()


@conditions.register("bought_product")
@dataclass(frozen=True)
class BoughtProduct(_Bought):
    """Contacts who bought any of some products, or anything of some categories."""

    label = gettext_lazy("Bought a product")
    description = gettext_lazy("Any of these products, or anything in these categories and below.")
    icon = "tag"

    def as_q(self, at: datetime) -> Q:
        return self.bought_q(at)

    def tally(self, at: datetime) -> Tally | None:
        return self.bought_tally(at)

    def sentence(self) -> str:
        return _("bought %(things)s") % {"things": self._words()}


@conditions.register("never_bought_product")
@dataclass(frozen=True)
class NeverBoughtProduct(_Bought):
    """Contacts who never bought so much of some products; those without any order among them."""

    label = gettext_lazy("Never bought a product")
    description = gettext_lazy("None of these products, nothing in these categories. Who never ordered belongs.")
    icon = "cross"

    def as_q(self, at: datetime) -> Q:
        return all_but(self.bought_q(at))

    def as_negated_q(self, at: datetime) -> Q:
        return self.bought_q(at)

    def tally(self, at: datetime) -> Tally | None:
        tally = self.bought_tally(at)
        return ~tally if tally else None

    def sentence(self) -> str:
        return _("never bought %(things)s") % {"things": self._words()}


def _refunded(at: datetime, amount: Any, nothing: Any, field: Any = None) -> Any:
    """Return what refunds of a line, up to a moment, came to: negative, or 0."""
    refunds = (
        OrderLine.objects.order_by()
        .filter(refund_of=OuterRef("pk"), order__kind=Order.Kind.REFUND, order__placed_at__lte=at)
        .values("refund_of")
        .annotate(sum=Sum(amount))
        .values("sum")
    )
    return Coalesce(Subquery(refunds, output_field=field), Value(nothing), output_field=field)


def _units_in_words(bound: str) -> str:
    return {
        "line": _("with at least %(count)s units in a line"),
        "order": _("with at least %(count)s units in an order"),
        "all": _("with at least %(count)s units in all"),
    }[bound]


def _amount_in_words(bound: str) -> str:
    return {
        "line": _("for %(amount)s in a line"),
        "order": _("for %(amount)s in an order"),
        "all": _("for %(amount)s in all"),
    }[bound]


def _count_orders(only: Q | None) -> CountRows:
    return CountRows("order_id", distinct=True, filter=only)


def _count_sales(only: Q | None) -> CountRows:
    sales = Q(order__kind=Order.Kind.SALE)
    return CountRows("order_id", distinct=True, filter=sales & only if only else sales)


def _count_lines(only: Q | None) -> CountRows:
    return CountRows("order_id", filter=only)


def _sum_units(only: Q | None) -> Coalesce:
    return Coalesce(Sum("quantity", filter=only), 0)
