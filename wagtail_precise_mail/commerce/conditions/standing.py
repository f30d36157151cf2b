"""Conditions on RFM scores and on habits, as they were worked out last. What these were before is not kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.commerce.conditions.things import Categories, category_pks
from wagtail_precise_mail.commerce.conditions.weekdays import WEEKDAYS, Weekdays, weekday_numbers, weekdays_in_words
from wagtail_precise_mail.commerce.conditions.windows import STANDING, shown_moment
from wagtail_precise_mail.commerce.models import ContactFigures, ContactStanding
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import Condition, Count, Several, Text, Windowed, conditions
from wagtail_precise_mail.segments.conditions.words import between, listed, named

Score = int | None


def _any_of(rows: QuerySet[ContactFigures] | QuerySet[ContactStanding]) -> Q:
    return Q(pk__in=rows.order_by().values("contact_id"))


@conditions.register("rfm_score")
@dataclass(frozen=True)
class RFMScore(Condition):
    """Contacts by their scores of recency, frequency and monetary value, as of the last nightly run."""

    label = gettext_lazy("RFM scores")
    description = gettext_lazy(
        "Recency, frequency and monetary value, from 1 (worst) to 5 (best); without orders none."
    )
    group = STANDING
    icon = "table"

    min_recency: Annotated[Score, Count(label=gettext_lazy("Recency at least"), minimum=1, maximum=5)] = None
    max_recency: Annotated[Score, Count(label=gettext_lazy("Recency at most"), minimum=1, maximum=5)] = None
    min_frequency: Annotated[Score, Count(label=gettext_lazy("Frequency at least"), minimum=1, maximum=5)] = None
    max_frequency: Annotated[Score, Count(label=gettext_lazy("Frequency at most"), minimum=1, maximum=5)] = None
    min_monetary: Annotated[Score, Count(label=gettext_lazy("Monetary value at least"), minimum=1, maximum=5)] = None
    max_monetary: Annotated[Score, Count(label=gettext_lazy("Monetary value at most"), minimum=1, maximum=5)] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self._lookups():
            yield "", _("give at least one score")
        for name, low, high in self._ranges():
            if low and high and low > high:
                yield f"max_{name}", _("must not be below min_%(name)s") % {"name": name}

    def _ranges(self) -> list[tuple[str, Score, Score]]:
        return [
            ("recency", self.min_recency, self.max_recency),
            ("frequency", self.min_frequency, self.max_frequency),
            ("monetary", self.min_monetary, self.max_monetary),
        ]

    def _lookups(self) -> dict[str, int]:
        bounds = {f"{name}_score__gte": low for name, low, _high in self._ranges()}
        bounds |= {f"{name}_score__lte": high for name, _low, high in self._ranges()}
        return {name: bound for name, bound in bounds.items() if bound is not None}

    def as_q(self, at: datetime) -> Q:
        return _any_of(ContactStanding.objects.filter(**self._lookups()))

    def sentence(self) -> str:
        labels = {"recency": _("recency"), "frequency": _("frequency"), "monetary": _("monetary value")}
        parts = [f"{labels[name]} {between(low, high)}" for name, low, high in self._ranges() if low or high]
        return _("score %(scores)s") % {"scores": ", ".join(parts)}

    def explain(self, contact: Contact, at: datetime) -> str:
        standing = ContactStanding.objects.filter(contact=contact).first()
        if standing is None:
            return _("no scores")
        scores = (standing.recency_score, standing.frequency_score, standing.monetary_score)
        words = {"scores": "-".join(str(score or "?") for score in scores), "day": shown_moment(standing.computed_at)}
        return _("scores %(scores)s on %(day)s") % words


@conditions.register("favorite_category")
@dataclass(frozen=True)
class FavoriteCategory(Condition):
    """Contacts who buy most in some categories, as of the last nightly run."""

    label = gettext_lazy("Favorite category")
    description = gettext_lazy("Where they buy most, as it was worked out last.")
    group = STANDING
    icon = "pick"

    categories: Categories

    def as_q(self, at: datetime) -> Q:
        return _any_of(ContactFigures.objects.filter(favorite_category__in=category_pks(self.categories)))

    def sentence(self) -> str:
        return _("buy most in %(categories)s") % {"categories": listed(map(named, self.categories))}

    def explain(self, contact: Contact, at: datetime) -> str:
        figures = ContactFigures.objects.filter(contact=contact).select_related("favorite_category").first()
        category = figures and figures.favorite_category
        return _("most in %(category)s") % {"category": category} if category else _("no favorite category")


@conditions.register("favorite_changed")
@dataclass(frozen=True)
class FavoriteChanged(Windowed):
    """Contacts whose favorite category changed in a window."""

    label = gettext_lazy("Favorite category changed")
    description = gettext_lazy("They began to buy most in another category.")
    group = STANDING
    icon = "resubmit"

    from_categories: Categories = ()
    to_categories: Categories = ()

    def as_q(self, at: datetime) -> Q:
        return _any_of(self._rows(at))

    def _rows(self, at: datetime) -> QuerySet[ContactFigures]:
        rows = ContactFigures.objects.filter(**self.window.lookups(at, "category_changed_at"))
        if self.from_categories:
            rows = rows.filter(former_category__in=category_pks(self.from_categories))
        if self.to_categories:
            rows = rows.filter(favorite_category__in=category_pks(self.to_categories))
        return rows

    def sentence(self) -> str:
        words = {"before": "", "after": "", "window": self.window.sentence()}
        if self.from_categories:
            words["before"] = _(" from %(names)s") % {"names": listed(map(named, self.from_categories))}
        if self.to_categories:
            words["after"] = _(" to %(names)s") % {"names": listed(map(named, self.to_categories))}
        return _("changed their favorite category%(before)s%(after)s%(window)s") % words

    def explain(self, contact: Contact, at: datetime) -> str:
        rows = self._rows(at).filter(contact=contact).select_related("favorite_category", "former_category")
        figures = rows.first()
        if figures is None or figures.category_changed_at is None:
            return _("no such change")
        words = {
            "before": figures.former_category or _("nothing"),
            "after": figures.favorite_category or _("nothing"),
            "day": shown_moment(figures.category_changed_at),
        }
        return _("from %(before)s to %(after)s on %(day)s") % words


@conditions.register("favorite_brand")
@dataclass(frozen=True)
class FavoriteBrand(Condition):
    """Contacts who buy most of some brands, as of the last nightly run."""

    label = gettext_lazy("Favorite brand")
    description = gettext_lazy("Of which they buy most, as it was worked out last.")
    group = STANDING
    icon = "pick"

    brands: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Brands"),
            help_text=gettext_lazy("As the products say it; case matters."),
            item=Text(label=gettext_lazy("Brand"), max_length=100),
        ),
    ]

    def as_q(self, at: datetime) -> Q:
        return _any_of(ContactFigures.objects.filter(favorite_brand__in=self.brands))

    def sentence(self) -> str:
        return _("buy most of %(brands)s") % {"brands": listed(self.brands)}

    def explain(self, contact: Contact, at: datetime) -> str:
        brand = ContactFigures.objects.filter(contact=contact).values_list("favorite_brand", flat=True).first()
        return _("most of %(brand)s") % {"brand": brand} if brand else _("no favorite brand")


@conditions.register("preferred_time")
@dataclass(frozen=True)
class PreferredTime(Condition):
    """Contacts who order mostly at some time, in their own time zone, as of the last nightly run."""

    label = gettext_lazy("Preferred weekday and hour")
    description = gettext_lazy("When they order mostly, in their own time zone, as it was worked out last.")
    group = STANDING
    icon = "time"

    weekdays: Weekdays = ()
    from_hour: Annotated[int | None, Count(label=gettext_lazy("From the hour"), maximum=23)] = None
    until_hour: Annotated[
        int | None,
        Count(label=gettext_lazy("Until the hour"), help_text=gettext_lazy("To its last minute."), maximum=23),
    ] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.weekdays and self.from_hour is None and self.until_hour is None:
            yield "", _("choose weekdays or hours")
        if self.from_hour is not None and self.until_hour is not None and self.from_hour > self.until_hour:
            yield "until_hour", _("must not be below from_hour")

    def as_q(self, at: datetime) -> Q:
        rows = ContactFigures.objects.all()
        if self.weekdays:
            rows = rows.filter(preferred_weekday__in=weekday_numbers(self.weekdays))
        if self.from_hour is not None:
            rows = rows.filter(preferred_hour__gte=self.from_hour)
        if self.until_hour is not None:
            rows = rows.filter(preferred_hour__lte=self.until_hour)
        return _any_of(rows)

    def sentence(self) -> str:
        words = []
        if self.weekdays:
            words.append(_("on a %(weekdays)s") % {"weekdays": weekdays_in_words(self.weekdays)})
        if self.from_hour is not None or self.until_hour is not None:
            last = 23 if self.until_hour is None else self.until_hour
            words.append(_("between %(first)s:00 and %(last)s:59") % {"first": self.from_hour or 0, "last": last})
        return _("order mostly %(when)s") % {"when": " ".join(words)}

    def explain(self, contact: Contact, at: datetime) -> str:
        figures = ContactFigures.objects.filter(contact=contact).first()
        if figures is None or figures.preferred_hour is None or figures.preferred_weekday is None:
            return _("no preferred time")
        weekday = str(WEEKDAYS[figures.preferred_weekday][1])
        return _("%(weekday)s, %(hour)s:00") % {"weekday": weekday, "hour": figures.preferred_hour}
