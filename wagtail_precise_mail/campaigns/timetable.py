"""Which campaigns go out when: months of weeks of days, as the viewer's clocks have them."""

from __future__ import annotations

import calendar
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from wagtail_precise_mail.campaigns.models import Campaign


@dataclass(frozen=True)
class Day:
    """One day of the calendar with its campaigns by time."""

    on: date
    is_in_month: bool
    is_today: bool
    campaigns: list[Campaign] = field(default_factory=list)


@dataclass(frozen=True)
class Month:
    """Whole weeks that cover a month, from Monday to Sunday."""

    first_on: date
    weeks: list[list[Day]]

    @property
    def previous_on(self) -> date:
        """A day of the month before."""
        return self.first_on - timedelta(days=1)

    @property
    def next_on(self) -> date:
        """The first day of the month after."""
        return (self.first_on + timedelta(days=31)).replace(day=1)

    @property
    def busy_days(self) -> list[Day]:
        """The days of the month on which something goes out: what a phone shows."""
        return [day for week in self.weeks for day in week if day.is_in_month and day.campaigns]


def month_of(on: date, *, today: date) -> Month:
    """Read the campaigns around a month, in one query, with days of the current time zone."""
    weeks = calendar.Calendar().monthdatescalendar(on.year, on.month)
    by_day: dict[date, list[Campaign]] = defaultdict(list)
    for campaign in _between(weeks[0][0], weeks[-1][-1] + timedelta(days=1)):
        if campaign.scheduled_at:
            by_day[timezone.localtime(campaign.scheduled_at).date()].append(campaign)
    first = on.replace(day=1)
    return Month(
        first,
        [[Day(day, day.month == on.month, day == today, by_day.get(day, [])) for day in week] for week in weeks],
    )


def running_and_next(*, limit: int) -> list[Campaign]:
    """Campaigns that need eyes: paused and sending ones, then the next to go out."""
    states = [Campaign.State.PAUSED, Campaign.State.SENDING, Campaign.State.SCHEDULED]
    campaigns = Campaign.objects.filter(state__in=states).select_related("segment", "email", "send")
    found = list(campaigns.order_by("scheduled_at", "pk")[: limit * 3])
    return sorted(found, key=lambda campaign: states.index(Campaign.State(campaign.state)))[:limit]


def _between(start: date, end: date) -> QuerySet[Campaign]:
    zone = timezone.get_current_timezone()
    return (
        Campaign.objects.filter(scheduled_at__gte=_midnight(start, zone), scheduled_at__lt=_midnight(end, zone))
        .select_related("email", "segment")
        .order_by("scheduled_at", "pk")
    )


def _midnight(on: date, zone: ZoneInfo | object) -> datetime:
    return datetime.combine(on, time(), tzinfo=zone)  # type: ignore[arg-type]
