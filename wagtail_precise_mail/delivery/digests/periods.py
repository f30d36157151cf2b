"""When a day, a week, a month or a quarter is over, by the reader's own calendar and clocks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from wagtail_precise_mail.contacts.jurisdictions import is_quiet
from wagtail_precise_mail.contacts.models import Cadence

HOURS = 12
"""For how many hours of each day digests may leave, from ``digest_hour`` on."""


def over_since(cadence: str, zone: tzinfo, *, at: datetime, hour: int) -> datetime:
    """Return the end (aware, UTC) of the last period whose digest may have left by ``at``.

    Periods end at midnight; what was kept before belongs into the digest of the morning after. Who has gone back to
    every issue gets what is left the next morning, as if they had chosen a day.

    Args:
        hour: of the morning, from which on digests leave.
    """
    local = at.astimezone(zone)
    day = local.date() if local.hour >= hour else local.date() - timedelta(days=1)
    return datetime.combine(_first_day(cadence, day), time(), tzinfo=zone).astimezone(UTC)


def may_leave(zone: tzinfo, *, at: datetime, hour: int, quiet: Iterable[tuple[time, time]] = ()) -> bool:
    """Whether it is a time of day at which a digest reaches nobody in their sleep, nor in quiet hours."""
    local = at.astimezone(zone)
    return hour <= local.hour < hour + HOURS and not any(is_quiet(local.time(), hours) for hours in quiet)


def _first_day(cadence: str, day: date) -> date:
    """Return the first day of the period that a day is in. Weeks begin on Monday (ISO 8601)."""
    if cadence == Cadence.WEEKLY:
        return day - timedelta(days=day.weekday())
    if cadence == Cadence.MONTHLY:
        return day.replace(day=1)
    if cadence == Cadence.QUARTERLY:
        return day.replace(month=day.month - (day.month - 1) % 3, day=1)
    return day
