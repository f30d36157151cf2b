"""The nightly run: fit, test, write a forecast for every customer; what was interrupted goes on where it stopped."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isfinite

import numpy as np
from django.db import transaction
from django.utils import timezone

from wagtail_precise_mail.commerce.currencies import base_currency
from wagtail_precise_mail.commerce.forecasting import gate, require_extra
from wagtail_precise_mail.commerce.forecasting.backtesting import backtest, fit_spending_of, holdout_days
from wagtail_precise_mail.commerce.forecasting.freshness import JOB
from wagtail_precise_mail.commerce.forecasting.intervals import HIGH, LOW, alive_interval, outcome
from wagtail_precise_mail.commerce.forecasting.purchases import (
    Counts,
    PurchaseModel,
    alive_probability,
    expected_orders,
    fit_purchases,
    purchase_probability,
    waiting_days,
)
from wagtail_precise_mail.commerce.forecasting.spending import SpendingModel
from wagtail_precise_mail.commerce.forecasting.summary import Customers, day_of, read_customers
from wagtail_precise_mail.commerce.models import ContactForecast, ForecastModel
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.freshness import note_success
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import NotConverged

logger = logging.getLogger(__name__)

KEPT_MODELS = 400
"""Earlier models are kept to see how errors develop; forecasts are those of the last one only."""

LATEST_DAYS = 3653
"""Days ahead after which a next order is no date any more."""

_BATCH = 2000
_SLICE = 100_000
_FIELDS = [field.name for field in ContactForecast._meta.concrete_fields if not field.primary_key]


@dataclass(frozen=True)
class _Fitted:
    purchases: PurchaseModel
    spending: SpendingModel | None


def update_forecasts(*, at: datetime | None = None) -> ForecastModel:
    """Fit the models to all orders until a moment, and replace the forecasts of all contacts.

    Run again for the same moment after an interruption, it writes what is missing. Contacts who do not allow profiling
    get no forecast.

    Raises:
        MissingExtra: NumPy or SciPy is not installed.
    """
    require_extra()
    at = at or timezone.now()
    customers = read_customers(at)
    model = _begun(at, customers)
    fitted = None if model.refusal else _fit(model, customers)
    if fitted and not model.refusal:
        _write(model, fitted, customers)
    ContactForecast.objects.exclude(model=model).delete()
    model.finished_at = timezone.now()
    model.save()
    note_success(JOB, at)
    _forget_old()
    logger.info("Forecasts of %s: %s", model, model.refusal or f"{model.forecasts.count()} contacts")
    return model


def resume_or_update(*, at: datetime | None = None) -> ForecastModel:
    """Finish the run that a stopped worker left behind within a day, or begin a new one."""
    at = at or timezone.now()
    left = ForecastModel.objects.filter(finished_at=None, fitted_at__gt=at - timedelta(hours=20), fitted_at__lte=at)
    unfinished = left.order_by("-fitted_at").first()
    return update_forecasts(at=unfinished.fitted_at if unfinished else at)


def _begun(at: datetime, customers: Customers) -> ForecastModel:
    model = ForecastModel.objects.filter(fitted_at=at, finished_at=None).first() or ForecastModel(fitted_at=at)
    model.contact_count = len(customers.contact_ids)
    model.repeat_count = int((customers.purchases > 1).sum())
    model.history_days = customers.history_days
    model.horizon_days = options().forecast_days
    model.currency = base_currency()
    model.refusal = gate.why_too_little(customers)
    model.parameters, model.backtest = {}, {}
    model.save()
    return model


def _fit(model: ForecastModel, customers: Customers) -> _Fitted | None:
    """Fit and test; what fails becomes the refusal of the model."""
    try:
        test = backtest(model.fitted_at, holdout_days(customers.history_days))
        purchases, spending = fit_purchases(customers.counts), fit_spending_of(customers)
    except NotConverged as error:
        model.refusal = gate.why_not_converged()
        logger.warning("No parameters of %s fit the orders until %s.", error, model.fitted_at)
        model.save()
        return None
    model.backtest = test.as_json()
    model.refusal = gate.why_not_trusted(test)
    if not model.refusal:
        names = ("r", "alpha", "a", "b")
        model.parameters = {name: getattr(purchases, name) for name in names}
        if spending:
            model.parameters |= {name: getattr(spending, name) for name in ("p", "q", "v")}
    model.save()
    return _Fitted(purchases, spending)


def _write(model: ForecastModel, fitted: _Fitted, customers: Customers) -> None:
    for start in range(0, len(customers.contact_ids), _SLICE):
        rows = list(_forecasts(model, fitted, customers, slice(start, start + _SLICE)))
        for first in range(0, len(rows), _BATCH):
            _store(model, rows[first : first + _BATCH])


@transaction.atomic
def _store(model: ForecastModel, rows: list[ContactForecast]) -> None:
    ids = [row.contact_id for row in rows]
    wanted = Contact.objects.filter(pk__in=ids, is_profiling_allowed=True).exclude(forecast__model=model)
    missing = set(wanted.values_list("pk", flat=True))
    ContactForecast.objects.bulk_create(
        [row for row in rows if row.contact_id in missing],
        update_conflicts=True,
        unique_fields=["contact"],
        update_fields=_FIELDS,
    )


def _forecasts(model: ForecastModel, fitted: _Fitted, customers: Customers, rows: slice) -> Iterator[ContactForecast]:
    every = customers.counts
    counts = Counts(every.repeats[rows], every.recency[rows], every.age[rows])
    logs, days = fitted.purchases.logs, model.horizon_days
    # After one purchase nobody can have stopped in this model: that is no finding, and no number (C040).
    again = counts.repeats > 0
    low, high = alive_interval(fitted.purchases, counts)
    alive = [np.where(again, one, np.nan) for one in (alive_probability(logs, counts), low, high)]
    orders = expected_orders(logs, counts, days)
    ends = outcome(fitted.purchases, fitted.spending, counts, days)
    value = _values(fitted.spending, customers, rows, orders, ends.revenue_low, ends.revenue_high)
    today = date.fromordinal(customers.today)
    waits = [waiting_days(logs, counts, share) for share in (0.5, LOW, HIGH)]
    # By their rhythm, counted from the last purchase: the only one of these dates that can be over.
    due = customers.last_day[rows] - customers.today + waits[0]
    columns = [
        customers.contact_ids[rows].tolist(),
        *(_numbers(one) for one in alive),
        _numbers(orders),
        ends.orders_low.tolist(),
        ends.orders_high.tolist(),
        _numbers(purchase_probability(logs, counts, days)),
        *(_amounts(one) for one in value),
        *(_dates(one, today) for one in (*waits, due)),
    ]
    names = [
        "contact_id",
        "alive_probability",
        "alive_low",
        "alive_high",
        "expected_orders",
        "orders_low",
        "orders_high",
    ]
    names += ["purchase_probability", "lifetime_value", "value_low", "value_high"]
    names += ["next_order_on", "next_order_from", "next_order_until", "due_on"]
    for values in zip(*columns, strict=True):
        yield ContactForecast(model=model, **dict(zip(names, values, strict=True)))


def _values(
    spending: SpendingModel | None,
    customers: Customers,
    rows: slice,
    orders: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> list[np.ndarray]:
    if spending is None:
        return [np.full(len(orders), np.nan)] * 3
    mean, paid = customers.mean[rows], customers.paid[rows]
    unit = spending.v + paid * mean
    return [orders * spending.expected_value(paid, mean), low * unit, high * unit]


def _numbers(values: np.ndarray) -> list[float | None]:
    return [value if isfinite(value) else None for value in values.tolist()]


def _amounts(values: np.ndarray) -> list[Decimal | None]:
    return [Decimal(f"{value:.4f}") if isfinite(value) else None for value in values.tolist()]


def _dates(days: np.ndarray, today: date) -> list[date | None]:
    return [today + timedelta(days=round(one)) if one <= LATEST_DAYS else None for one in days.tolist()]


def _forget_old() -> None:
    old = list(ForecastModel.objects.order_by("-fitted_at", "-pk").values_list("pk", flat=True)[KEPT_MODELS:])
    ForecastModel.objects.filter(pk__in=old).delete()


def today_of(model: ForecastModel) -> date:
    """Return the day whose forecasts a model made."""
    return day_of(model.fitted_at).date()
