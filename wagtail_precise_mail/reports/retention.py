"""Who came back: cohorts by the month of the first order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from wagtail_precise_mail.commerce.figuring.sql import moment
from wagtail_precise_mail.reports.day_counts import COHORT, kept_days
from wagtail_precise_mail.reports.periods import Period, first_of_month, midnight, month_number
from wagtail_precise_mail.reports.sql import day_of, fetch, money, month_of

MOST_COHORTS = 36
"""Months that fit a table that people still read."""

_COHORTS = """
    WITH firsts AS (
        SELECT contact_id, MIN(placed_at) AS first_at FROM {{orders}}
        WHERE kind = 'sale' AND contact_id IS NOT NULL GROUP BY contact_id
        HAVING MIN(placed_at) >= %(since)s AND MIN(placed_at) < %(until)s
    ), cohorts AS (SELECT contact_id, {first_month} AS cohort FROM firsts)
    SELECT c.cohort, {month} - c.cohort, COUNT(DISTINCT CASE WHEN o.kind = 'sale' THEN o.contact_id END),
        SUM(o.base_total)
    FROM cohorts c JOIN {{orders}} o ON o.contact_id = c.contact_id
    WHERE o.kind IN ('sale', 'refund') AND o.placed_at < %(until)s
    GROUP BY 1, 2
"""


# By day, so that every period follows: a customer counts on the first day with a sale of each month, and a refund
# before the first sale on the day of that sale.
_BY_DAY = """
    WITH told AS (
        SELECT contact_id, kind, base_total, {day} AS day, {month} AS month FROM {{orders}}
        WHERE kind IN ('sale', 'refund') AND placed_at <= %(at)s AND contact_id > %(after)s AND contact_id <= %(last)s
    ), firsts AS (
        SELECT contact_id, MIN(day) AS first_day, MIN(month) AS cohort FROM told WHERE kind = 'sale' GROUP BY contact_id
    ), months AS (
        SELECT contact_id, MIN(day) AS day FROM told WHERE kind = 'sale' GROUP BY contact_id, month
    )
    SELECT place, day, SUM(number) AS number, COALESCE(SUM(total), 0) AS total FROM (
        SELECT f.cohort AS place, m.day AS day, 1 AS number, NULL AS total
        FROM months m JOIN firsts f ON f.contact_id = m.contact_id
        UNION ALL
        SELECT f.cohort, CASE WHEN t.day < f.first_day THEN f.first_day ELSE t.day END, 0, t.base_total
        FROM told t JOIN firsts f ON f.contact_id = t.contact_id
    ) days GROUP BY 1, 2
"""


def sums_by_day() -> tuple[str, dict[str, int]]:
    """Return SQL of what is kept by day, of some contacts, and its parameters; the place is the month of the cohort."""
    return _BY_DAY.format(day=day_of("placed_at"), month=month_of("placed_at")), {}


@dataclass
class Cohort:
    """The customers whose first order was in one month.

    Attributes:
        month: as ``periods.month_number`` counts.
        customers: by the months since, how many of them ordered then; at 0 all of them.
        revenue: by the months since, what their orders less refunds brought then, in the base currency.
        length: how many months there are to tell of, the first one included.
    """

    month: int
    length: int
    customers: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    revenue: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    @property
    def size(self) -> int:
        """How many they are."""
        return self.customers[0]

    def share(self, months: int) -> float:
        """Return how many percent of them ordered so many months later."""
        return 100 * self.customers[months] / self.size if self.size else 0.0


def cohorts(period: Period) -> list[Cohort]:
    """Return the cohorts of a period and what they did until its end, in one query; months without any are in it, too.

    Months are whole: a period that begins on the 10th has the cohort of that month from the 1st on. Customers are
    contacts with a sale. A refund before the first sale counts in its first month: nothing came earlier. Of a large
    shop as of the last nightly run.
    """
    last = month_number(period.last)
    first = max(month_number(period.first), last - MOST_COHORTS + 1)
    found = {month: Cohort(month, last - month + 1) for month in range(first, last + 1)}
    if (kept := kept_days(COHORT, Period(first_of_month(first), period.last))) is not None:
        by_month = kept.filter(place__gte=first).annotate(month=TruncMonth("day")).values_list("place", "month")
        for place, month, count, total in by_month.annotate(customers=Sum("number"), revenue=Sum("total")):
            found[place].customers[month_number(month) - place] += count
            found[place].revenue[month_number(month) - place] += money(total)
        return list(found.values())
    since = midnight(first_of_month(first))
    sql = _COHORTS.format(first_month=month_of("first_at"), month=month_of("o.placed_at"))
    for month, months, count, total in fetch(sql, {"since": moment(since), "until": moment(period.until)}):
        found[month].customers[max(months, 0)] += count
        found[month].revenue[max(months, 0)] += money(total)
    return list(found.values())
