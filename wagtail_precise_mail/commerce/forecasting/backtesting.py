"""How well the models do on orders that they have not seen: the last part of the history is held back.

The models are fitted to what was known when the holdout began, and forecast it; the naive forecast says that everybody
goes on as before (repeat purchases per day, times the days).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import numpy as np

from wagtail_precise_mail.commerce.forecasting.intervals import outcome
from wagtail_precise_mail.commerce.forecasting.purchases import PurchaseModel, expected_orders, fit_purchases
from wagtail_precise_mail.commerce.forecasting.spending import SpendingModel, fit_spending
from wagtail_precise_mail.commerce.forecasting.summary import Customers, read_customers

HOLDOUT_SHARE = 0.3
"""Of the history, held back."""


@dataclass(frozen=True)
class Backtest:
    """Errors on the holdout; of customers known when it began. Revenue is in the base currency.

    Attributes:
        orders_mae, orders_rmse: mean absolute, and root mean squared, error per customer.
        total_error: of the sum over all customers, as a share of what came: 0.05 is five percent too much.
        coverage: share of customers whose orders lay within their interval.
        spend_correlation: between number and worth of orders; Gamma-Gamma takes it to be 0.
    """

    began_at: str
    holdout_days: int
    customers: int
    orders: int
    forecast_orders: float
    naive_orders: float
    orders_mae: float
    orders_rmse: float
    naive_mae: float
    naive_rmse: float
    total_error: float | None
    naive_total_error: float | None
    coverage: float
    revenue: float | None = None
    forecast_revenue: float | None = None
    revenue_mae: float | None = None
    naive_revenue_mae: float | None = None
    revenue_error: float | None = None
    revenue_coverage: float | None = None
    spend_correlation: float | None = None

    def as_json(self) -> dict[str, object]:
        """Return it as it is stored."""
        return asdict(self)


def holdout_days(history_days: int) -> int:
    """Return how many days are held back of so long a history."""
    return max(1, round(history_days * HOLDOUT_SHARE))


def backtest(at: datetime, days: int) -> Backtest:
    """Forecast the last days from what was known before them.

    Raises:
        NotConverged: the shorter history has no model.
    """
    began = at - timedelta(days=days)
    known, later = read_customers(began), read_customers(at, since=began)
    orders, revenue = _matched(known, later)
    counts = known.counts
    model = fit_purchases(counts)
    forecast = expected_orders(model.logs, counts, days)
    naive = counts.repeats / np.maximum(counts.age, 1) * days
    spending = fit_spending_of(known)
    ends = outcome(model, spending, counts, days)
    return Backtest(
        began_at=began.isoformat(),
        holdout_days=days,
        customers=len(orders),
        orders=int(orders.sum()),
        forecast_orders=float(forecast.sum()),
        naive_orders=float(naive.sum()),
        orders_mae=_mae(forecast, orders),
        orders_rmse=_rmse(forecast, orders),
        naive_mae=_mae(naive, orders),
        naive_rmse=_rmse(naive, orders),
        total_error=_total_error(forecast, orders),
        naive_total_error=_total_error(naive, orders),
        coverage=float(((ends.orders_low <= orders) & (orders <= ends.orders_high)).mean()),
        **_money(known, model, spending, days, revenue),
    )


def fit_spending_of(customers: Customers) -> SpendingModel | None:
    """Fit Gamma-Gamma to customers whose money is known; None where that has no shape to fit.

    Raises:
        NotConverged: there are customers enough, and no parameters that fit them.
    """
    mean = customers.mean
    known = np.isfinite(mean)
    # Who always pays the same, as with a single product at one price, has no spread to fit.
    if known.sum() < 10 or np.ptp(mean[known]) == 0:
        return None
    return fit_spending(customers.paid[known], mean[known])


def _matched(known: Customers, later: Customers) -> tuple[np.ndarray, np.ndarray]:
    """Return what came later of each known customer."""
    place = np.asarray(np.searchsorted(known.contact_ids, later.contact_ids))
    found: np.ndarray = place < len(known.contact_ids)
    found[found] = known.contact_ids[place[found]] == later.contact_ids[found]
    orders, revenue = np.zeros(len(known.contact_ids)), np.zeros(len(known.contact_ids))
    orders[place[found]], revenue[place[found]] = later.purchases[found], later.revenue[found]
    return orders, revenue


def _money(
    known: Customers, model: PurchaseModel, spending: SpendingModel | None, days: int, revenue: np.ndarray
) -> dict[str, float | None]:
    rows = np.isfinite(known.mean)
    if spending is None or not rows.any():
        return {}
    counts, mean, paid = known.counts, known.mean, known.paid
    forecast = (expected_orders(model.logs, counts, days) * spending.expected_value(paid, mean))[rows]
    naive = (counts.repeats / np.maximum(counts.age, 1) * days * mean)[rows]
    ends = outcome(model, spending, counts, days)
    unit = (spending.v + paid * mean)[rows]
    low, high = ends.revenue_low[rows] * unit, ends.revenue_high[rows] * unit
    came = revenue[rows]
    again = rows & (counts.repeats > 0)
    varies = again.sum() > 2 and np.ptp(known.purchases[again]) > 0 and np.ptp(mean[again]) > 0
    return {
        "revenue": float(came.sum()),
        "forecast_revenue": float(forecast.sum()),
        "revenue_mae": _mae(forecast, came),
        "naive_revenue_mae": _mae(naive, came),
        "revenue_error": _total_error(forecast, came),
        "revenue_coverage": float(((low <= came) & (came <= high)).mean()),
        "spend_correlation": float(np.corrcoef(known.purchases[again], mean[again])[0, 1]) if varies else None,
    }


def _mae(forecast: np.ndarray, came: np.ndarray) -> float:
    return float(np.abs(forecast - came).mean())


def _rmse(forecast: np.ndarray, came: np.ndarray) -> float:
    return float(np.sqrt(((forecast - came) ** 2).mean()))


def _total_error(forecast: np.ndarray, came: np.ndarray) -> float | None:
    return float(forecast.sum() / came.sum() - 1) if came.sum() > 0 else None
