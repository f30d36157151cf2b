"""When contacts buy, and until when: the BG/NBD model, by maximum likelihood.

A customer buys at random with a rate of their own (rates are Gamma distributed: ``r``, ``alpha``), and after each
repeat purchase stops for good with a probability of their own (Beta distributed: ``a``, ``b``). Times are in days.

Source: Fader, Hardie and Lee, "Counting Your Customers the Easy Way: An Alternative to the Pareto/NBD Model", Marketing
Science 24 (2005). Numbers of equations below are those of the paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from wagtail_precise_mail.exceptions import NotConverged

# Parameters beyond these say that the data has no shape to fit.
_BOUNDS = (-9.0, 12.0)
# Beyond it a and b say no more than the share a / (a + b): everybody stops as easily, and the hypergeometric function
# below overflows.
_WIDEST = np.log(1000.0)
# Where hardly anybody stops within the history, the likelihood has no maximum in a and b: any pair with a small share
# of stopping does. Only then do both get a wide log-normal prior (around 1 and 3).
_GUIDE = np.log([1.0, 3.0])
_GUIDE_SPREAD = 2.0


@dataclass(frozen=True)
class Counts:
    """Repeat purchases of customers, one per row of each array.

    Attributes:
        repeats: purchase days after the first (x in the paper).
        recency: days from the first purchase to the last (t_x).
        age: days from the first purchase to the day of the model (T).
    """

    repeats: np.ndarray
    recency: np.ndarray
    age: np.ndarray


@dataclass(frozen=True)
class PurchaseModel:
    """The four parameters, and how sure they are.

    Attributes:
        covariance: of the logarithms of r, alpha, a and b (4 by 4), from the curvature of the likelihood.
        is_guided: whether a and b needed the prior, because hardly anybody stops.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    covariance: np.ndarray
    is_guided: bool = False

    @property
    def logs(self) -> np.ndarray:
        return np.log([self.r, self.alpha, self.a, self.b])


def fit_purchases(counts: Counts) -> PurchaseModel:
    """Return the parameters under which the counts are the most likely.

    Raises:
        NotConverged: no maximum was found, as with customers who all bought alike.
    """
    rows, weights = _distinct(counts)
    # In units of the longest age the four logarithms are of one size, whatever the shop.
    scale = float(rows.age.max())
    scaled = Counts(rows.repeats, rows.recency / scale, rows.age / scale)
    try:
        logs, covariance = _maximum(scaled, weights, is_guided=False)
        is_guided = False
    except NotConverged:
        logs, covariance = _maximum(scaled, weights, is_guided=True)
        is_guided = True
    # Of the model alone, and the density of each repeat purchase per day again.
    total = float(weights.sum())
    likelihood = -_loss(logs, scaled, weights)[0] * total - float((weights * rows.repeats).sum()) * np.log(scale)
    r, alpha, a, b = (float(value) for value in np.exp(logs))
    return PurchaseModel(r, alpha * scale, a, b, float(likelihood), covariance, is_guided)


def _maximum(counts: Counts, weights: np.ndarray, *, is_guided: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the best logarithms, and their covariance."""
    start = np.log([1.0, 0.5, 0.8, 2.5])
    found = optimize.minimize(
        _loss,
        start,
        args=(counts, weights, is_guided),
        jac=True,
        method="L-BFGS-B",
        bounds=[_BOUNDS] * 4,
        options={"ftol": 1e-12},
    )
    logs = found.x
    if not found.success or np.any(logs <= _BOUNDS[0] + 1e-6) or np.any(logs >= _BOUNDS[1] - 1e-6):
        raise NotConverged("BG/NBD")
    if not is_guided and np.any(logs[2:] > _WIDEST):
        raise NotConverged("BG/NBD")
    return logs, _covariance(logs, counts, weights, is_guided)


def alive_probability(logs: np.ndarray, counts: Counts) -> np.ndarray:
    """Return how likely each customer has not stopped; 1 by definition without a repeat purchase.

    Args:
        logs: logarithms of r, alpha, a and b.
    """
    r, alpha, a, b = np.exp(logs)
    x = counts.repeats
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(a) - np.log(b + x - 1) + (r + x) * (np.log(alpha + counts.age) - np.log(alpha + counts.recency))
    return np.where(x > 0, special.expit(-odds), 1.0)


def expected_orders(logs: np.ndarray, counts: Counts, days: float) -> np.ndarray:
    """Return how many more purchases each customer is expected to make within so many days (equation 10).

    Written with Euler's transformation of the hypergeometric function: its first two arguments then stay small however
    often somebody bought, where the printed form overflows.
    """
    r, alpha, a, b = np.exp(logs)
    if abs(a - 1) < 1e-6:  # the formula divides by a - 1, its limit is smooth
        a = 1 + 1e-6
    x = counts.repeats
    z = days / (alpha + counts.age + days)
    shrunk = (1 - z) ** (a - 1) * special.hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)
    if_alive = (a + b + x - 1) / (a - 1) * (1 - shrunk)
    return if_alive * alive_probability(logs, counts)


def purchase_probability(logs: np.ndarray, counts: Counts, days: float) -> np.ndarray:
    """Return how likely each customer buys at least once within so many days."""
    r, alpha, _a, _b = np.exp(logs)
    none = ((alpha + counts.age) / (alpha + counts.age + days)) ** (r + counts.repeats)
    return alive_probability(logs, counts) * (1 - none)


def waiting_days(logs: np.ndarray, counts: Counts, share: float) -> np.ndarray:
    """Return after how many days a share of customers like each one buys again, given that they have not stopped.

    The rate of such a customer is Gamma distributed (r + x, alpha + T), so the wait is Lomax distributed.
    """
    r, alpha, _a, _b = np.exp(logs)
    with np.errstate(over="ignore"):
        return (alpha + counts.age) * np.expm1(-np.log1p(-share) / (r + counts.repeats))


def _distinct(counts: Counts) -> tuple[Counts, np.ndarray]:
    """Return each combination once, with how many customers have it: most of a big shop share theirs."""
    rows = np.stack([counts.repeats, counts.recency, counts.age], axis=1).astype(float)
    rows, weights = np.unique(rows, axis=0, return_counts=True)
    return Counts(rows[:, 0], rows[:, 1], rows[:, 2]), weights.astype(float)


def _loss(logs: np.ndarray, counts: Counts, weights: np.ndarray, is_guided: bool = False) -> tuple[float, np.ndarray]:
    """Return minus the mean log-likelihood (equation 6), and its slope along the logarithms."""
    r, alpha, a, b = np.exp(logs)
    x, repeats = counts.repeats, counts.repeats > 0
    older, newer = np.log(alpha + counts.age), np.log(alpha + counts.recency)
    before = np.where(repeats, b + x - 1, 1.0)
    still = -(r + x) * older
    stopped = np.where(repeats, np.log(a) - np.log(before) - (r + x) * newer, -np.inf)
    rate = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
    kept = special.gammaln(a + b) + special.gammaln(b + x) - special.gammaln(b) - special.gammaln(a + b + x)
    likelihood = rate + kept + np.logaddexp(still, stopped)
    gone = np.exp(stopped - np.logaddexp(still, stopped))
    digamma = special.digamma
    slopes = [
        r * (digamma(r + x) - digamma(r) + np.log(alpha) - (1 - gone) * older - gone * newer),
        r - alpha * (r + x) * ((1 - gone) / (alpha + counts.age) + gone / (alpha + counts.recency)),
        a * (digamma(a + b) - digamma(a + b + x)) + gone,
        b * (digamma(a + b) + digamma(b + x) - digamma(b) - digamma(a + b + x) - gone / before),
    ]
    total = weights.sum()
    loss, slope = -float(weights @ likelihood) / total, -np.array([weights @ one for one in slopes]) / total
    if is_guided:
        off = (logs[2:] - _GUIDE) / _GUIDE_SPREAD
        loss += float(off @ off) / 2 / total
        slope[2:] += off / _GUIDE_SPREAD / total
    return loss, slope


def _covariance(logs: np.ndarray, counts: Counts, weights: np.ndarray, is_guided: bool) -> np.ndarray:
    step = 1e-4
    curvature = np.empty((4, 4))
    for index in range(4):
        shift = np.zeros(4)
        shift[index] = step
        above, below = (_loss(logs + sign * shift, counts, weights, is_guided)[1] for sign in (1, -1))
        curvature[index] = (above - below) / (2 * step)
    curvature = (curvature + curvature.T) / 2 * weights.sum()
    if np.any(np.linalg.eigvalsh(curvature) <= 0):
        raise NotConverged("BG/NBD")
    return np.linalg.inv(curvature)
