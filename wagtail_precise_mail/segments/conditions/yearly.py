"""Conditions on days that come back every year: birthdays, and the day somebody became a contact.

A birthday comes on the contact's own clock, as far as it is known (see :mod:`wagtail_precise_mail.contacts.zones`); an
anniversary in the time zone of the site, where it began. Who was born on 29 February has the day on 28 February in
other years.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Annotated

from django.db.models import IntegerField, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import ExtractDay, ExtractMonth
from django.db.models.lookups import Exact, GreaterThanOrEqual, LessThanOrEqual
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.contacts.local_days import days_elsewhere
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions.base import Condition, conditions
from wagtail_precise_mail.segments.conditions.days import day_in_words, site_day, start_of
from wagtail_precise_mail.segments.conditions.parameters import Choice, Count

# Enough for every day of any year.
_YEAR = 365


def days_of_year(month: Combinable, day: Combinable, first: date, days: int) -> Q:
    """Return the statement that a day of the year falls within ``days`` days from ``first`` on, both ends included.

    Args:
        month: of the day that comes back, as an expression.
        days: 0 is ``first`` alone.
    """
    if days >= _YEAR:
        return Q(GreaterThanOrEqual(month, Value(1)))
    number = month * Value(100, output_field=IntegerField()) + day
    low, high = _number(first), _number(first + timedelta(days=days), is_last=True)
    from_low, to_high = Q(GreaterThanOrEqual(number, Value(low))), Q(LessThanOrEqual(number, Value(high)))
    # Around New Year the window has two parts. A window of a whole year less a day may end before it begins, too.
    return from_low & to_high if low <= high else from_low | to_high


def _number(day: date, *, is_last: bool = False) -> int:
    is_stand_in = is_last and (day.month, day.day) == (2, 28) and not calendar.isleap(day.year)
    return 229 if is_stand_in else day.month * 100 + day.day


@dataclass(frozen=True)
class YearlyDay(Condition):
    """A day that comes back: within some days from today on, or in a month."""

    icon = "calendar-alt"
    is_profiling = False

    days: Annotated[
        int | None,
        Count(
            label=gettext_lazy("Within the next days"),
            help_text=gettext_lazy("0 is today. Or choose a month."),
            maximum=_YEAR,
        ),
    ] = None
    month: Annotated[
        str,
        Choice(
            label=gettext_lazy("In the month"),
            choices=[("this", gettext_lazy("this month")), ("next", gettext_lazy("next month"))]
            + [(str(number), name) for number, name in MONTHS.items()],
        ),
    ] = ""

    def problems(self) -> Iterator[tuple[str, str]]:
        if (self.days is None) == (not self.month):
            yield "", _("give days or month, and not both")

    def statement(self, month: Combinable, day: Combinable, today: date) -> Q:
        """Return whether a day of the year, given as expressions, comes as asked for."""
        if self.days is not None:
            return days_of_year(month, day, today, self.days)
        return Q(Exact(month, Value(self.wanted_month(today))))

    def wanted_month(self, today: date) -> int:
        """Return the number of the month that is meant."""
        current = today.month
        return {"this": current, "next": current % 12 + 1}.get(self.month) or int(self.month)

    def when(self) -> str:
        """Return "within 7 days" in words."""
        if self.days == 0:
            return _("today")
        if self.days is not None:
            return ngettext("within the next day", "within the next %(days)s days", self.days) % {"days": self.days}
        words = {"this": _("this month"), "next": _("next month")}
        return words.get(self.month) or _("in %(month)s") % {"month": MONTHS[int(self.month)]}


@conditions.register("birthday")
@dataclass(frozen=True)
class Birthday(YearlyDay):
    """Contacts who have their birthday soon, or in a month."""

    label = gettext_lazy("Birthday")
    description = gettext_lazy("Today, within some days, or in a month. Without a birthday there is none.")

    def as_q(self, at: datetime) -> Q:
        month, day = ExtractMonth("birthday_on"), ExtractDay("birthday_on")
        today = site_day(at)
        elsewhere = {
            there: lives_there
            for there, lives_there in days_elsewhere(at).items()
            if self._asks_for(there) != self._asks_for(today)
        }
        found = self.statement(month, day, today)
        if elsewhere:
            found &= ~reduce(or_, elsewhere.values())
        for there, lives_there in elsewhere.items():
            found |= self.statement(month, day, there) & lives_there
        # isnull comes first so that the whole is false, not NULL, for a contact without a birthday.
        return Q(birthday_on__isnull=False) & found

    def _asks_for(self, today: date) -> date | int:
        """What the answer depends on: within a month, all days ask for the same."""
        return today if self.days is not None else self.wanted_month(today)

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        return _("have their birthday %(when)s") % {"when": self.when()}

    def explain(self, contact: Contact, at: datetime) -> str:
        return day_in_words(contact.birthday_on) if contact.birthday_on else _("birthday unknown")


@conditions.register("anniversary")
@dataclass(frozen=True)
class Anniversary(YearlyDay):
    """Contacts who came to us on this day of an earlier year."""

    label = gettext_lazy("Anniversary as a contact")
    description = gettext_lazy("The day they became a contact comes back: today, within some days, or in a month.")

    def as_q(self, at: datetime) -> Q:
        zone = timezone.get_default_timezone()
        month, day = ExtractMonth("created_at", tzinfo=zone), ExtractDay("created_at", tzinfo=zone)
        return Q(created_at__lt=self._since(at)) & self.statement(month, day, site_day(at))

    def _since(self, at: datetime) -> datetime:
        """Whoever came after this has not had the day yet: the day itself is no anniversary."""
        today = site_day(at)
        if self.days is not None:
            return start_of(today)
        year = today.year + (self.month == "next" and today.month == 12)
        return start_of(date(year, self.wanted_month(today), 1))

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        return _("came to us in an earlier year on a day that is %(when)s") % {"when": self.when()}

    def explain(self, contact: Contact, at: datetime) -> str:
        return _("contact since %(day)s") % {"day": day_in_words(site_day(contact.created_at))}
