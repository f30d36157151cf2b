"""What an order of a contact is worth: the Gamma-Gamma model, by maximum likelihood.

Orders of a customer vary around a mean of their own (Gamma with shape ``p``); means vary between customers (``q``,
``v``). Worth does not depend on how often somebody buys: the page of forecasts shows how far that is true.

Source: Fader and Hardie, "The Gamma-Gamma Model of Monetary Value" (2013), http://www.brucehardie.com/notes/025/
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from wagtail_precise_mail.exceptions import NotConverged

_BOUNDS = (-9.0, 14.0)


@dataclass(frozen=True)
class SpendingModel:
    """The three parameters; ``v`` is in money, the others are shapes."""

    p: float
    q: float
    v: float
    log_likelihood: float

    def expected_value(self, orders: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Return the expected worth of an order of each customer (equation 5): between their mean and that of all."""
        return self.p * (self.v + orders * mean) / (self.p * orders + self.q - 1)


def fit_spending(orders: np.ndarray, mean: np.ndarray) -> SpendingModel:
    """Return the parameters under which the means are the most likely.

    Args:
        orders: how many orders each customer's mean is of, from 1.
        mean: the mean worth, above 0.

    Raises:
        NotConverged: no maximum was found, or one without a finite mean (q up to 1).
    """
    scale = float(np.median(mean))
    scaled = mean / scale
    found = optimize.minimize(
        _loss,
        np.log([5.0, 3.5, 0.5]),
        args=(orders.astype(float), scaled),
        jac=True,
        method="L-BFGS-B",
        bounds=[_BOUNDS] * 3,
        options={"ftol": 1e-13, "maxiter": 2000, "maxfun": 5000},
    )
    p, q, v = np.exp(found.x)
    at_bound = np.any(found.x <= _BOUNDS[0] + 1e-6) or np.any(found.x >= _BOUNDS[1] - 1e-6)
    if not found.success or at_bound or q <= 1:
        raise NotConverged("Gamma-Gamma")
    likelihood = -found.fun * len(mean) - len(mean) * np.log(scale)
    return SpendingModel(float(p), float(q), float(v * scale), float(likelihood))


def _loss(logs: np.ndarray, x: np.ndarray, mean: np.ndarray) -> tuple[float, np.ndarray]:
    p, q, v = np.exp(logs)
    digamma, total = special.digamma, v + x * mean
    likelihood = (
        special.gammaln(p * x + q)
        - special.gammaln(p * x)
        - special.gammaln(q)
        + q * np.log(v)
        + (p * x - 1) * np.log(mean)
        + p * x * np.log(x)
        - (p * x + q) * np.log(total)
    )
    slope_p = p * x * (digamma(p * x + q) - digamma(p * x) + np.log(mean) + np.log(x) - np.log(total))
    slope_q = q * (digamma(p * x + q) - digamma(q) + np.log(v) - np.log(total))
    slope_v = q - v * (p * x + q) / total
    return -float(likelihood.mean()), -np.array([slope_p.mean(), slope_q.mean(), slope_v.mean()])
