"""The best time for mail to a segment: by what its members do, else by the rule of the industry, else as set (C009)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.conf import SETTING, options
from wagtail_precise_mail.exceptions import ConfigurationError
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.timing import Timing
from wagtail_precise_mail.tracking.activity_hours import DAYS, activity_by_hour
from wagtail_precise_mail.tracking.send_hours import LEAST_CLICKS, most_of_a_round

if TYPE_CHECKING:
    from wagtail_precise_mail.segments.models import Segment
    from wagtail_precise_mail.segments.rules import Rules

Activity = Mapping[tuple[int, int], int]
"""How often members did something, by weekday (0 is Monday) and hour."""


@dataclass(frozen=True)
class Usual:
    """A time to begin with in an industry, before anything is measured: a convention, and no result."""

    label: str | Promise
    weekday: int
    hour: int


INDUSTRIES: dict[str, Usual] = {
    "retail": Usual(gettext_lazy("retail"), 3, 10),
    "food": Usual(gettext_lazy("food and drink"), 4, 11),
    "fashion": Usual(gettext_lazy("fashion"), 3, 19),
    "home": Usual(gettext_lazy("home and garden"), 5, 9),
    "leisure": Usual(gettext_lazy("leisure and hobbies"), 6, 10),
    "travel": Usual(gettext_lazy("travel"), 6, 18),
    "media": Usual(gettext_lazy("media and culture"), 5, 8),
    "business": Usual(gettext_lazy("trade between businesses"), 1, 10),
    "nonprofit": Usual(gettext_lazy("associations and charities"), 2, 10),
}
"""What the option ``industry`` may say."""


class TimeBasis(StrEnum):
    """What a time comes from."""

    FIXED = "fixed"
    ACTIVITY = "activity"
    INDUSTRY = "industry"
    SETTING = "setting"


def require_known_industry() -> None:
    """Check the option ``industry``.

    Raises:
        ConfigurationError: it is none of :data:`INDUSTRIES`.
    """
    if (given := options().industry) and given not in INDUSTRIES:
        known = ", ".join(map(repr, INDUSTRIES))
        raise ConfigurationError(f"{SETTING}['industry'] must be \"\" or one of {known}, not {given!r}.")


@dataclass(frozen=True)
class BestTime:
    """When mail to a segment should leave, on the clock of the site.

    Attributes:
        weekday: 0 is Monday; None is any day.
        why: a sentence for colleagues.
        evidence_count: clicks, orders and visits that were looked at.
    """

    hour: int
    weekday: int | None
    basis: TimeBasis
    why: str
    evidence_count: int = 0

    def next_after(self, moment: datetime) -> datetime:
        """Return the next such time (aware, UTC), half an hour ahead at least, so that there is time to schedule."""
        zone = get_default_timezone()
        first = (moment + timedelta(minutes=30)).astimezone(zone)
        day = first.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        while True:
            wall = day.replace(hour=self.hour)
            # By way of UTC and back: an hour that the clocks skip becomes the one after it.
            found = wall.replace(tzinfo=zone).astimezone(UTC)
            if found >= first and self.weekday in (None, wall.weekday()):
                return found
            day += timedelta(days=1)


def best_time(segment: Segment, rules: Rules, *, at: datetime) -> BestTime:
    """Return the best time for a segment, in three queries at the most."""
    needs_activity = segment.timing == Timing.ACTIVITY
    return best_time_by(segment, activity_by_hour(members(rules, at=at), at=at) if needs_activity else {})


def best_time_by(segment: Segment, activity: Activity) -> BestTime:
    """Return the best time for a segment whose activity is known."""
    if segment.timing == Timing.FIXED and segment.send_hour is not None:
        why = _("%(time)s: as colleagues chose for this segment.")
        return _time(segment.send_hour, segment.send_weekday, TimeBasis.FIXED, why)
    count = sum(activity.values())
    if segment.timing == Timing.ACTIVITY and count >= LEAST_CLICKS:
        return _by_activity(activity, count)
    lacks = segment.timing == Timing.ACTIVITY
    return _usual(count if lacks else None)


def _by_activity(activity: Activity, count: int) -> BestTime:
    hours, days = Counter[int](), Counter[int]()
    for (weekday, hour), times in activity.items():
        hours[hour] += times
        days[weekday] += times
    # Each by itself: of 168 hours of a week the busiest is chance, of 24 and of 7 it is a habit.
    hour, weekday = most_of_a_round(hours, 24), most_of_a_round(days, 7)
    why = _(
        "%(time)s: the hour and the weekday, each by itself, with the most clicks, orders and visits of members "
        "(%(count)s in %(days)s days)."
    )
    return _time(hour, weekday, TimeBasis.ACTIVITY, why, count)


def _usual(count: int | None) -> BestTime:
    """Return what holds where nothing is measured.

    Args:
        count: of what members did, where it was asked for and is too little.
    """
    if usual := INDUSTRIES.get(options().industry):
        why = _("%(time)s: a usual time to begin with in the industry (%(industry)s).")
        found = _time(usual.hour, usual.weekday, TimeBasis.INDUSTRY, why, count or 0, industry=str(usual.label))
    else:
        why = _("%(time)s: as set for this site.")
        found = _time(options().send_hour, None, TimeBasis.SETTING, why, count or 0)
    if count is None:
        return found
    words = {"why": found.why, "count": count, "least": LEAST_CLICKS}
    too_few = _("%(why)s Members did too little to tell a better one: %(count)s times, and %(least)s are needed.")
    return BestTime(found.hour, found.weekday, found.basis, too_few % words, count)


def _time(
    hour: int, weekday: int | None, basis: TimeBasis, why: str, count: int = 0, *, industry: str = ""
) -> BestTime:
    day = _("any day") if weekday is None else str(WEEKDAYS[weekday])
    words = {"time": f"{day}, {hour:02}:00", "count": count, "days": DAYS, "industry": industry}
    return BestTime(hour, weekday, basis, why % words, count)
