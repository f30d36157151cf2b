"""What conditions on single orders share: each says what an order must be like, and in how many orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Annotated

from django.db.models import Q
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.conditions.sums import count_orders
from wagtail_precise_mail.commerce.conditions.windows import ORDER_DETAILS, SALES, orders_in_words, orders_of_contacts
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Count, Tally, Windowed
from wagtail_precise_mail.segments.conditions.tallies import figure_name


@dataclass(frozen=True)
class OrderDetails(Windowed):
    """Contacts with orders that are as wanted, each of them in everything at once."""

    group = ORDER_DETAILS

    orders: Annotated[
        int,
        Count(
            label=gettext_lazy("In at least this many orders"),
            help_text=gettext_lazy("Empty: one."),
            minimum=1,
            is_aside=True,
        ),
    ] = 1

    def facets(self, at: datetime) -> Iterator[tuple[Q, str]]:
        """Yield what an order must be like, and that in words that follow "placed an order"."""
        yield from ()

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from self.missing()
        yield from super().problems()

    def missing(self) -> Iterator[tuple[str, str]]:
        """Yield what has to be chosen before it says anything."""
        if not any(True for _facet in self.facets(_ANY_MOMENT)):
            yield "", _("choose what the order must be like")

    def as_q(self, at: datetime) -> Q:
        return self.tally(at).as_q()

    def tally(self, at: datetime) -> Tally:
        wanted = self._wanted(at)
        name = figure_name("orders", type(self).__name__, self.chosen("orders"))
        return Tally(
            source=("orders", ("sale",), self.window),
            rows=lambda: orders_of_contacts(at, self.window),
            wanted=wanted,
            wanted_alone=self.joined() if self.orders == 1 else Q(),
            figures={name: count_orders},
            having=Q(**{f"{name}__gte": self.orders}),
            is_any_row=self.orders == 1,
            is_guesswork=self.is_guesswork(),
            history=SALES,
            moment="placed_at",
        )

    def joined(self) -> Q:
        """Return all of :meth:`facets` by a join, where that is quicker, or nothing; an order may come twice."""
        return Q()

    def is_guesswork(self) -> bool:
        """Whether PostgreSQL cannot tell how many orders are so."""
        return False

    def _wanted(self, at: datetime) -> Q:
        return reduce(and_, [wanted for wanted, _words in self.facets(at)])

    def sentence(self) -> str:
        words = " ".join(words for _wanted, words in self.facets(_ANY_MOMENT))
        if self.orders > 1:
            count = {"count": self.orders, "details": words, "within": self.window.sentence()}
            return _("placed at least %(count)s orders %(details)s%(within)s") % count
        return _("placed an order %(details)s%(within)s") % {"details": words, "within": self.window.sentence()}

    def explain(self, contact: Contact, at: datetime) -> str:
        found = orders_of_contacts(at, self.window).filter(self._wanted(at), contact=contact)
        return orders_in_words(found)


# Of all that an order may be like, only coupons and times need none: a moment for the words alone.
_ANY_MOMENT = datetime(2000, 1, 1, tzinfo=get_default_timezone())
