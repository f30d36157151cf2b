"""How often customers of the shop buy again, and the borders of the buying stages that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wagtail_precise_mail.commerce.figure_settings import FigureSettings
from wagtail_precise_mail.commerce.figuring.sql import day_of, days_between, local_moment, moment, rows, site_zone
from wagtail_precise_mail.commerce.models import ShopRhythm

LEAST_INTERVALS = 100
"""Repeat purchases below which the stated defaults hold.

With 100 of them, the 90th percentile that is measured lies between the true 84th and 96th with 95 percent certainty
(binomial distribution of its rank); with fewer, one contact more or less would move whole stages.
"""

DEFAULT_AT_RISK_DAYS, DEFAULT_CHURNED_DAYS = 180, 365
"""Where data is thin. Shops commonly count who bought within 12 months as active customers; half of it is a warning."""

Histogram = list[tuple[int, int]]


@dataclass(frozen=True)
class Borders:
    """Days without a purchase after which somebody is at risk, or churned."""

    at_risk_days: int
    churned_days: int
    is_calibrated: bool


def read_histogram(at: datetime) -> Histogram:
    """Return how many repeat purchases took how many days, shortest first.

    Several orders of a contact on one day (of the site's time zone) are one purchase. Orders without a contact, refunds
    and adjustments do not count.
    """
    day = day_of(local_moment("placed_at", site_zone()))
    found = rows(
        f"""SELECT {days_between("day", "before")} AS days, COUNT(*) FROM (
            SELECT day, LAG(day) OVER (PARTITION BY contact_id ORDER BY day) AS before FROM (
                SELECT DISTINCT contact_id, {day} AS day FROM {{orders}}
                WHERE kind = 'sale' AND contact_id IS NOT NULL AND placed_at <= %(at)s
            ) purchases
        ) steps WHERE before IS NOT NULL GROUP BY 1 ORDER BY 1""",
        {"at": moment(at)},
    )
    return [(int(days), int(count)) for days, count in found]


def quantile(histogram: Sequence[tuple[int, int]], percent: int) -> int | None:
    """Return the fewest days within which so many percent of the repeat purchases came; None for none."""
    total = sum(count for _days, count in histogram)
    seen = 0
    for days, count in histogram:
        seen += count
        if seen * 100 >= percent * total:
            return days
    return None


def calibrate(histogram: Sequence[tuple[int, int]], chosen: FigureSettings) -> Borders:
    """Return the borders: those that a person set, else the shop's own, else the defaults.

    At risk is who waits longer than three quarters of all repeat purchases took, churned who waits longer than nine
    tenths: then only one in ten would still have come by itself.

    Source: the inter-purchase time as the measure of defection outside of contracts, e.g. Buckinx and Van den Poel,
    "Customer base analysis: partial defection of behaviourally loyal clients", EJOR 164 (2005).
    """
    if chosen.at_risk_days and chosen.churned_days:
        return Borders(chosen.at_risk_days, chosen.churned_days, is_calibrated=False)
    if sum(count for _days, count in histogram) < LEAST_INTERVALS:
        return Borders(DEFAULT_AT_RISK_DAYS, DEFAULT_CHURNED_DAYS, is_calibrated=False)
    at_risk = quantile(histogram, 75) or 1
    churned = quantile(histogram, 90) or 1
    # A shop whose customers all come every week has both on one day.
    return Borders(at_risk, max(churned, at_risk + 1), is_calibrated=True)


def measure(at: datetime) -> ShopRhythm:
    """Work the rhythm of the shop out as of a moment, and keep it."""
    histogram = read_histogram(at)
    borders = calibrate(histogram, FigureSettings.load())
    return ShopRhythm.objects.update_or_create(
        computed_at=at,
        defaults={
            "interval_count": sum(count for _days, count in histogram),
            "median_days": quantile(histogram, 50),
            "p75_days": quantile(histogram, 75),
            "p90_days": quantile(histogram, 90),
            "histogram": histogram,
            "at_risk_days": borders.at_risk_days,
            "churned_days": borders.churned_days,
            "is_calibrated": borders.is_calibrated,
        },
    )[0]


def latest() -> ShopRhythm | None:
    """Return the rhythm of the last run."""
    return ShopRhythm.objects.order_by("-computed_at").first()


def current_borders() -> Borders:
    """Return the borders that hold now: those of the last run, or before the first one the defaults."""
    if found := latest():
        return Borders(found.at_risk_days, found.churned_days, found.is_calibrated)
    return calibrate([], FigureSettings.load())
