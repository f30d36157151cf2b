"""Conditions on the first and the last order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.conditions.windows import PURCHASES, orders_of_contacts
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Condition, Tally, conditions
from wagtail_precise_mail.segments.conditions import Count as CountParameter
from wagtail_precise_mail.segments.conditions.words import between


@dataclass(frozen=True)
class _OrderMoment(Condition):
    """How long ago an order was, counted back from the moment of evaluation."""

    group = PURCHASES
    icon = "history"

    min_days_ago: Annotated[
        int | None, CountParameter(label=gettext_lazy("At least days ago"), minimum=1, maximum=36_500)
    ] = None
    max_days_ago: Annotated[
        int | None, CountParameter(label=gettext_lazy("At most days ago"), minimum=1, maximum=36_500)
    ] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.min_days_ago is None and self.max_days_ago is None:
            yield "", _("give min_days_ago, max_days_ago or both")
        elif self.min_days_ago and self.max_days_ago and self.min_days_ago > self.max_days_ago:
            yield "max_days_ago", _("must not be below min_days_ago")

    def _any_in_window(self, at: datetime) -> Tally:
        return Tally(
            source=("order moments", self.min_days_ago, self.max_days_ago),
            rows=lambda: self._window(at),
            figures={"row_count": lambda only: Count("pk", filter=only)},
            having=Q(row_count__gte=1),
            is_any_row=True,
        )

    def _window(self, at: datetime) -> QuerySet[Order]:
        """Return the orders that are as long ago as asked for."""
        latest = at - timedelta(days=self.min_days_ago or 0)
        orders = orders_of_contacts(latest)
        return orders.filter(placed_at__gte=self._oldest(at)) if self.max_days_ago else orders

    def _oldest(self, at: datetime) -> datetime:
        return at - timedelta(days=self.max_days_ago or 0)

    def _ago(self) -> str:
        return _("%(days)s days ago") % {"days": between(self.min_days_ago, self.max_days_ago)}


@conditions.register("last_order")
@dataclass(frozen=True)
class LastOrder(_OrderMoment):
    """Contacts by the days since their last order. Who never ordered has no last order."""

    label = gettext_lazy("Last order")
    description = gettext_lazy("Days since the last order. Without orders there is none.")

    def tally(self, at: datetime) -> Tally | None:
        return None if self.min_days_ago else self._any_in_window(at)

    def as_q(self, at: datetime) -> Q:
        statement = Q(pk__in=self._window(at).values("contact_id"))
        if self.min_days_ago:
            later = orders_of_contacts(at).filter(
                contact=OuterRef("pk"), placed_at__gt=at - timedelta(days=self.min_days_ago)
            )
            statement &= ~Q(Exists(later))
        return statement

    def sentence(self) -> str:
        return _("placed their last order %(ago)s") % {"ago": self._ago()}

    def explain(self, contact: Contact, at: datetime) -> str:
        return _moment_in_words(orders_of_contacts(at).filter(contact=contact).order_by("-placed_at").first())


@conditions.register("first_order")
@dataclass(frozen=True)
class FirstOrder(_OrderMoment):
    """Contacts by the days since their first order."""

    label = gettext_lazy("First order")
    description = gettext_lazy("Days since the first order. Without orders there is none.")

    def tally(self, at: datetime) -> Tally | None:
        return None if self.max_days_ago else self._any_in_window(at)

    def as_q(self, at: datetime) -> Q:
        statement = Q(pk__in=self._window(at).values("contact_id"))
        if self.max_days_ago:
            earlier = orders_of_contacts(at).filter(contact=OuterRef("pk"), placed_at__lt=self._oldest(at))
            statement &= ~Q(Exists(earlier))
        return statement

    def sentence(self) -> str:
        return _("placed their first order %(ago)s") % {"ago": self._ago()}

    def explain(self, contact: Contact, at: datetime) -> str:
        return _moment_in_words(orders_of_contacts(at).filter(contact=contact).order_by("placed_at").first())


def _moment_in_words(order: Order | None) -> str:
    if not order:
        return _("no orders")
    return _("order %(number)s at %(moment)s") % {"number": order.number, "moment": order.placed_at.isoformat()}
