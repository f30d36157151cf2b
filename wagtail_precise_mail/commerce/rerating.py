"""Writing the rates into all orders again, in batches: after the base currency changed, or many rates came at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal

from django.db import transaction
from django.db.models import Case, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import TruncDate

from wagtail_precise_mail.commerce.currencies import base_currency
from wagtail_precise_mail.commerce.models import ExchangeRate, Order
from wagtail_precise_mail.commerce.sums import rounded_in_sql

BATCH = 20_000
"""Orders of one transaction: each takes its locks for a moment only."""

_RATE: DecimalField = DecimalField(max_digits=20, decimal_places=10)


@dataclass(frozen=True)
class Rerated:
    """What rating again did.

    Attributes:
        changed_count: orders whose rate is another one now, or is there or gone now.
        unrated_count: orders that have none.
    """

    changed_count: int
    unrated_count: int


def rate_again(*, on_progress: Callable[[int], None] | None = None, batch_size: int = BATCH) -> Rerated:
    """Write the rates of their days into all orders; done twice, or interrupted and done again, it changes no more.

    Figures of contacts are not worked out, nor noted as due: after this those of everybody are to be refreshed.

    Args:
        on_progress: told how many orders each batch had.
    """
    rate, after, changed = _rate(base_currency()), 0, 0
    while pks := list(Order.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:batch_size]):
        with transaction.atomic():
            changed += _write(Order.objects.filter(pk__gt=after, pk__lte=pks[-1]), rate)
        after = pks[-1]
        if on_progress:
            on_progress(len(pks))
    return Rerated(changed, Order.objects.filter(base_rate__isnull=True).count())


def _rate(base: str) -> Case:
    """What one unit of an order's currency was worth on its day, which is called ``wpm_day``."""
    wanted = {"currency": OuterRef("currency"), "base_currency": base, "valid_on__lte": OuterRef("wpm_day")}
    rates = ExchangeRate.objects.filter(**wanted)
    newest = Subquery(rates.order_by("-valid_on").values("rate")[:1])
    return Case(When(currency=base, then=Value(Decimal(1))), default=newest, output_field=_RATE)


def _write(orders: QuerySet[Order], rate: Case) -> int:
    # SQLite compares in binary: a rate is the same when it differs by less than its last digit.
    least = Decimal("0.00000000005")
    is_new = Q(base_rate__isnull=True, wpm_rate__isnull=False) | Q(base_rate__isnull=False, wpm_rate__isnull=True)
    differs = is_new | Q(base_rate__lt=F("wpm_rate") - least) | Q(base_rate__gt=F("wpm_rate") + least)
    wrong = orders.alias(wpm_day=TruncDate("placed_at", tzinfo=UTC)).alias(wpm_rate=rate).filter(differs)
    return wrong.update(base_rate=rate, base_total=rounded_in_sql(F("total") * rate))
