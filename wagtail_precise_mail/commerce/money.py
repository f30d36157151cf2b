"""Amounts of money as people read them."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_currency, format_decimal, is_currency
from django.utils.translation import get_language, to_locale


def format_whole_money(amount: Decimal | float, currency: str) -> str:
    """Return an amount in whole units, such as "£1,234": sums have no room for pennies, and no need of them."""
    whole, name = Decimal(amount).quantize(Decimal(1)), to_locale(get_language() or "en")
    if not is_currency(currency):
        return f"{format_decimal(whole, locale=name)} {currency}".strip()
    return str(format_currency(whole, currency, "¤#,##0", locale=name, currency_digits=False))


def format_money(amount: Decimal | None, currency: str, *, locale: str | None = None) -> str:
    """Return an amount in the words of a language, such as "£1,234.50".

    Two decimals (or what the currency uses) are the least; further ones that are not zero are shown, too, so that a
    unit price of 0.0012 never reads as nothing.

    Args:
        amount: None gives "".
        currency: ISO 4217 code; an unknown one is written after the number as it is.
        locale: such as "en" or "zh-hans"; None takes the active language.
    """
    if amount is None:
        return ""
    # "-0.00" is nobody's amount, and trailing zeros of the column are no information.
    amount = (amount if amount else abs(amount)).normalize()
    name = to_locale(locale or get_language() or "en")
    if not is_currency(currency):
        return f"{format_decimal(amount, locale=name, decimal_quantization=False)} {currency}".strip()
    is_finer = -int(amount.as_tuple().exponent) > 2
    return str(format_currency(amount, currency, locale=name, decimal_quantization=not is_finer))
