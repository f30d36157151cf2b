"""Whether there is enough data: below the gate there is a reason in words, and no number anywhere.

The borders are stated in docs/explanation/forecasts.md.
"""

from __future__ import annotations

import numpy as np
from django.utils.translation import gettext as _

from wagtail_precise_mail.commerce.forecasting.backtesting import Backtest
from wagtail_precise_mail.commerce.forecasting.summary import Customers

LEAST_CUSTOMERS = 200
LEAST_REPEAT = 50
"""Customers who bought on at least two days."""
LEAST_DAYS = 180
LEAST_INTERVALS = 3
"""How many times the usual wait between two purchases the history has to last."""
LEAST_HOLDOUT_ORDERS = 20
WORST_AGAINST_NAIVE = 1.1
"""The squared error on the holdout, as a root, may be so many times that of the naive forecast. Squared, because a mean
is forecast: the absolute error is the least when everybody is said to buy nothing."""


def why_too_little(customers: Customers) -> str:
    """Return why the history is too short to fit anything; "" when it is long enough."""
    count, again = len(customers.contact_ids), int((customers.purchases > 1).sum())
    if count < LEAST_CUSTOMERS:
        return _("There are orders of %(count)s customers; at least %(least)s are needed.") % {
            "count": count,
            "least": LEAST_CUSTOMERS,
        }
    if again < LEAST_REPEAT:
        return _("%(count)s customers bought again; at least %(least)s are needed.") % {
            "count": again,
            "least": LEAST_REPEAT,
        }
    needed = max(LEAST_DAYS, round(LEAST_INTERVALS * usual_interval(customers)))
    if customers.history_days < needed:
        return _("The history is %(days)s days long; at least %(least)s are needed.") % {
            "days": customers.history_days,
            "least": needed,
        }
    return ""


def why_not_trusted(test: Backtest) -> str:
    """Return why the model is not to be trusted after its back-test; "" when it is."""
    if test.orders < LEAST_HOLDOUT_ORDERS:
        text = _("Known customers ordered %(count)s times in the last %(days)s days; at least %(least)s are needed.")
        return text % {"days": test.holdout_days, "count": test.orders, "least": LEAST_HOLDOUT_ORDERS}
    if test.orders_rmse > WORST_AGAINST_NAIVE * test.naive_rmse:
        return _("On the last %(days)s days the model was worse than saying that everybody goes on as before.") % {
            "days": test.holdout_days
        }
    return ""


def why_not_converged() -> str:
    """Return the reason when no parameters fit."""
    return _("The purchases follow no pattern that the model could be fitted to.")


def usual_interval(customers: Customers) -> float:
    """Return the median over repeat customers of their mean days between purchases; 0 without any."""
    again = customers.purchases > 1
    if not again.any():
        return 0.0
    waits = (customers.last_day[again] - customers.first_day[again]) / (customers.purchases[again] - 1)
    return float(np.median(waits))
