"""Conditions on the record of a contact: its age, its language, its state, and what customer service noted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from django.db.models import Count as CountRows
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.contacts.models import Contact, ServiceNote
from wagtail_precise_mail.segments.conditions.base import Condition, conditions
from wagtail_precise_mail.segments.conditions.days import (
    Day,
    MaxDaysAgo,
    MinDaysAgo,
    ago_in_words,
    ago_problems,
    ago_window,
    day_in_words,
    site_day,
    start_of,
)
from wagtail_precise_mail.segments.conditions.parameters import Choice, Count, Text
from wagtail_precise_mail.segments.conditions.several import Several
from wagtail_precise_mail.segments.conditions.tallies import Tally
from wagtail_precise_mail.segments.conditions.words import listed, within


@conditions.register("record_age")
@dataclass(frozen=True)
class RecordAge(Condition):
    """Contacts who have been here for so long, or since a day of the calendar."""

    label = gettext_lazy("Contact since")
    description = gettext_lazy("When the contact came: days ago, or between two days.")
    icon = "history"
    is_profiling = False

    min_days_ago: MinDaysAgo = None
    max_days_ago: MaxDaysAgo = None
    from_on: Annotated[date | None, Day(label=gettext_lazy("From this day on"))] = None
    until_on: Annotated[date | None, Day(label=gettext_lazy("Up to the end of this day"))] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if all(one is None for one in (self.min_days_ago, self.max_days_ago, self.from_on, self.until_on)):
            yield "", _("give at least one of min_days_ago, max_days_ago, from_on and until_on")
        yield from ago_problems(self.min_days_ago, self.max_days_ago)
        if self.from_on and self.until_on and self.from_on > self.until_on:
            yield "until_on", _("must not be before from_on")

    def as_q(self, at: datetime) -> Q:
        window = ago_window(at, self.min_days_ago, self.max_days_ago)
        statement = Q(**{f"created_at__{lookup}": moment for lookup, moment in window.items()})
        if self.from_on:
            statement &= Q(created_at__gte=start_of(self.from_on))
        if self.until_on:
            statement &= Q(created_at__lt=start_of(self.until_on + timedelta(days=1)))
        return statement

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        parts = []
        if self.min_days_ago or self.max_days_ago:
            parts.append(ago_in_words(self.min_days_ago, self.max_days_ago))
        if self.from_on:
            parts.append(_("from %(day)s on") % {"day": day_in_words(self.from_on)})
        if self.until_on:
            parts.append(_("up to %(day)s") % {"day": day_in_words(self.until_on)})
        return _("became a contact %(when)s") % {"when": " ".join(parts)}

    def explain(self, contact: Contact, at: datetime) -> str:
        return _("contact since %(day)s") % {"day": day_in_words(site_day(contact.created_at))}


@conditions.register("language")
@dataclass(frozen=True)
class Language(Condition):
    """Contacts whose language is one of some, or a kind of it: "en" is also "en-gb"."""

    label = gettext_lazy("Language")
    description = gettext_lazy("The language a contact reads, with its regions. Several languages: any of them.")
    icon = "globe"
    is_profiling = False

    languages: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Languages"),
            item=Text(label=gettext_lazy("Language"), help_text=gettext_lazy("Such as en or zh-hans."), max_length=20),
        ),
    ]

    def as_q(self, at: datetime) -> Q:
        statement = Q()
        for language in self.languages:
            statement |= Q(locale__iexact=language)
            statement |= Q(locale__istartswith=f"{language}-") | Q(locale__istartswith=f"{language}_")
        return statement

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        return _("read %(languages)s") % {"languages": listed(self.languages)}

    def explain(self, contact: Contact, at: datetime) -> str:
        return contact.locale or _("language unknown")


_STATES: dict[str, tuple[str | Promise, str | Promise]] = {
    "quarantined": (gettext_lazy("is in quarantine"), gettext_lazy("are in quarantine")),
    "paused": (gettext_lazy("pauses mail"), gettext_lazy("want no mail for a while")),
    "has_account": (gettext_lazy("has an account on the site"), gettext_lazy("have an account on the site")),
    "allows_tracking": (gettext_lazy("may be tracked"), gettext_lazy("allow that opens and clicks are tracked")),
    "allows_profiling": (
        gettext_lazy("may be profiled"),
        gettext_lazy("allow that content is chosen by what they did"),
    ),
}


@conditions.register("contact_state")
@dataclass(frozen=True)
class OfState(Condition):
    """Contacts of whom one of a few yes-or-no facts holds."""

    label = gettext_lazy("State of the contact")
    description = gettext_lazy("In quarantine, pausing, with an account, may be tracked, may be profiled.")
    icon = "user"
    is_profiling = False

    state: Annotated[
        str, Choice(label=gettext_lazy("State"), choices=[(key, label) for key, (label, _words) in _STATES.items()])
    ]

    def as_q(self, at: datetime) -> Q:
        # Each is false, not NULL, where the column is empty: isnull comes first.
        statements: dict[str, Q] = {
            "quarantined": Q(quarantined_at__isnull=False) & Q(quarantined_at__lte=at),
            "paused": Q(paused_until__isnull=False) & Q(paused_until__gt=at),
            "has_account": Q(user__isnull=False),
            "allows_tracking": Q(is_tracking_allowed=True),
            "allows_profiling": Q(is_profiling_allowed=True),
        }
        return statements[self.state]

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        return str(_STATES[self.state][1])


@conditions.register("service_note")
@dataclass(frozen=True)
class HasServiceNote(Condition):
    """Contacts of whom customer service noted something (C083)."""

    label = gettext_lazy("Customer service")
    description = gettext_lazy("Notes, tickets and calls. Several kinds: any of them.")
    icon = "help"

    kinds: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Kinds"),
            help_text=gettext_lazy("Empty: any."),
            item=Choice(label=gettext_lazy("Kind"), choices=list(ServiceNote.Kind.choices)),
        ),
    ] = ()
    min: Annotated[int, Count(label=gettext_lazy("At least so many"), minimum=1, maximum=10_000)] = 1
    days: Annotated[int | None, Count(label=gettext_lazy("Within days"), minimum=1, maximum=36_500)] = None

    def _notes(self, at: datetime) -> QuerySet[ServiceNote]:
        wanted: dict[str, Any] = {"noted_at__lte": at}
        if self.kinds:
            wanted["kind__in"] = self.kinds
        if self.days is not None:
            wanted["noted_at__gte"] = at - timedelta(days=self.days)
        return ServiceNote.objects.order_by().filter(**wanted)

    def tally(self, at: datetime) -> Tally:
        return Tally(
            source=("service notes", self.kinds, self.days),
            rows=lambda: self._notes(at),
            figures={"note_count": lambda only: CountRows("pk", filter=only)},
            having=Q(note_count__gte=self.min),
            is_any_row=self.min == 1,
        )

    def as_q(self, at: datetime) -> Q:
        return self.tally(at).as_q()

    def sentence(self) -> str:
        words = ngettext(
            "have at least %(count)s entry of customer service (%(kinds)s)%(within)s",
            "have at least %(count)s entries of customer service (%(kinds)s)%(within)s",
            self.min,
        )
        kinds = listed(str(ServiceNote.Kind(kind).label) for kind in self.kinds) if self.kinds else _("of any kind")
        return words % {"count": self.min, "kinds": kinds, "within": within(self.days)}

    def explain(self, contact: Contact, at: datetime) -> str:
        found = self._notes(at).filter(contact=contact).count()
        return ngettext("%(count)s entry", "%(count)s entries", found) % {"count": found}
