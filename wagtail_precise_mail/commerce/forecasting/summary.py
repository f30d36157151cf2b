"""What the models read of each customer, added up by the database and streamed into arrays.

A purchase is a day with a sale, in the time zone of the site: an order that was split is one purchase. Money is that of
sales less that of refunds, in the base currency; orders without a rate count as purchases and bring no money. Orders
after the moment do not exist yet.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from wagtail_precise_mail.commerce.forecasting.purchases import Counts
from wagtail_precise_mail.commerce.models import Order

_CHUNK = 20_000
_SALE, _REFUND = Order.Kind.SALE, Order.Kind.REFUND


@dataclass(frozen=True)
class Customers:
    """One row per contact with a sale, in order of their ids.

    Attributes:
        first_day, last_day: of purchases, as ordinals of dates.
        purchases: days with a sale.
        paid: of these, the days with an order whose rate is known.
        revenue: sales less refunds, in the base currency.
        today: the ordinal of the day of the model.
    """

    contact_ids: np.ndarray
    first_day: np.ndarray
    last_day: np.ndarray
    purchases: np.ndarray
    paid: np.ndarray
    revenue: np.ndarray
    today: int

    @property
    def counts(self) -> Counts:
        """Return what BG/NBD reads."""
        first: np.ndarray = self.first_day.astype(float)
        return Counts(self.purchases - 1.0, self.last_day - first, self.today - first)

    @property
    def mean(self) -> np.ndarray:
        """Return the mean worth of a purchase; NaN where nothing, or nothing but refunds, is known."""
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = self.revenue / self.paid
        return np.where((self.paid > 0) & (self.revenue > 0), mean, np.nan)

    @property
    def history_days(self) -> int:
        """Return how many days there are since the first order of the shop."""
        return self.today - int(self.first_day.min()) if len(self.contact_ids) else 0


def read_customers(at: datetime, *, since: datetime | None = None) -> Customers:
    """Add up the orders of every contact until a moment, or between two.

    Args:
        since: orders from then on, that moment excluded.
    """
    numbers = [array("q") for _column in range(5)]
    revenue = array("d")
    for row in _rows(at, since).iterator(chunk_size=_CHUNK):
        contact_id, first, last, purchases, paid, money = row
        for column, value in zip(
            numbers, (contact_id, first.toordinal(), last.toordinal(), purchases, paid), strict=True
        ):
            column.append(value)
        revenue.append(float(money or 0))
    columns = [np.frombuffer(column, dtype=np.int64) if column else np.zeros(0, np.int64) for column in numbers]
    money_column = np.frombuffer(revenue, dtype=float) if revenue else np.zeros(0)
    ids, first_day, last_day, purchase_count, paid_count = columns
    return Customers(
        ids, first_day, last_day, purchase_count, paid_count, revenue=money_column, today=day_of(at).toordinal()
    )


def day_of(moment: datetime) -> datetime:
    """Return a moment in the time zone that days are counted in."""
    return moment.astimezone(timezone.get_default_timezone())


def _rows(at: datetime, since: datetime | None) -> QuerySet:
    orders = Order.objects.filter(contact__isnull=False, placed_at__lte=at, kind__in=[_SALE, _REFUND])
    if since:
        orders = orders.filter(placed_at__gt=since)
    is_sale = Q(kind=_SALE)
    rows = orders.order_by().annotate(day=TruncDate("placed_at", tzinfo=timezone.get_default_timezone()))
    return (
        rows.values("contact_id")
        .annotate(
            first=Min("day", filter=is_sale),
            last=Max("day", filter=is_sale),
            purchases=Count("day", filter=is_sale, distinct=True),
            paid=Count("day", filter=is_sale & Q(base_total__isnull=False), distinct=True),
            money=Sum("base_total"),
        )
        .filter(purchases__gte=1)
        .order_by("contact_id")
        .values_list("contact_id", "first", "last", "purchases", "paid", "money")
    )


def back(at: datetime, days: int) -> datetime:
    """Return the moment so many days earlier."""
    return at - timedelta(days=days)
