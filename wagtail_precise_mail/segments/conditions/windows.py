"""Windows of time that conditions look into: counted back from the moment of evaluation, or days of the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

from django.utils.formats import date_format
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.segments.conditions.base import Condition
from wagtail_precise_mail.segments.conditions.parameters import Count, Day
from wagtail_precise_mail.segments.conditions.words import within

Days = Annotated[
    int | None,
    Count(
        label=gettext_lazy("Within days"),
        help_text=gettext_lazy("Counted back from the moment of evaluation, to the second. Empty: ever."),
        minimum=1,
        maximum=36_500,
        is_aside=True,
    ),
]
BeforeDays = Annotated[
    int | None,
    Count(
        label=gettext_lazy("But not within the last days"),
        help_text=gettext_lazy("With the field above: between so many and so many days ago."),
        minimum=1,
        maximum=36_500,
        is_aside=True,
    ),
]
FromOn = Annotated[
    date | None,
    Day(label=gettext_lazy("From the day"), help_text=gettext_lazy("From its first moment on."), is_aside=True),
]
UntilOn = Annotated[
    date | None,
    Day(label=gettext_lazy("Until the day"), help_text=gettext_lazy("To its last moment."), is_aside=True),
]


@dataclass(frozen=True)
class Window:
    """A stretch of time, as of a moment after which nothing counts.

    Attributes:
        days: from so many times 24 hours before the moment, that instant included.
        before_days: to so many times 24 hours before the moment, that instant included.
        from_on: from the start of this day in the time zone of the site.
        until_on: to the end of this day there, so that the next midnight is out.
    """

    days: int | None = None
    before_days: int | None = None
    from_on: date | None = None
    until_on: date | None = None

    def __bool__(self) -> bool:
        return self != Window()

    def lookups(self, at: datetime, field: str = "placed_at") -> dict[str, datetime]:
        """Return the lookups that keep ``field`` in the window."""
        found = {f"{field}__lte": at - timedelta(days=self.before_days or 0)}
        if since := self.since(at):
            found[f"{field}__gte"] = since
        if self.until_on and (end := _midnight(self.until_on + timedelta(days=1))) <= at:
            found[f"{field}__lt"] = end
        return found

    def since(self, at: datetime) -> datetime | None:
        """Return the first moment of the window, or None where it has none."""
        if self.days is not None:
            return at - timedelta(days=self.days)
        return _midnight(self.from_on) if self.from_on else None

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what does not go together."""
        if (self.days or self.before_days) and (self.from_on or self.until_on):
            yield "from_on", _("give days counted back, or days of the calendar, not both")
        if self.days and self.before_days and self.before_days >= self.days:
            yield "before_days", _("must be below days")
        if self.from_on and self.until_on and self.from_on > self.until_on:
            yield "until_on", _("must not be before from_on")

    def sentence(self) -> str:
        """Return " within 90 days" with its space, or ""."""
        if self.before_days:
            if self.days:
                words = {"first": self.before_days, "last": self.days}
                return _(" between %(first)s and %(last)s days ago") % words
            count = self.before_days
            return ngettext(" at least %(days)s day ago", " at least %(days)s days ago", count) % {"days": count}
        if self.days:
            return within(self.days)
        return self._calendar()

    def _calendar(self) -> str:
        days = {"first": shown_day(self.from_on), "last": shown_day(self.until_on)}
        if self.from_on and self.from_on == self.until_on:
            return _(" on %(first)s") % days
        if self.from_on and self.until_on:
            return _(" from %(first)s to %(last)s") % days
        if self.from_on:
            return _(" since %(first)s") % days
        return _(" until %(last)s") % days if self.until_on else ""


@dataclass(frozen=True, kw_only=True)
class Windowed(Condition):
    """A condition with a window; its fields stand last in the form."""

    days: Days = None
    before_days: BeforeDays = None
    from_on: FromOn = None
    until_on: UntilOn = None

    @property
    def window(self) -> Window:
        return Window(self.days, self.before_days, self.from_on, self.until_on)

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from self.window.problems()

    def chosen(self, *besides: str) -> dict[str, Any]:
        """Return what was chosen, without the window and the fields named: which of the rows are wanted."""
        skipped = {field.name for field in fields(Windowed)} | set(besides)
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in skipped}


def shown_day(day: Any) -> str:
    """Return a day as people write it, or ""."""
    return date_format(day, "DATE_FORMAT") if day else ""


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), get_default_timezone())
