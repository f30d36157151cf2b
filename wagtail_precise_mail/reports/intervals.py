"""How long customers take to buy again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Sum

from wagtail_precise_mail.commerce.figuring.sql import days_between, moment
from wagtail_precise_mail.reports.day_counts import INTERVAL, kept_days
from wagtail_precise_mail.reports.periods import Period
from wagtail_precise_mail.reports.sql import day_of, fetch

_STEPS = """
    SELECT day, {days} AS days FROM (
        SELECT day, LAG(day) OVER (PARTITION BY contact_id ORDER BY day) AS before FROM (
            SELECT DISTINCT contact_id, {day} AS day FROM {{orders}}
            WHERE kind = 'sale' AND contact_id IS NOT NULL AND {chosen}
        ) purchases
    ) repeats WHERE before IS NOT NULL
"""
_HISTOGRAM = "SELECT days, COUNT(*) FROM ({steps}) steps WHERE day >= %(first)s GROUP BY 1 ORDER BY 1"
_BY_DAY = "SELECT days AS place, day, COUNT(*) AS number, 0 AS total FROM ({steps}) steps GROUP BY 1, 2"


def _steps(chosen: str) -> str:
    return _STEPS.format(days=days_between("day", "before"), day=day_of("placed_at"), chosen=chosen)


def sums_by_day() -> tuple[str, dict[str, int]]:
    """Return SQL of what is kept by day, of some contacts, and its parameters; the place is the days of an interval."""
    steps = _steps("placed_at <= %(at)s AND contact_id > %(after)s AND contact_id <= %(last)s")
    return _BY_DAY.format(steps=steps), {}


@dataclass(frozen=True)
class Intervals:
    """Days from one purchase to the next: pairs of days and how many took so long, shortest first."""

    histogram: Sequence[tuple[int, int]]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(count for _days, count in self.histogram)

    def quantile(self, percent: int) -> int:
        """Return the fewest days within which so many percent came; 0 where there are none."""
        seen, total = 0, self.count
        for days, count in self.histogram:
            seen += count
            if seen * 100 >= percent * total:
                return days
        return 0

    def classes(self, width: int, most: int) -> list[int]:
        """Return how many fall into each class of so many days, from 1 on; the last one holds all that are longer."""
        found = [0] * most
        for days, count in self.histogram:
            found[min((days - 1) // width, most - 1)] += count
        return found


def repurchase_intervals(period: Period) -> Intervals:
    """Return the intervals that ended in a period, in one query.

    Several orders of a contact on one day (of the site's time zone) are one purchase. Refunds, adjustments and orders
    without a contact do not count. Of a large shop as of the last nightly run.
    """
    if (kept := kept_days(INTERVAL, period)) is not None:
        return Intervals(list(kept.values_list("place").annotate(count=Sum("number")).order_by("place")))
    sql = _HISTOGRAM.format(steps=_steps("placed_at < %(until)s"))
    found = fetch(sql, {"until": moment(period.until), "first": period.first.isoformat()})
    return Intervals([(int(days), int(count)) for days, count in found])
