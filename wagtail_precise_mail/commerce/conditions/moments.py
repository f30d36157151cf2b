"""Conditions on the first and the last order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.conditions.sums import count_orders
from wagtail_precise_mail.commerce.conditions.windows import PURCHASES, SALES, order_in_words, orders_of_contacts
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Beginning, Condition, Count, Tally, Window, conditions
from wagtail_precise_mail.segments.conditions.windows import FromOn, UntilOn
from wagtail_precise_mail.segments.conditions.words import between


@dataclass(frozen=True)
class _OrderMoment(Condition):
    """When an order was: days ago, counted back from the moment of evaluation, or between days of the calendar."""

    group = PURCHASES
    icon = "history"

    min_days_ago: Annotated[int | None, Count(label=gettext_lazy("At least days ago"), minimum=1, maximum=36_500)] = (
        None
    )
    max_days_ago: Annotated[int | None, Count(label=gettext_lazy("At most days ago"), minimum=1, maximum=36_500)] = None
    from_on: FromOn = None
    until_on: UntilOn = None

    @property
    def window(self) -> Window:
        return Window(self.max_days_ago, self.min_days_ago, self.from_on, self.until_on)

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.window:
            yield "", _("give min_days_ago, max_days_ago or both")
        elif self.min_days_ago and self.max_days_ago and self.min_days_ago > self.max_days_ago:
            yield "max_days_ago", _("must not be below min_days_ago")
        elif self.min_days_ago != self.max_days_ago:
            yield from self.window.problems()

    def _any_in_window(self, at: datetime) -> Tally:
        return Tally(
            source=("order moments", self.window),
            rows=lambda: self._orders(at),
            figures={"row_count": count_orders},
            having=Q(row_count__gte=1),
            is_any_row=True,
        )

    def _orders(self, at: datetime) -> QuerySet[Order]:
        """Return the orders that are as long ago as asked for."""
        return orders_of_contacts(at, self.window)

    def _except(self, at: datetime, **outside: Any) -> Q:
        others = orders_of_contacts(at).filter(contact=OuterRef("pk"), **outside)
        return Q(pk__in=self._orders(at).values("contact_id")) & ~Q(Exists(others))

    def _when(self) -> str:
        if self.from_on or self.until_on:
            return self.window.sentence()
        return _(" %(days)s days ago") % {"days": between(self.min_days_ago, self.max_days_ago)}


@conditions.register("last_order")
@dataclass(frozen=True)
class LastOrder(_OrderMoment):
    """Contacts by when their last order was. Who never ordered has no last order."""

    label = gettext_lazy("Last order")
    description = gettext_lazy("When the last order was. Without orders there is none.")

    def tally(self, at: datetime) -> Tally | None:
        return None if self._ends_before(at) else self._any_in_window(at)

    def as_q(self, at: datetime) -> Q:
        if not self._ends_before(at):
            return self._any_in_window(at).as_q()
        lookups = self.window.lookups(at)
        if "placed_at__lt" in lookups:
            return self._except(at, placed_at__gte=lookups["placed_at__lt"])
        return self._except(at, placed_at__gt=lookups["placed_at__lte"])

    def _ends_before(self, at: datetime) -> bool:
        return bool(self.min_days_ago) or "placed_at__lt" in self.window.lookups(at)

    def sentence(self) -> str:
        return _("placed their last order%(when)s") % {"when": self._when()}

    def explain(self, contact: Contact, at: datetime) -> str:
        return order_in_words(orders_of_contacts(at).filter(contact=contact).order_by("-placed_at", "-pk").first())


@conditions.register("first_order")
@dataclass(frozen=True)
class FirstOrder(_OrderMoment):
    """Contacts by when their first order was."""

    label = gettext_lazy("First order")
    description = gettext_lazy("When the first order was. Without orders there is none.")

    def tally(self, at: datetime) -> Tally | None:
        return None if self.window.since(at) else self._any_in_window(at)

    def as_q(self, at: datetime) -> Q:
        if since := self.window.since(at):
            return self._except(at, placed_at__lt=since)
        return self._any_in_window(at).as_q()

    def beginning(self, at: datetime) -> Beginning | None:
        since = self.window.since(at)
        return Beginning(SALES, since) if since else None

    def sentence(self) -> str:
        return _("placed their first order%(when)s") % {"when": self._when()}

    def explain(self, contact: Contact, at: datetime) -> str:
        return order_in_words(orders_of_contacts(at).filter(contact=contact).order_by("placed_at", "pk").first())
