"""What an order, a cart or a product may say: values that make no sense are refused with their place."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import is_currency
from django.utils import timezone

from wagtail_precise_mail.exceptions import InvalidRecord

AHEAD = timedelta(days=1)
"""By how much a moment may lie ahead of ours: clocks and time zones differ."""

# Far above any honest sum, and low enough that sums of them fit their columns.
MONEY_LIMIT = Decimal(10) ** 11

_CODE = re.compile("[A-Z]{3}")


@lru_cache(512)
def is_currency_code(code: str) -> bool:
    """Whether this is an ISO 4217 code, in capitals."""
    return bool(_CODE.fullmatch(code)) and bool(is_currency(code))


def checked_currency(code: str) -> str:
    """Return a currency code in capitals.

    Raises:
        InvalidRecord: there is no such currency.
    """
    wanted = code.strip().upper()
    if not is_currency_code(wanted):
        raise InvalidRecord(f"{code!r} is no ISO 4217 code of a currency, such as EUR.", place="currency")
    return wanted


def checked_moment(moment: datetime, *, at: datetime, place: str) -> datetime:
    """Return a moment that is aware and has come.

    Raises:
        InvalidRecord: it is naive, or more than a day ahead of ``at``.
    """
    if timezone.is_naive(moment):
        raise InvalidRecord(f"{place} must be aware.", place=place)
    if moment > at + AHEAD:
        raise InvalidRecord(
            f"{place} is {moment:%Y-%m-%d}, which lies in the future. Correct the date in the source.", place=place
        )
    return moment


def checked_money(amount: Decimal | int, *, place: str) -> Decimal:
    """Return an amount of money.

    Raises:
        InvalidRecord: not a number, beyond belief, or with more than four decimals.
    """
    value = Decimal(amount)
    # Compared and not abs(): that overflows on "1e99999999".
    if not value.is_finite() or not -MONEY_LIMIT < value < MONEY_LIMIT or value != round(value, 4):
        raise InvalidRecord(f"{amount} is no amount with four decimals at the most.", place=place)
    return value


def checked_attributes(attributes: dict[str, Any], *, place: str = "attributes") -> dict[str, Any]:
    """Return attributes: names to texts, numbers, yes or no, or lists of those.

    Raises:
        InvalidRecord: something else.
    """
    for name, value in attributes.items():
        values = value if isinstance(value, list) else [value]
        is_plain = all(isinstance(one, (str, int, float, bool)) for one in values)
        if not isinstance(name, str) or not 0 < len(name) <= 100 or not is_plain:
            raise InvalidRecord(
                f"{name!r} must be a name with a text, a number, true or false, or a list of these.", place=place
            )
    return attributes
