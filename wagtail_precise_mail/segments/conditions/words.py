"""Words that several conditions share in their sentences."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wagtail_precise_mail.segments.conditions.references import Key


def named(key: str) -> str:
    """Return "Regency cakestand (22423)" for a key that was looked up, and the key alone otherwise."""
    name = key.name if isinstance(key, Key) else ""
    return f"{name} ({key})" if name and name != key else str(key)


def listed(names: Iterable[Any]) -> str:
    """Return "a, b or c"."""
    *first, last = [str(name) for name in names] or [""]
    return _("%(names)s or %(last)s") % {"names": ", ".join(first), "last": last} if first else last


def between(low: int | Decimal | None, high: int | Decimal | None, over: Decimal | None = None) -> str:
    """Return "at least 5", "at most 5", "between 1 and 5", "exactly 5" or, for ``over``, "more than 5"."""
    shown = {"low": _number(low), "high": _number(high), "over": _number(over)}
    if over is not None:
        return (_("more than %(over)s") if high is None else _("more than %(over)s and at most %(high)s")) % shown
    if low is not None and low == high:
        return _("exactly %(low)s") % shown
    if low is None:
        return _("at most %(high)s") % shown
    if high is None:
        return _("at least %(low)s") % shown
    return _("between %(low)s and %(high)s") % shown


def within(days: int | None) -> str:
    """Return " within 90 days" with its space, or ""."""
    if days is None:
        return ""
    return ngettext(" within %(days)s day", " within %(days)s days", days) % {"days": _number(days)}


def _number(value: int | Decimal | None) -> str:
    if value is None:
        return ""
    exact = Decimal(value).normalize()
    return number_format(int(exact) if exact == exact.to_integral_value() else exact, force_grouping=True)
