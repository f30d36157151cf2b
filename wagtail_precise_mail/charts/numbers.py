"""Numbers as people read them in the admin, in the active language."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from django.utils.formats import number_format
from django.utils.translation import get_language, to_locale

Number = int | float | Decimal


def as_count(value: Number) -> str:
    """Return a whole number, or one with the decimals that it has, two at the most."""
    return _written(_short(value))


def as_percent(value: Number, decimals: int | None = 1) -> str:
    """Return a share, given from 0 to 100, with its sign: "22.0%", in German "22,0 %" with a blank that never breaks.

    Args:
        decimals: None shows those that it has, two at the most, as of a limit.
    """
    if decimals is None:
        shown = _short(value)
    else:
        # Django cuts decimals off instead of rounding.
        shown = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    before, behind = _signs(get_language() or "en")
    return f"{before}{_written(shown)}{behind}"


def _short(value: Number) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP).normalize()


def _written(value: Decimal) -> str:
    decimals = max(-int(value.as_tuple().exponent), 0)
    return str(number_format(value, decimals, use_l10n=True, force_grouping=True))


@cache
def _signs(language: str) -> tuple[str, str]:
    """Return what stands before and behind a share in a language."""
    try:
        pattern = Locale.parse(to_locale(language)).percent_formats[None]
    except (UnknownLocaleError, ValueError):
        return "", "%"
    return pattern.prefix[0], pattern.suffix[0]
