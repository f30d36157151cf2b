"""Conditions on visits of the site: pages, products, searches and time. Only those who agreed have any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.commerce.conditions.things import Categories, Products, Things
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Choice, Count, Tally, Text, Windowed, conditions
from wagtail_precise_mail.segments.conditions.words import between
from wagtail_precise_mail.tracking.conditions.sharing import (
    SHOWN,
    Times,
    count_rows,
    dated,
    evidence,
    figure_name,
    holds_text,
    times_in_words,
)
from wagtail_precise_mail.tracking.site_views import SiteView

VISITS = gettext_lazy("Visits")


class _Views(Windowed):
    """Contacts with at least so many views of some sort."""

    group = VISITS
    kind: ClassVar[SiteView.Kind | None] = None

    times: int

    def as_q(self, at: datetime) -> Q:
        return self.tally(at).as_q()

    def tally(self, at: datetime) -> Tally:
        figure = figure_name(type(self).__name__, self.chosen("times"))
        return Tally(
            source=("site views", self.kind, self.window),
            rows=lambda: self._rows(at),
            wanted=self._wanted(),
            figures={figure: count_rows},
            having=Q(**{f"{figure}__gte": self.times}),
            is_any_row=self.times == 1,
            is_guesswork=self._is_guesswork(),
        )

    def _rows(self, at: datetime) -> QuerySet[SiteView]:
        kind = {"kind": self.kind} if self.kind else {}
        return SiteView.objects.order_by().filter(**kind, **self.window.lookups(at, "happened_at"))

    def _wanted(self) -> Q:
        raise NotImplementedError

    def _is_guesswork(self) -> bool:
        """Whether it looks into text."""
        return False

    def _shown(self, view: SiteView) -> str:
        return view.path or "/"

    def explain(self, contact: Contact, at: datetime) -> str:
        views = self._rows(at).filter(self._wanted(), contact=contact).select_related("product")
        latest = views.order_by("-happened_at")[:SHOWN]
        lines = [dated(self._shown(view), view.happened_at) for view in latest]
        return evidence(lines, views.count(), _("no such visit"))


@conditions.register("visited_page")
@dataclass(frozen=True)
class VisitedPage(_Views):
    """Contacts who looked at pages of the site."""

    label = gettext_lazy("Visited pages")
    description = gettext_lazy("Pages of the site, by their address. Only of contacts who agreed to it.")
    icon = "site"

    path: Annotated[
        str,
        Text(
            label=gettext_lazy("Address"),
            help_text=gettext_lazy("Without the site's name, such as /guides/. Empty: any page."),
            max_length=200,
        ),
    ] = ""
    match: Annotated[
        str,
        Choice(
            label=gettext_lazy("The address"),
            choices=[("contains", gettext_lazy("contains it")), ("is", gettext_lazy("is exactly it"))],
        ),
    ] = "contains"
    times: Times = 1

    def _wanted(self) -> Q:
        if not self.path:
            return Q()
        return Q(path=self.path) if self.match == "is" else holds_text("path", self.path)

    def _is_guesswork(self) -> bool:
        return bool(self.path) and self.match == "contains"

    def sentence(self) -> str:
        words = _("visited the site")
        if self.path:
            is_exact = self.match == "is"
            words = _("visited %(path)s") if is_exact else _("visited pages with “%(path)s” in their address")
            words = words % {"path": self.path}
        return words + times_in_words(self.times) + self.window.sentence()


@conditions.register("viewed_product")
@dataclass(frozen=True)
class ViewedProduct(_Views):
    """Contacts who looked at a product, or at anything of a category."""

    label = gettext_lazy("Viewed a product")
    description = gettext_lazy("Any of these products, or anything in these categories and below; none: any product.")
    icon = "view"
    kind = SiteView.Kind.PRODUCT

    products: Products = ()
    categories: Categories = ()
    times: Times = 1

    def _wanted(self) -> Q:
        return self._things.of_lines()

    @property
    def _things(self) -> Things:
        return Things(self.products, self.categories)

    def _shown(self, view: SiteView) -> str:
        return str(view.product or view.path)

    def sentence(self) -> str:
        things = self._things.words() if self._things else _("any product")
        return _("looked at %(things)s") % {"things": things} + times_in_words(self.times) + self.window.sentence()


@conditions.register("searched")
@dataclass(frozen=True)
class Searched(_Views):
    """Contacts who searched the site."""

    label = gettext_lazy("Searched the site")
    description = gettext_lazy("For these words, in any case; empty: for anything.")
    icon = "search"
    kind = SiteView.Kind.SEARCH

    words: Annotated[str, Text(label=gettext_lazy("Words"), max_length=100)] = ""
    times: Times = 1

    def _wanted(self) -> Q:
        return holds_text("words", " ".join(self.words.lower().split())) if self.words else Q()

    def _is_guesswork(self) -> bool:
        return bool(self.words)

    def _shown(self, view: SiteView) -> str:
        return f"“{view.words}”"

    def sentence(self) -> str:
        words = (
            _("searched for “%(words)s”") % {"words": " ".join(self.words.split())}
            if self.words
            else _("searched the site")
        )
        return words + times_in_words(self.times) + self.window.sentence()


@conditions.register("time_on_site")
@dataclass(frozen=True)
class TimeOnSite(Windowed):
    """Contacts who spent so long on the site, over all their visits."""

    label = gettext_lazy("Time on the site")
    description = gettext_lazy("Minutes with a page in front, added up over all visits. Without visits that is 0.")
    group = VISITS
    icon = "time"

    min: Annotated[int | None, Count(label=gettext_lazy("At least minutes"), maximum=1_000_000)] = None
    max: Annotated[int | None, Count(label=gettext_lazy("At most minutes"), maximum=1_000_000)] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.min is None and self.max is None:
            yield "", _("give min, max or both")
        elif self.min is not None and self.max is not None and self.min > self.max:
            yield "max", _("must not be below min")
        yield from super().problems()

    def as_q(self, at: datetime) -> Q:
        return self.tally(at).as_q()

    def tally(self, at: datetime) -> Tally:
        low, high = (None if one is None else one * 60 for one in (self.min, self.max))
        if not low:  # who never came belongs, too: leave out the others instead
            return ~self._tally(at, Q(seconds_sum__gt=high) if high is not None else Q(seconds_sum__lt=0))
        having = Q(seconds_sum__gte=low)
        return self._tally(at, having & Q(seconds_sum__lte=high) if high is not None else having)

    def _tally(self, at: datetime, having: Q) -> Tally:
        return Tally(
            source=("site views", None, self.window),
            rows=lambda: self._rows(at),
            figures={"seconds_sum": _add_seconds},
            having=having,
        )

    def _rows(self, at: datetime) -> QuerySet[SiteView]:
        return SiteView.objects.order_by().filter(**self.window.lookups(at, "happened_at"))

    def sentence(self) -> str:
        return (
            _("spent %(minutes)s minutes on the site") % {"minutes": between(self.min, self.max)}
            + self.window.sentence()
        )

    def explain(self, contact: Contact, at: datetime) -> str:
        seconds = self._rows(at).filter(contact=contact).aggregate(total=Sum("seconds"))["total"] or 0
        count = self._rows(at).filter(contact=contact).count()
        views = ngettext("%(count)s view", "%(count)s views", count) % {"count": count}
        minutes = _("%(minutes)s minutes") % {"minutes": round(seconds / 60, 1)}
        return f"{minutes}, {views}"


def _add_seconds(only: Q | None) -> Any:
    return Sum("seconds", filter=only, default=0)
