"""One currency for all figures: which it is, and what others were worth in it on a day."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from wagtail_precise_mail.commerce.models import ExchangeRate, Order
from wagtail_precise_mail.conf import options


def base_currency() -> str:
    """Return the code of the currency that all figures are in: the option, else that of the first order kept, or ""."""
    if code := options().base_currency:
        return code.upper()
    return Order.objects.order_by("pk").values_list("currency", flat=True).first() or ""


def rate_on(currency: str, at: datetime, *, base: str | None = None) -> Decimal | None:
    """Return what one unit of a currency was worth in the base currency, or None where no rate is known for that day.

    Days are those of UTC, as in the orders that a rate is written into.

    Args:
        base: the base currency, where the caller knows it already.
    """
    base = base if base is not None else base_currency()
    if currency.upper() == base:
        return Decimal(1)
    rates = ExchangeRate.objects.filter(
        currency=currency.upper(), base_currency=base, valid_on__lte=at.astimezone(UTC).date()
    )
    return rates.order_by("-valid_on").values_list("rate", flat=True).first()
