"""What customers are compared by: when, how often and for how much they bought, and from which categories."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Count, Max, Q, QuerySet, Sum

from wagtail_precise_mail.commerce.conditions.windows import lines_of_contacts
from wagtail_precise_mail.commerce.models import Order

MOST_CATEGORIES = 8
"""The categories with the most revenue; the others tell customers of a big shop hardly apart."""

_CHUNK = 20_000
# A share from 0 to 1 beside figures with a spread of 1.
_SHARE_WEIGHT = 2.0


@dataclass(frozen=True)
class Features:
    """One row per contact with a sale, in order of their ids; money is in the base currency.

    Attributes:
        days: since the last order.
        shares: of the revenue by category (contacts by categories), in the order of ``categories``.
        categories: slug and name.
    """

    contact_ids: np.ndarray
    orders: np.ndarray
    days: np.ndarray
    average: np.ndarray
    shares: np.ndarray
    categories: list[tuple[str, str]]

    def points(self) -> np.ndarray:
        """Return what distances are taken between: logarithms with a spread of 1, and weighted shares."""
        logs = np.stack([np.log1p(self.days), np.log(self.orders), np.log1p(np.maximum(self.average, 0))], axis=1)
        spread = logs.std(axis=0)
        scaled = (logs - logs.mean(axis=0)) / np.where(spread > 0, spread, 1)
        return np.hstack([scaled, self.shares * _SHARE_WEIGHT])


def read_features(at: datetime) -> Features:
    """Read the orders until a moment: two queries."""
    ids, orders, days, average = array("q"), array("q"), array("d"), array("d")
    sales = Order.objects.filter(contact__isnull=False, placed_at__lte=at, kind=Order.Kind.SALE).order_by()
    rows: QuerySet[Any, Any] = (
        sales.values("contact_id")
        .annotate(
            count=Count("pk"),
            last=Max("placed_at"),
            rated=Count("pk", filter=Q(base_total__isnull=False)),
            total=Sum("base_total"),
        )
        .order_by("contact_id")
        .values_list("contact_id", "count", "last", "rated", "total")
    )
    for contact_id, count, last, rated, total in rows.iterator(chunk_size=_CHUNK):
        ids.append(contact_id)
        orders.append(count)
        days.append((at - last).total_seconds() / 86_400)
        average.append(float(total) / rated if rated else 0.0)
    contact_ids = np.array(ids, dtype=np.int64)
    shares, categories = _shares(at, contact_ids)
    return Features(contact_ids, np.array(orders), np.array(days), np.array(average), shares, categories)


def _shares(at: datetime, contact_ids: np.ndarray) -> tuple[np.ndarray, list[tuple[str, str]]]:
    lines = lines_of_contacts(at).filter(total__gt=0, order__base_rate__isnull=False)
    known = lines.filter(product__category__isnull=False)
    best = list(
        known.values_list("product__category_id", "product__category__slug", "product__category__name")
        .annotate(count=Count("order", distinct=True))
        .order_by("-count", "product__category_id")[:MOST_CATEGORIES]
    )
    place = {category_id: index for index, (category_id, _slug, _name, _count) in enumerate(best)}
    amounts = np.zeros((len(contact_ids), len(best) + 1))
    rows = lines.values_list("order__contact_id", "product__category_id").annotate(amount=Sum("total"))
    for contact_id, category_id, amount in rows.iterator(chunk_size=_CHUNK):
        row = int(np.searchsorted(contact_ids, contact_id))
        # Somebody may have bought for the first time between the two queries.
        if row < len(contact_ids) and contact_ids[row] == contact_id:
            amounts[row, place.get(category_id, -1)] += float(amount)
    total = amounts.sum(axis=1, keepdims=True)
    shares = amounts / np.where(total > 0, total, 1)
    return shares[:, : len(best)], [(slug, name) for _pk, slug, name, _count in best]
