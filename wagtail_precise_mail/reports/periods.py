"""The days that a report is about, cut into weeks, months, quarters or years."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

EARLIEST = date(1980, 1, 1)
"""Before any order that a shop has in a computer."""

_WEEKS_UP_TO, _MONTHS_UP_TO, _QUARTERS_UP_TO = 190, 1_150, 4_000


def midnight(day: date) -> datetime:
    """Return when a day begins on the clocks of the site."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


@dataclass(frozen=True)
class Slice:
    """A part of a period, both days included."""

    first: date
    last: date
    label: str


@dataclass(frozen=True)
class Period:
    """Days of the site's time zone, both included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """Its first moment."""
        return midnight(self.first)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return midnight(self.last + timedelta(days=1))

    @property
    def months(self) -> int:
        """How many months it touches."""
        return month_number(self.last) - month_number(self.first) + 1

    @property
    def slice_title(self) -> str:
        """What its slices are."""
        length = (self.last - self.first).days + 1
        if length <= _WEEKS_UP_TO:
            return _("Week from")
        return _("Month") if length <= _MONTHS_UP_TO else _("Quarter") if length <= _QUARTERS_UP_TO else _("Year")

    def slices(self) -> list[Slice]:
        """Cut it into weeks (from Monday), months, quarters or years, whichever are not too many."""
        length = (self.last - self.first).days + 1
        if length <= _WEEKS_UP_TO:
            return self._weeks()
        size = 1 if length <= _MONTHS_UP_TO else 3 if length <= _QUARTERS_UP_TO else 12
        return self._month_groups(size)

    def _weeks(self) -> list[Slice]:
        found, first = [], self.first
        while first <= self.last:
            last = min(first + timedelta(days=6 - first.weekday()), self.last)
            found.append(Slice(first, last, date_format(first, "j M")))
            first = last + timedelta(days=1)
        return found

    def _month_groups(self, size: int) -> list[Slice]:
        found = []
        for number in range(month_number(self.first) // size * size, month_number(self.last) + 1, size):
            first, last = first_of_month(number), first_of_month(number + size) - timedelta(days=1)
            found.append(Slice(max(first, self.first), min(last, self.last), _group_label(number, size)))
        return found


def _group_label(number: int, size: int) -> str:
    if size == 1:
        return month_label(number)
    if size == 3:
        return _("Q%(quarter)s %(year)s") % {"quarter": number % 12 // 3 + 1, "year": number // 12}
    return str(number // 12)


def month_number(day: date) -> int:
    """Return a month as one number, so that months can be subtracted: the months since year 0."""
    return day.year * 12 + day.month - 1


def first_of_month(number: int) -> date:
    """Return the first day of a month that is given as a number."""
    return date(number // 12, number % 12 + 1, 1)


def month_label(number: int) -> str:
    """Return such as "Mar 2026", in the active language."""
    return str(date_format(first_of_month(number), "M Y"))
