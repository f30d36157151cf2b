"""Intervals of 90 percent around forecasts: computed, not drawn, so that they are the same each time.

* Probability alive: from how sure the parameters are (delta method on the logit).
* Orders: the 5th and 95th percentile of their exact distribution.
* Lifetime value: the same of a log-normal variable with the mean and variance that the logarithm of the revenue has,
  given that somebody buys at all, mixed with nothing bought.

A count and a sum are about one person, so what people do at random is far more than what parameters leave open; the
tests hold the coverage on simulated shops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from wagtail_precise_mail.commerce.forecasting.purchases import Counts, PurchaseModel, alive_probability
from wagtail_precise_mail.commerce.forecasting.spending import SpendingModel

LOW, HIGH = 0.05, 0.95
_NORMAL = float(special.ndtri(HIGH))
# Above it, counts are looked at in growing steps: to about 4 percent.
_EXACT = 40
_NEGLIGIBLE = 0.001


def alive_interval(model: PurchaseModel, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper end of the probability alive."""
    step = 1e-4
    middle = special.logit(np.clip(alive_probability(model.logs, counts), 1e-12, 1 - 1e-12))
    slopes = np.empty((4, len(middle)))
    for index in range(4):
        shift = np.zeros(4)
        shift[index] = step
        sides = [alive_probability(model.logs + sign * shift, counts) for sign in (1, -1)]
        above, below = (special.logit(np.clip(side, 1e-12, 1 - 1e-12)) for side in sides)
        slopes[index] = (above - below) / (2 * step)
    spread = _NORMAL * np.sqrt(np.einsum("in,ij,jn->n", slopes, model.covariance, slopes))
    return special.expit(middle - spread), special.expit(middle + spread)


@dataclass(frozen=True)
class Outcome:
    """Percentiles of what each customer will do within a horizon; revenue is in units of v + x times mean."""

    orders_low: np.ndarray
    orders_high: np.ndarray
    revenue_low: np.ndarray
    revenue_high: np.ndarray


def outcome(model: PurchaseModel, spending: SpendingModel | None, counts: Counts, days: float) -> Outcome:
    """Walk up the possible counts of orders, for every customer for whom the next one is not negligible."""
    size = len(counts.repeats)
    low, high = np.zeros(size), np.zeros(size)
    weight, log_mean, log_square = np.zeros(size), np.zeros(size), np.zeros(size)
    active = np.arange(size)
    count, at_least = 1, _at_least(model, counts, days, 1)
    any_order = at_least.copy()
    while len(active):
        low[active[at_least > HIGH]] = count
        high[active[at_least > LOW]] = count
        step = 1 if count < _EXACT else count // 25
        following = _at_least(model, _picked(counts, active), days, count + step)
        if spending:
            share = at_least - following
            middle = count + (step - 1) / 2
            center = special.digamma(spending.p * middle)
            weight[active] += share
            log_mean[active] += share * center
            log_square[active] += share * (center**2 + special.polygamma(1, spending.p * middle))
        keep = following > _NEGLIGIBLE
        active, at_least, count = active[keep], following[keep], count + step
    if spending is None:
        nothing = np.full(size, np.nan)
        return Outcome(low, high, nothing, nothing)
    return Outcome(low, high, *_revenue(spending, counts, any_order, weight, log_mean, log_square))


def _at_least(model: PurchaseModel, counts: Counts, days: float, count: int) -> np.ndarray:
    """Return how likely at least so many orders are: the purchases come, and none before the last was the last."""
    alive = alive_probability(model.logs, counts)
    shape, rate = model.r + counts.repeats, model.alpha + counts.age
    enough = special.betainc(count, shape, days / (rate + days))
    stay = special.betaln(model.a, model.b + counts.repeats + count - 1)
    return alive * enough * np.exp(stay - special.betaln(model.a, model.b + counts.repeats))


def _revenue(
    spending: SpendingModel,
    counts: Counts,
    any_order: np.ndarray,
    weight: np.ndarray,
    log_mean: np.ndarray,
    log_square: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    # The sum of n orders is Gamma(p n) with a rate that is Gamma(q + p x): both logarithms have known moments.
    rate_shape = spending.q + spending.p * (counts.repeats + 1)
    weight = np.maximum(weight, 1e-12)
    center = log_mean / weight - special.digamma(rate_shape)
    variance = log_square / weight - (log_mean / weight) ** 2 + special.polygamma(1, rate_shape)
    spread = np.sqrt(np.maximum(variance, 0))
    ends = []
    for share in (LOW, HIGH):
        within = (share - (1 - any_order)) / np.maximum(any_order, 1e-12)
        reached = np.exp(center + spread * special.ndtri(np.clip(within, 1e-12, 1 - 1e-12)))
        ends.append(np.where(within > 0, reached, 0.0))
    return ends[0], ends[1]


def _picked(counts: Counts, rows: np.ndarray) -> Counts:
    return Counts(counts.repeats[rows], counts.recency[rows], counts.age[rows])
