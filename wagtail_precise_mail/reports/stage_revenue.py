"""What customers of each stage brought: the stage in which each was when they ordered."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from wagtail_precise_mail.commerce.figuring.sql import moment
from wagtail_precise_mail.commerce.models import BuyingStage
from wagtail_precise_mail.reports.day_counts import STAGE, as_day, kept_rows
from wagtail_precise_mail.reports.periods import Period
from wagtail_precise_mail.reports.sql import day_of, fetch, money, seconds_between

# The stage is that of the moment before the order, worked out of the sales before it, so that it holds for imported
# history, too, and not only since stages are kept.
_REVENUE = """
    SELECT {day} AS day, CASE WHEN last_at IS NULL THEN 'prospect' WHEN age > %(churned)s THEN 'churned'
        WHEN age > %(at_risk)s THEN 'at_risk' WHEN {first_day} = {last_day} THEN 'new' ELSE 'mature' END AS stage,
        SUM(base_total) AS total
    FROM (
        SELECT placed_at, base_total, first_at, last_at, FLOOR({seconds} / 86400) AS age FROM (
            SELECT placed_at, base_total, MIN(CASE WHEN kind = 'sale' THEN placed_at END) OVER earlier AS first_at,
                MAX(CASE WHEN kind = 'sale' THEN placed_at END) OVER earlier AS last_at
            FROM {{orders}} WHERE kind IN ('sale', 'refund') AND contact_id IS NOT NULL AND {chosen}
            WINDOW earlier AS (
                PARTITION BY contact_id ORDER BY placed_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            )
        ) seen {period}
    ) aged GROUP BY 1, 2
"""
_BY_DAY = "SELECT CASE stage {cases} END AS place, day, 0 AS number, COALESCE(total, 0) AS total FROM ({sums}) staged"
_STAGES = [stage.value for stage in BuyingStage]


def _sql(chosen: str, period: str = "") -> str:
    return _REVENUE.format(
        day=day_of("placed_at"),
        first_day=day_of("first_at"),
        last_day=day_of("last_at"),
        seconds=seconds_between("placed_at", "last_at"),
        chosen=chosen,
        period=period,
    )


def sums_by_day(at_risk_days: int, churned_days: int) -> tuple[str, dict[str, int]]:
    """Return SQL of what is kept by day, of some contacts, and its parameters; the place is that of the stage."""
    cases = " ".join(f"WHEN '{stage}' THEN {place}" for place, stage in enumerate(_STAGES))
    sums = _sql("placed_at <= %(at)s AND contact_id > %(after)s AND contact_id <= %(last)s")
    return _BY_DAY.format(cases=cases, sums=sums), {"at_risk": at_risk_days, "churned": churned_days}


def revenue_by_stage(period: Period, *, at_risk_days: int, churned_days: int) -> dict[date, dict[str, Decimal]]:
    """Return the net revenue of each day by the stage in which the customer was just before the order, in one query.

    Sales less refunds on the day they were given, in the base currency; without orders that have no contact or no rate.
    Of a large shop as of the last nightly run, and by the borders that held then.

    Args:
        at_risk_days: whoever waited longer since their last sale was at risk.
        churned_days: and longer than this, churned.
    """
    found: dict[date, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(BuyingStage.values, Decimal(0)))
    if (kept := kept_rows(STAGE, period, "day", "place", "total")) is not None:
        for day, place, total in kept:
            found[day][_STAGES[place]] += money(total)
        return dict(found)
    params = {"since": moment(period.since), "until": moment(period.until)}
    sql = _sql("placed_at < %(until)s", "WHERE placed_at >= %(since)s")
    for day, stage, total in fetch(sql, {**params, "at_risk": at_risk_days, "churned": churned_days}):
        found[as_day(day)][stage] += money(total)
    return dict(found)
