"""A rule for a cluster: a few conditions of segments that find about the same customers.

Greedy: beginning with all customers, the condition is added that brings the harmonic mean of precision and recall (F1)
the farthest, until none brings more than a little. Each border is a round number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from wagtail_precise_mail.commerce.clustering.features import Features

MOST_CONDITIONS = 4
_LEAST_GAIN = 0.01
_BORDERS = 25
_SAMPLE = 20_000


@dataclass(frozen=True)
class _Step:
    """One condition: its key, the field that is set, and which of the customers it lets in."""

    key: str
    field: str
    value: Any
    mask: np.ndarray


def describe(features: Features, is_member: np.ndarray) -> dict[str, Any]:
    """Return rules in JSON for the customers marked; {} where no condition tells them from the others."""
    rows = np.unique(np.linspace(0, len(is_member) - 1, min(len(is_member), _SAMPLE)).astype(int))
    member = is_member[rows]
    steps = list(_steps(features, rows))
    chosen: list[_Step] = []
    inside: np.ndarray = np.ones(len(rows), dtype=bool)
    best = _f1(inside, member)
    while len(chosen) < MOST_CONDITIONS:
        taken = {(step.key, step.field) for step in chosen}
        scored = [(_f1(inside & step.mask, member), -index) for index, step in enumerate(steps)]
        scored = [one for one in scored if (steps[-one[1]].key, steps[-one[1]].field) not in taken]
        score, place = max(scored, default=(0.0, 0))
        if score < best + _LEAST_GAIN:
            break
        best = score
        chosen.append(steps[-place])
        inside &= chosen[-1].mask
    return {"rules": _as_json(chosen)} if chosen else {}


def _f1(found: np.ndarray, member: np.ndarray) -> float:
    both = (found & member).sum()
    return float(2 * both / max(found.sum() + member.sum(), 1))


def _steps(features: Features, rows: np.ndarray) -> Iterator[_Step]:
    orders, days, average = features.orders[rows], features.days[rows], features.average[rows]
    for border in _borders(orders, whole=True):
        yield _Step("order_count", "min", border, orders >= border)
        yield _Step("order_count", "max", border, orders <= border)
    for border in _borders(days, whole=True):
        yield _Step("last_order", "min_days_ago", border, days >= border)
        yield _Step("last_order", "max_days_ago", border, days <= border)
    for border in _borders(average, whole=False):
        yield _Step("average_order", "min", border, average >= border)
        yield _Step("average_order", "max", border, average <= border)
    for index, (slug, _name) in enumerate(features.categories):
        bought = features.shares[rows, index] > 0
        yield _Step("bought_product", slug, True, bought)
        yield _Step("bought_product", slug, False, ~bought)


def _borders(values: np.ndarray, *, whole: bool) -> list[float]:
    found = np.quantile(values, np.linspace(0.02, 0.98, _BORDERS))
    rounded = {float(f"{value:.2g}") for value in found.tolist() if value > 0}
    if whole:
        return sorted({max(1, round(value)) for value in rounded})
    return sorted(int(value) if value == int(value) else round(value, 2) for value in rounded)


def _as_json(chosen: list[_Step]) -> list[dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    categories = []
    for step in chosen:
        if step.key == "bought_product":
            rule = {"bought_product": {"categories": [step.field]}}
            categories.append(rule if step.value else {"none": [rule]})
        else:
            merged.setdefault(step.key, {})[step.field] = step.value
    return [*({key: fields} for key, fields in merged.items() if _is_range(fields)), *categories]


def _is_range(fields: dict[str, Any]) -> bool:
    low, high = fields.get("min", fields.get("min_days_ago")), fields.get("max", fields.get("max_days_ago"))
    return low is None or high is None or low <= high
