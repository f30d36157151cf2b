"""Stacked bars: what a whole is made of, from period to period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wagtail_precise_mail.charts.numbers import Number
from wagtail_precise_mail.charts.pictures import Picture, Series, spread
from wagtail_precise_mail.charts.scales import Scale, percent, scale_of

_GAP = 0.12
# Names beside the last bar must be so far from each other, in percent of the height.
_NAMED_HEIGHT = 7.0
TONE_COUNT = 8
"""How many colors and patterns there are; further series begin again."""


@dataclass(frozen=True, kw_only=True)
class StackedBars(Picture):
    """Series on top of each other, the first at the bottom; values below zero hang below the line."""

    template_name = "wagtail_precise_mail/charts/stacks.html"

    labels: Sequence[str]
    series: Sequence[Series]
    has_totals: bool = True

    def header(self) -> list[str]:
        return [self.row_title, *(one.name for one in self.series), *([_("Total")] if self.has_totals else [])]

    def rows(self) -> list[list[Any]]:
        rows = []
        for place, label in enumerate(self.labels):
            values = [one.values[place] for one in self.series]
            rows.append([label, *values, *([sum_known(values)] if self.has_totals else [])])
        return rows

    def describe(self) -> str:
        parts = [
            _("%(name)s: %(first)s to %(last)s") % {"name": one.name, "first": first, "last": last}
            for one in self.series
            for first, last in [(self.written(one.values[0]), self.written(one.values[-1]))]
        ]
        sentence = _("From %(first)s to %(last)s.") % {"first": self.labels[0], "last": self.labels[-1]}
        return " ".join([sentence, "; ".join(parts) + ".", *self.highlights])

    def drawn(self) -> dict[str, Any]:
        heights = [_ends([one.values[place] for one in self.series]) for place in range(len(self.labels))]
        scale = scale_of(end for low, high in heights for end in (low, high))
        bands = [self._bands(place, scale) for place in range(len(self.labels))]
        width = 100 / len(self.labels)
        return {
            "scale": scale,
            "bands": [band for column in bands for band in column],
            "names": self._names(bands[-1]),
            "zero": percent(scale.top(0)),
            "below": [(percent((place + 0.5) * width), label) for place, label in spread(self.labels)],
            # As they lie on top of each other.
            "legend": [(self._tone(number), one.name) for number, one in reversed([*enumerate(self.series)])],
        }

    def _tone(self, number: int) -> int:
        return self.series[number].tone or number % TONE_COUNT + 1

    def _bands(self, place: int, scale: Scale) -> list[dict[str, Any]]:
        width, bands = 100 / len(self.labels), []
        above, below = 0.0, 0.0
        for number, one in enumerate(self.series):
            value = float(one.values[place] or 0)
            start = above if value >= 0 else below
            above, below = (above + value, below) if value >= 0 else (above, below + value)
            top, bottom = sorted((scale.top(start), scale.top(start + value)))
            bands.append(
                {
                    "number": number,
                    "tone": self._tone(number),
                    "x": percent((place + _GAP / 2) * width),
                    "width": percent((1 - _GAP) * width),
                    "y": percent(top),
                    "height": percent(bottom - top),
                    "tall": bottom - top,
                    "center": (top + bottom) / 2,
                    "title": f"{self.labels[place]}, {one.name}: {self.written(one.values[place])}",
                }
            )
        return bands

    def _names(self, last: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the names of the series beside the last bar; one that would stand in another is left to the legend."""
        names: list[dict[str, Any]] = []
        heights: list[float] = []
        for band in sorted(last, key=lambda band: -band["tall"]):
            if band["tall"] and all(abs(band["center"] - height) >= _NAMED_HEIGHT for height in heights):
                heights.append(band["center"])
                names.append({"y": percent(band["center"]), "name": self.series[band["number"]].name})
        return names


def sum_known(values: Sequence[Number | None]) -> Any:
    """Return the sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _ends(values: Sequence[Number | None]) -> tuple[float, float]:
    known = [float(value) for value in values if value is not None]
    return sum(value for value in known if value < 0), sum(value for value in known if value > 0)
