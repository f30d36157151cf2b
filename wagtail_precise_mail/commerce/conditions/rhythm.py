"""Conditions on how often somebody buys, and on what is about to run out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from django.db.models import BooleanField, DateTimeField, F, FloatField, Func, Max, Min, Q, QuerySet, Value
from django.db.models import Count as CountRows
from django.db.models.functions import TruncDate
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.conditions.things import Categories, Products, Things
from wagtail_precise_mail.commerce.conditions.windows import (
    RHYTHM,
    lines_of_contacts,
    order_in_words,
    orders_of_contacts,
    shown_moment,
)
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Condition, Count, Window, conditions
from wagtail_precise_mail.segments.conditions.profile import range_problems
from wagtail_precise_mail.segments.conditions.tallies import MakeFigure
from wagtail_precise_mail.segments.conditions.words import between

Ahead = Annotated[
    int,
    Count(
        label=gettext_lazy("Due within the next days"),
        help_text=gettext_lazy("0: due now or already. Empty: 0."),
        maximum=3650,
    ),
]
Overdue = Annotated[
    int | None,
    Count(
        label=gettext_lazy("Overdue by at most days"),
        help_text=gettext_lazy("Empty: however long."),
        maximum=36_500,
    ),
]


class DaysBetween(Func):
    """The days from one moment to a later one, as a number with decimals; exact to a thousandth of a second."""

    output_field = FloatField()

    def __init__(self, earlier: Any, later: Any, **extra: Any) -> None:
        super().__init__(earlier, later, **extra)

    def as_sql(  # type: ignore[override]  # as short as Django documents it
        self, compiler: Any, connection: Any, **extra: Any
    ) -> Any:
        template = "(EXTRACT(EPOCH FROM (%(later)s - %(earlier)s)) / 86400.0)"
        if connection.vendor == "sqlite":
            template = "(julianday(%(later)s) - julianday(%(earlier)s))"
        earlier, later = (compiler.compile(one) for one in self.source_expressions)
        sql = template % {"earlier": earlier[0], "later": later[0]}
        return sql, [*later[1], *earlier[1]]


def _first(only: Q | None) -> Min:
    return Min("placed_at", filter=only)


def _last(only: Q | None) -> Max:
    return Max("placed_at", filter=only)


def _days(only: Q | None) -> CountRows:
    # In the time zone of the site: several orders on one day are one purchase.
    return CountRows(TruncDate("placed_at", tzinfo=get_default_timezone()), distinct=True, filter=only)


_FIGURES: dict[str, MakeFigure] = {"first_at": _first, "last_at": _last, "day_count": _days}


def _moment(at: datetime) -> Value:
    return Value(at, output_field=DateTimeField())


@dataclass(frozen=True)
class _Rhythm(Condition):
    """Contacts by the mean of the days between their orders. Below two days with orders there is none."""

    group = RHYTHM

    def having(self, at: datetime) -> Q:
        """Return the statement about ``first_at``, ``last_at`` and ``day_count``, which is two or more."""
        raise NotImplementedError

    def as_q(self, at: datetime) -> Q:
        figures = {name: make(None) for name, make in _FIGURES.items()}
        rows = orders_of_contacts(at).values("contact_id").alias(**figures)
        return Q(pk__in=rows.filter(self._guarded(at)).values("contact_id"))

    def _guarded(self, at: datetime) -> Q:
        return Q(day_count__gte=2) & self.having(at)

    def explain(self, contact: Contact, at: datetime) -> str:
        orders = orders_of_contacts(at).filter(contact=contact)
        sums = orders.aggregate(**{name: make(None) for name, make in _FIGURES.items()})
        if sums["day_count"] < 2:
            return _("orders on fewer than two days")
        days = (sums["last_at"] - sums["first_at"]).total_seconds() / 86400 / (sums["day_count"] - 1)
        words = {"days": f"{days:.1f}", "last": order_in_words(orders.order_by("placed_at").last())}
        return _("every %(days)s days, last %(last)s") % words


@conditions.register("order_interval")
@dataclass(frozen=True)
class OrderInterval(_Rhythm):
    """Contacts by the mean of the days between their orders."""

    label = gettext_lazy("Days between orders")
    description = gettext_lazy("On average; several orders on one day are one. Needs orders on two days.")
    icon = "calendar-alt"

    min: Annotated[int | None, Count(label=gettext_lazy("At least"), maximum=36_500)] = None
    max: Annotated[int | None, Count(label=gettext_lazy("At most"), maximum=36_500)] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from range_problems(self.min, self.max)

    def having(self, at: datetime) -> Q:
        # Products instead of a quotient: nothing is divided by zero.
        statement = Q()
        length, steps = DaysBetween(F("first_at"), F("last_at")), F("day_count") - Value(1)
        if self.min is not None:
            statement &= Q(_AtLeast(length, steps * Value(self.min)))
        if self.max is not None:
            statement &= Q(_AtLeast(steps * Value(self.max), length))
        return statement

    def sentence(self) -> str:
        return _("order every %(days)s days on average") % {"days": between(self.min, self.max)}


@conditions.register("reorder_due")
@dataclass(frozen=True)
class ReorderDue(_Rhythm):
    """Contacts whose next order is due by their own mean interval."""

    label = gettext_lazy("Next order due, by their own rhythm")
    description = gettext_lazy("Their last order, and the days that usually lie between theirs.")
    icon = "calendar-check"

    due_in_days: Ahead = 0
    overdue_days: Overdue = None

    def having(self, at: datetime) -> Q:
        steps = F("day_count") - Value(1)
        length = DaysBetween(F("first_at"), F("last_at"))
        elapsed = DaysBetween(F("last_at"), _moment(at))
        # Due when last + length / steps <= at + ahead; all times steps, so that nothing is divided.
        statement = Q(_AtLeast((elapsed + Value(float(self.due_in_days))) * steps, length))
        if self.overdue_days is not None:
            statement &= Q(_AtLeast(length, (elapsed - Value(float(self.overdue_days))) * steps))
        return statement

    def sentence(self) -> str:
        return _("are due to order again%(due)s") % {"due": _due_in_words(self.due_in_days, self.overdue_days)}


@conditions.register("replenish_due")
@dataclass(frozen=True)
class ReplenishDue(Condition):
    """Contacts who bought something that is used up by now: what the product says after their last order of it."""

    label = gettext_lazy("Product used up")
    description = gettext_lazy("Products that say after how many days they are used up, since they bought them last.")
    group = RHYTHM
    icon = "rotate"

    products: Products = ()
    categories: Categories = ()
    due_in_days: Ahead = 0
    overdue_days: Overdue = None

    @property
    def things(self) -> Things:
        return Things(self.products, self.categories)

    def as_q(self, at: datetime) -> Q:
        return Q(pk__in=self._due(at).values("order__contact_id"))

    def _due(self, at: datetime) -> QuerySet[Any]:
        replenished = Product.objects.order_by().filter(is_replenishable=True, replenish_days__isnull=False)
        lines = lines_of_contacts(at, Window()).filter(self.things.of_lines(), product__in=replenished.values("pk"))
        per_product = lines.values("order__contact_id", "product_id", "product__replenish_days")
        # In whole days and moments: the cycle is compared with the time that passed.
        passed = DaysBetween(F("last_at"), _moment(at))
        due = Q(_AtLeast(passed + Value(float(self.due_in_days)), F("product__replenish_days")))
        if self.overdue_days is not None:
            due &= Q(_AtLeast(F("product__replenish_days"), passed - Value(float(self.overdue_days))))
        return per_product.alias(last_at=Max("order__placed_at")).filter(due)

    def sentence(self) -> str:
        things = self.things.words() if self.things else _("what they bought")
        words = {"things": things, "due": _due_in_words(self.due_in_days, self.overdue_days)}
        return _("have used up %(things)s%(due)s") % words

    def explain(self, contact: Contact, at: datetime) -> str:
        rows = self._due(at).filter(order__contact=contact).annotate(last=Max("order__placed_at"))
        latest = max(rows.values_list("last", "product__sku", "product__replenish_days"), default=None)
        if latest is None:
            return _("nothing is due")
        words = {"sku": latest[1], "day": shown_moment(latest[0]), "days": latest[2]}
        return _("%(sku)s on %(day)s, for %(days)s days") % words


def _due_in_words(ahead: int, overdue: int | None) -> str:
    words = _(" by now") if not ahead else _(" within the next %(days)s days") % {"days": ahead}
    return words if overdue is None else words + _(", overdue by at most %(days)s days") % {"days": overdue}


class _AtLeast(Func):
    """Whether one number is at least another. A lookup would cast its right side to the type of its left."""

    template = "(%(expressions)s)"
    arg_joiner = " >= "
    conditional = True

    def __init__(self, left: Any, right: Any, **extra: Any) -> None:
        super().__init__(left, right, output_field=BooleanField(), **extra)
