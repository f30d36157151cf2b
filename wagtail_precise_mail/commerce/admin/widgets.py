"""Fields of this room's forms."""

from __future__ import annotations

from typing import Any

from django import forms


class AmountInput(forms.NumberInput):
    """An amount with the two decimals that people write; further ones stand there where they are not zero."""

    def format_value(self, value: Any) -> str | None:
        text: str | None = super().format_value(value)
        if not text or "." not in text:
            return text
        whole, _point, decimals = text.partition(".")
        return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
