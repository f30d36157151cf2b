"""Bars side by side: a histogram, or one bar for each thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wagtail_precise_mail.charts.numbers import Number
from wagtail_precise_mail.charts.pictures import Picture, spread
from wagtail_precise_mail.charts.scales import percent, scale_of

_GAP = 0.18
# As many bars can carry their own value on a phone.
_LABELLED_BARS = 8


@dataclass(frozen=True)
class Mark:
    """An upright line in a histogram: ``at`` counts in bars from the left edge, such as 2.5."""

    at: float
    name: str


@dataclass(frozen=True, kw_only=True)
class BarChart(Picture):
    """One bar for each label. ``value_title`` heads the values in the table."""

    template_name = "wagtail_precise_mail/charts/bars.html"

    labels: Sequence[str]
    values: Sequence[Number]
    value_title: str
    marks: Sequence[Mark] = ()

    def header(self) -> list[str]:
        return [self.row_title, self.value_title]

    def rows(self) -> list[list[Any]]:
        return [[label, value] for label, value in zip(self.labels, self.values, strict=True)]

    def describe(self) -> str:
        highest = max(range(len(self.values)), key=lambda place: self.values[place])
        sentence = _("%(count)s bars from %(first)s to %(last)s. The highest is %(label)s with %(value)s.") % {
            "count": len(self.values),
            "first": self.labels[0],
            "last": self.labels[-1],
            "label": self.labels[highest],
            "value": self.number(self.values[highest]),
        }
        return " ".join([sentence, *self.highlights])

    def drawn(self) -> dict[str, Any]:
        scale = scale_of(self.values)
        width = 100 / len(self.values)
        bars = []
        for place, (label, value) in enumerate(zip(self.labels, self.values, strict=True)):
            top, bottom = sorted((scale.top(value), scale.top(0)))
            bars.append(
                {
                    "x": percent((place + _GAP / 2) * width),
                    "width": percent((1 - _GAP) * width),
                    "y": percent(top),
                    "height": percent(bottom - top),
                    "middle": percent((place + 0.5) * width),
                    "text": self.number(value),
                    "label": label,
                }
            )
        return {
            "scale": scale,
            "bars": bars,
            "zero": percent(scale.top(0)),
            "has_values": len(bars) <= _LABELLED_BARS,
            "below": [(percent((place + 0.5) * width), label) for place, label in spread(self.labels, most=8)],
            "marks": [
                {"x": percent(mark.at * width), "name": mark.name, "row": row, "is_late": mark.at * width > 60}
                for row, mark in enumerate(self.marks)
            ],
        }


@dataclass(frozen=True, kw_only=True)
class FlatBars(BarChart):
    """Bars below each other, for things whose names are long; the table and the picture are one."""

    template_name = "wagtail_precise_mail/charts/flat_bars.html"

    def drawn(self) -> dict[str, Any]:
        # A bar leaves room for its number.
        longest = float(max(*self.values, 1)) / 0.75
        return {
            "bars": [
                {"label": label, "text": self.number(value), "share": percent(100 * max(float(value), 0) / longest)}
                for label, value in zip(self.labels, self.values, strict=True)
            ]
        }
