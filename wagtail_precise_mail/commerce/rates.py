"""Exchange rates: kept by day, written into the orders that they are about, and missed where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, F, Min, Q, QuerySet, Value

from wagtail_precise_mail.commerce.checking import checked_currency
from wagtail_precise_mail.commerce.currencies import base_currency
from wagtail_precise_mail.commerce.due import mark_due_of
from wagtail_precise_mail.commerce.models import ExchangeRate, Order
from wagtail_precise_mail.commerce.sums import rounded_in_sql
from wagtail_precise_mail.exceptions import InvalidRecord

_MOST = Decimal(10) ** 10


@dataclass(frozen=True)
class MissingRate:
    """Orders that count, and whose money is missing, until somebody says what their currency was worth."""

    currency: str
    order_count: int
    since: datetime


def missing_rates() -> list[MissingRate]:
    """Return the currencies of orders without a rate, the most orders first."""
    rows = Order.objects.filter(base_rate__isnull=True).order_by().values_list("currency")
    found = rows.annotate(count=Count("pk"), since=Min("placed_at")).order_by("-count", "currency")
    return [MissingRate(*row) for row in found]


@transaction.atomic
def set_exchange_rate(currency: str, rate: Decimal, *, valid_on: date) -> ExchangeRate:
    """Say what one unit of a currency is worth in the base currency from a day on, until the next rate.

    Orders of these days (of UTC) that waited for a rate get it, others are corrected; their contacts are due.

    Raises:
        InvalidRecord: no such currency, the base currency itself, or a rate that is not above zero.
    """
    code, base = checked_currency(currency), _base()
    if code == base:
        raise InvalidRecord(f"{code} is the base currency, which is worth itself.", place="currency")
    value = round(Decimal(rate), 10) if Decimal(rate).is_finite() and 0 < rate < _MOST else Decimal(0)
    if value <= 0:
        raise InvalidRecord(f"A rate is above zero, which {rate} is not.", place="rate")
    stored, _created = ExchangeRate.objects.update_or_create(
        currency=code, base_currency=base, valid_on=valid_on, defaults={"rate": value}
    )
    _write(code, value, _days(code, base, valid_on))
    return stored


@transaction.atomic
def delete_exchange_rate(rate: ExchangeRate) -> None:
    """Take a rate away: its days get the one before, or wait for one again."""
    code, base, day = rate.currency, rate.base_currency, rate.valid_on
    days = _days(code, base, day)
    rate.delete()
    if base == base_currency():
        earlier = ExchangeRate.objects.filter(currency=code, base_currency=base, valid_on__lt=day)
        _write(code, earlier.order_by("-valid_on").values_list("rate", flat=True).first(), days)


@transaction.atomic
def rate_orders() -> None:
    """Write the rates into all orders again: after the base currency changed. One statement for each rate."""
    base = base_currency()
    currencies = Order.objects.order_by().values_list("currency", flat=True).distinct()
    for code in sorted(currencies):
        if code == base:
            _write(code, Decimal(1), Q())
            continue
        rates = ExchangeRate.objects.filter(currency=code, base_currency=base).order_by("valid_on")
        rates_by_day = list(rates.values_list("valid_on", "rate"))
        before = Q(placed_at__lt=_start(rates_by_day[0][0])) if rates_by_day else Q()
        _write(code, None, before)
        for day, rate in rates_by_day:
            _write(code, rate, _days(code, base, day))


def _base() -> str:
    if base := base_currency():
        return base
    raise InvalidRecord("Set base_currency in the settings first: there is no order that shows it.", place="currency")


def _days(currency: str, base: str, day: date) -> Q:
    """The orders from a day on, until the next rate."""
    later = ExchangeRate.objects.filter(currency=currency, base_currency=base, valid_on__gt=day)
    following = later.order_by("valid_on").values_list("valid_on", flat=True).first()
    return Q(placed_at__gte=_start(day)) & (Q(placed_at__lt=_start(following)) if following else Q())


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _write(currency: str, rate: Decimal | None, days: Q) -> None:
    orders: QuerySet[Order] = Order.objects.filter(days, currency=currency)
    if rate is None:
        orders = orders.filter(base_rate__isnull=False)
        mark_due_of(orders)
        orders.update(base_rate=None, base_total=None)
        return
    # SQLite compares in binary: a rate is the same when it differs by less than its last digit.
    least = Decimal("0.00000000005")
    orders = orders.filter(Q(base_rate__isnull=True) | Q(base_rate__lt=rate - least) | Q(base_rate__gt=rate + least))
    mark_due_of(orders)
    orders.update(base_rate=rate, base_total=rounded_in_sql(F("total") * Value(rate)))
