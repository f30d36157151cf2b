"""The axis of values: round steps, and where a value is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from wagtail_precise_mail.charts.numbers import as_count

_STEPS = (1, 2, 2.5, 5, 10)
_WANTED_STEPS = 4


def percent(share: float) -> str:
    """Return a coordinate of an SVG; never in the words of a language, which may write "12,5"."""
    return f"{share:.3f}%"


@dataclass(frozen=True)
class Scale:
    """An axis from ``low`` (0 or below) to ``high`` (above 0)."""

    low: float
    high: float
    step: float

    def top(self, value: float | Decimal) -> float:
        """Return how far below the upper edge a value is, in percent of the height."""
        return 100 * (self.high - float(value)) / (self.high - self.low)

    @property
    def factor(self) -> int:
        """What the numbers of the axis are divided by, so that they stay short."""
        return next((factor for factor in (1_000_000, 1_000) if self.step >= factor), 1)

    @property
    def unit(self) -> str:
        """The factor in words; "" for 1."""
        return {1_000_000: _("millions"), 1_000: _("thousands")}.get(self.factor, "")

    @property
    def ticks(self) -> list[tuple[str, str]]:
        """Where the lines are, and what stands beside them."""
        count = round((self.high - self.low) / self.step)
        values = [self.low + number * self.step for number in range(count + 1)]
        return [(percent(self.top(value)), as_count(value / self.factor)) for value in values]


def scale_of(values: Iterable[float | Decimal | None]) -> Scale:
    """Return a scale that begins at 0 and holds all values; counts get no steps below 1."""
    known = [value for value in values if value is not None]
    low, high = float(min([*known, 0])), float(max([*known, 0]))
    if low == high:
        high = 1.0
    rough = (high - low) / _WANTED_STEPS
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * one for one in _STEPS if size * one >= rough * 0.999999)
    if all(float(value).is_integer() for value in known):
        step = max(math.ceil(step), 1)
    return Scale(step * math.floor(low / step), step * math.ceil(high / step), step)
