"""Numbers as people read them beside a picture, in the active language."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

Number = int | float | Decimal


def as_count(value: Number) -> str:
    """Return a whole number, or one with the decimals that it has, two at the most."""
    shown = Decimal(str(value)).quantize(Decimal("0.01")).normalize()
    decimals = max(-int(shown.as_tuple().exponent), 0)
    return str(number_format(shown, decimals, use_l10n=True, force_grouping=True))


def as_percent(value: Number) -> str:
    """Return a share, given from 0 to 100, with one decimal."""
    # Django cuts decimals off instead of rounding.
    shown = Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return _("%(number)s%%") % {"number": number_format(shown, 1, use_l10n=True, force_grouping=True)}
