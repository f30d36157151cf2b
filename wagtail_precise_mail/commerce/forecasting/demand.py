"""How many units of each category will sell in the coming weeks: a simple method, chosen by what it got right before.

Weeks begin on Monday, in the time zone of the site; a week that has not ended counts for nothing. Three methods
forecast the last weeks from those before, and the one with the least mean absolute error forecasts the coming ones:
the same week a year ago, the mean of the last eight weeks, and simple exponential smoothing. The interval comes from
how far the chosen method was off in each week of the holdout.

Source: Hyndman and Athanasopoulos, "Forecasting: Principles and Practice", 3rd edition (2021), chapters 5 and 8.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta

import numpy as np
from django.db.models import Sum
from django.db.models.functions import TruncWeek
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.commerce.forecasting.intervals import HIGH, LOW
from wagtail_precise_mail.commerce.forecasting.summary import day_of
from wagtail_precise_mail.commerce.models import CategoryForecast, Order, OrderLine

WEEKS_AHEAD = 13
HOLDOUT_WEEKS = 13
LEAST_WEEKS = 39
"""Weeks since the first sale of the category."""
LEAST_WEEKLY = 1.0
"""Units sold in a week on average; below it a forecast says nothing."""
_YEAR = 52
_MEAN_WEEKS = 8
_SMOOTHINGS = np.linspace(0.05, 0.95, 19)
_YEARS_BACK = 5

Method = CategoryForecast.Method


def forecast_categories(*, at: datetime | None = None) -> int:
    """Replace the forecasts of all categories with sales; return for how many there is one."""
    at = at or timezone.now()
    monday = _monday(day_of(at).date())
    rows = [_forecast(category_id, series, at, monday) for category_id, series in _weekly_units(at, monday).items()]
    CategoryForecast.objects.exclude(category__in=[row.category_id for row in rows]).delete()
    fields = [one.name for one in CategoryForecast._meta.concrete_fields if one.name not in ("id", "category")]
    CategoryForecast.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["category"], update_fields=fields, batch_size=200
    )
    return sum(not row.refusal for row in rows)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weekly_units(at: datetime, monday: date) -> dict[int, np.ndarray]:
    """Return units sold per full week by category, from its first sale on."""
    zone = timezone.get_default_timezone()
    lines = OrderLine.objects.filter(
        order__kind=Order.Kind.SALE,
        order__placed_at__lte=at,
        order__placed_at__gt=at - timedelta(weeks=_YEARS_BACK * _YEAR),
        product__category__isnull=False,
        quantity__gt=0,
    )
    rows = (
        lines.order_by()
        .annotate(week=TruncWeek("order__placed_at", tzinfo=zone))
        .values_list("product__category_id", "week")
        .annotate(units=Sum("quantity"))
    )
    found: dict[int, dict[date, int]] = defaultdict(dict)
    for category_id, week, units in rows:
        first = week.astimezone(zone).date()
        if first < monday:
            found[category_id][first] = units
    return {pk: _filled(weeks, monday) for pk, weeks in sorted(found.items())}


def _filled(weeks: dict[date, int], monday: date) -> np.ndarray:
    """Return one number per week: weeks without a sale are 0."""
    first = min(weeks)
    count = (monday - first).days // 7
    return np.array([weeks.get(first + timedelta(weeks=index), 0) for index in range(count)], dtype=float)


def _forecast(category_id: int, series: np.ndarray, at: datetime, monday: date) -> CategoryForecast:
    row = CategoryForecast(category_id=category_id, made_at=at, starts_on=monday)
    row.refusal = _why_too_little(series)
    if row.refusal:
        return row
    known, held = series[:-HOLDOUT_WEEKS], series[-HOLDOUT_WEEKS:]
    tried = {method: forecast(method, known, HOLDOUT_WEEKS) for method in methods(len(known))}
    errors = {method: float(np.abs(ahead - held).mean()) for method, ahead in tried.items()}
    row.method = min(errors, key=lambda method: errors[method])
    ahead = forecast(row.method, series, WEEKS_AHEAD)
    off = np.quantile(held - tried[row.method], [LOW, HIGH])
    row.errors = {str(method.value): round(error, 2) for method, error in errors.items()}
    row.holdout_weeks, row.weekly_mean = HOLDOUT_WEEKS, float(held.mean())
    row.units = _rounded(ahead)
    # Never past the forecast itself: the method may have erred to one side only.
    row.units_low, row.units_high = _rounded(ahead + min(off[0], 0)), _rounded(ahead + max(off[1], 0))
    return row


def _why_too_little(series: np.ndarray) -> str:
    if len(series) < LEAST_WEEKS:
        return _("Sold for %(count)s weeks; at least %(least)s are needed.") % {
            "count": len(series),
            "least": LEAST_WEEKS,
        }
    if series[-_YEAR:].mean() < LEAST_WEEKLY:
        return _("Less than one unit a week is sold.")
    return ""


def methods(weeks: int) -> list[Method]:
    """Return the methods that a history of so many weeks allows, the simplest first."""
    return [Method.MEAN, Method.SMOOTHED, *([Method.SEASONAL] if weeks >= _YEAR else [])]


def forecast(method: str, series: np.ndarray, weeks: int) -> np.ndarray:
    """Return what a method says about the weeks after a series."""
    if method == Method.SEASONAL:
        return np.array([series[len(series) - _YEAR + index % _YEAR] for index in range(weeks)])
    if method == Method.MEAN:
        return np.full(weeks, series[-_MEAN_WEEKS:].mean())
    return np.full(weeks, _smoothed(series))


def _smoothed(series: np.ndarray) -> float:
    """Return the last level, smoothed by the factor that forecast each week from those before it best."""
    levels = np.full(len(_SMOOTHINGS), series[:4].mean())
    errors = np.zeros(len(_SMOOTHINGS))
    for value in series:
        errors += (value - levels) ** 2
        levels += _SMOOTHINGS * (value - levels)
    return float(levels[np.argmin(errors)])


def _rounded(values: np.ndarray) -> list[float]:
    return [round(max(value, 0.0), 1) for value in values.tolist()]
