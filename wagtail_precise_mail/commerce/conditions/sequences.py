"""Conditions on what followed a purchase: something within some days, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.commerce.conditions.things import Brands, Categories, Products, Things
from wagtail_precise_mail.commerce.conditions.windows import (
    PURCHASES,
    lines_of_contacts,
    order_in_words,
    orders_of_contacts,
)
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Choice, Count, Windowed, conditions

LATER, SAME_OR_LATER = "later", "same_or_later"


@dataclass(frozen=True)
class _Sequence(Windowed):
    """A purchase, and what came of it within so many times 24 hours after it."""

    group = PURCHASES
    icon = "arrow-right"

    products: Products = ()
    categories: Categories = ()
    within_days: Annotated[
        int,
        Count(
            label=gettext_lazy("Followed within days"),
            help_text=gettext_lazy("Counted from the order, to the second."),
            minimum=1,
            maximum=36_500,
        ),
    ] = 30
    then_products: Products = ()
    then_categories: Categories = ()
    follows: Annotated[
        str,
        Choice(
            label=gettext_lazy("The second is"),
            help_text=gettext_lazy("Empty: in a later order."),
            choices=[
                (LATER, gettext_lazy("in a later order")),
                (SAME_OR_LATER, gettext_lazy("in the same order or a later one")),
            ],
        ),
    ] = LATER
    brands: Brands = ()
    then_brands: Brands = ()

    @property
    def first(self) -> Things:
        return Things(self.products, self.categories, brands=self.brands)

    @property
    def second(self) -> Things:
        return Things(self.then_products, self.then_categories, brands=self.then_brands)

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.follows == SAME_OR_LATER and not self.second:
            yield "follows", _("choose what is in the same order")
        yield from super().problems()

    def firsts(self, at: datetime) -> QuerySet[Any]:
        """Return the orders, or their lines, that come first."""
        if not self.first:
            return orders_of_contacts(at, self.window)
        return lines_of_contacts(at, self.window).filter(self.first.of_lines(by_key=True))

    def followers(self, at: datetime) -> Exists:
        """Return whether a row of :meth:`firsts` was followed."""
        path = "order__" if self.first else ""
        start, end = OuterRef(f"{path}placed_at"), OuterRef(f"{path}placed_at") + timedelta(days=self.within_days)
        later = {"placed_at__gte" if self.follows == SAME_OR_LATER else "placed_at__gt": start, "placed_at__lte": end}
        contact = OuterRef(f"{path}contact_id")
        if not self.second:
            return Exists(orders_of_contacts(at).filter(Q(**later), contact=contact))
        wanted = Q(**{f"order__{name}": value for name, value in later.items()})
        return Exists(lines_of_contacts(at).filter(wanted, self.second.of_lines(by_key=True), order__contact=contact))

    def evidence(self, at: datetime) -> QuerySet[Any]:
        """Return the rows of :meth:`firsts` that are as wanted."""
        raise NotImplementedError

    def as_q(self, at: datetime) -> Q:
        return Q(pk__in=self.evidence(at).values("order__contact_id" if self.first else "contact_id"))

    def sentence(self) -> str:
        return self.words() % {
            "first": self.first.words(),
            "second": self.second.words(),
            "days": self.within_days,
            "window": self.window.sentence(),
        }

    def words(self) -> str:
        """Return the sentence with its places."""
        raise NotImplementedError

    def explain(self, contact: Contact, at: datetime) -> str:
        path = "order__" if self.first else ""
        rows = self.evidence(at).filter(**{f"{path}contact": contact}).order_by(f"-{path}placed_at")
        pk = rows.values_list("order_id" if self.first else "pk", flat=True).first()
        return order_in_words(Order.objects.get(pk=pk)) if pk else _("no such orders")


@conditions.register("bought_then")
@dataclass(frozen=True)
class BoughtThen(_Sequence):
    """Contacts with a purchase that another followed within some days."""

    label = gettext_lazy("Bought, then bought within days")
    description = gettext_lazy("One thing, and then another within some days. Empty: anything.")

    def evidence(self, at: datetime) -> QuerySet[Any]:
        return self.firsts(at).filter(self.followers(at))

    def words(self) -> str:
        return ngettext(
            "bought %(first)s%(window)s, then %(second)s within %(days)s day",
            "bought %(first)s%(window)s, then %(second)s within %(days)s days",
            self.within_days,
        )


@conditions.register("bought_not_then")
@dataclass(frozen=True)
class BoughtNotThen(_Sequence):
    """Contacts with a purchase that nothing wanted followed within some days: only once these are over."""

    label = gettext_lazy("Bought, but not then within days")
    description = gettext_lazy("One thing, and another not within the days after it, which are over. Empty: anything.")

    def evidence(self, at: datetime) -> QuerySet[Any]:
        path = "order__" if self.first else ""
        is_over = {f"{path}placed_at__lte": at - timedelta(days=self.within_days)}
        return self.firsts(at).filter(~Q(self.followers(at)), **is_over)

    def words(self) -> str:
        return ngettext(
            "bought %(first)s%(window)s, but then not %(second)s within %(days)s day",
            "bought %(first)s%(window)s, but then not %(second)s within %(days)s days",
            self.within_days,
        )
