"""The exchange rates of an import: looked up once for each currency and day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from wagtail_precise_mail.commerce.currencies import base_currency, rate_on


class Rates:
    """Remembers rates; most files have one currency, and that is the base."""

    def __init__(self) -> None:
        self._base = base_currency()
        self._known: dict[tuple[str, date], Decimal | None] = {}

    def on(self, currency: str, at: datetime) -> Decimal | None:
        """Return what a currency was worth in the base currency; None where nobody knows."""
        # The first order of all decides it, where the settings do not.
        self._base = self._base or currency
        if currency == self._base:
            return _ONE
        key = (currency, at.astimezone(UTC).date())
        if key not in self._known:
            self._known[key] = rate_on(currency, at, base=self._base)
        return self._known[key]


_ONE = Decimal(1)
