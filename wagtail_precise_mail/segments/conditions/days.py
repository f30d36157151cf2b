"""Days as parameters, and windows of time that are relative to the moment of evaluation or stand in the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import blocks

from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.conditions.parameters import Count, Parameter, shown
from wagtail_precise_mail.segments.conditions.references import References
from wagtail_precise_mail.segments.conditions.words import between


@dataclass(kw_only=True)
class Day(Parameter):
    """A day of the calendar, in the time zone of the site."""

    def block(self) -> blocks.Block:
        return blocks.DateBlock(**self._options())

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}

    def read(self, value: Any, place: str, references: References) -> date:
        try:
            day = parse_date(value) if isinstance(value, str) and len(value) == 10 else None
        except ValueError:  # well formed, and not in the calendar
            day = None
        if day is None:
            message = _("must be a day such as 2026-01-31, not %(value)s") % {"value": shown(value)}
            raise InvalidRules(message, place=place)
        return day

    def write(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    def from_block(self, value: Any) -> Any:
        return self.write(value) or None


MinDaysAgo = Annotated[int | None, Count(label=gettext_lazy("At least days ago"), minimum=1, maximum=36_500)]
MaxDaysAgo = Annotated[int | None, Count(label=gettext_lazy("At most days ago"), minimum=1, maximum=36_500)]


def ago_problems(low: int | None, high: int | None) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a pair ``min_days_ago`` and ``max_days_ago``."""
    if low is not None and high is not None and low > high:
        yield "max_days_ago", _("must not be below min_days_ago")


def ago_window(at: datetime, low: int | None, high: int | None) -> dict[str, datetime]:
    """Return the borders of a moment "between ``low`` and ``high`` days ago", both included, by the lookup."""
    window = {"lte": at - timedelta(days=low or 0)}
    return window if high is None else {**window, "gte": at - timedelta(days=high)}


def ago_in_words(low: int | None, high: int | None) -> str:
    """Return "at least 30 days ago"."""
    return _("%(days)s days ago") % {"days": between(low, high)}


def start_of(day: date) -> datetime:
    """Return when a day begins on the site."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


def site_day(at: datetime) -> date:
    """Return which day it is on the site."""
    return timezone.localtime(at, timezone.get_default_timezone()).date()


def day_in_words(day: date) -> str:
    """Return a day as people of the screen's language write it."""
    return date_format(day, "DATE_FORMAT")
