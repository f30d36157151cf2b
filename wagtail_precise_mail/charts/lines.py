"""Lines over time; each series has its own color, dash and marker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wagtail_precise_mail.charts.pictures import Picture, Series, spread
from wagtail_precise_mail.charts.scales import Scale, percent, scale_of
from wagtail_precise_mail.charts.stacks import TONE_COUNT

# Points of longer lines are not marked one by one.
_MARKED_POINTS = 40


@dataclass(frozen=True, kw_only=True)
class LineChart(Picture):
    """Series over the same labels; a None breaks the line."""

    template_name = "wagtail_precise_mail/charts/lines.html"

    labels: Sequence[str]
    series: Sequence[Series]

    def header(self) -> list[str]:
        return [self.row_title, *(one.name for one in self.series)]

    def rows(self) -> list[list[Any]]:
        return [[label, *(one.values[place] for one in self.series)] for place, label in enumerate(self.labels)]

    def describe(self) -> str:
        sentence = _("From %(first)s to %(last)s.") % {"first": self.labels[0], "last": self.labels[-1]}
        parts = []
        for one in self.series:
            known = [value for value in one.values if value is not None]
            if known:
                words = {"name": one.name, "first": self.number(known[0]), "last": self.number(known[-1])}
                parts.append(_("%(name)s: %(first)s to %(last)s") % words)
        return " ".join([sentence, "; ".join(parts) + ".", *self.highlights])

    def drawn(self) -> dict[str, Any]:
        scale = scale_of(value for one in self.series for value in one.values)
        lines = [self._line(number, one, scale) for number, one in enumerate(self.series)]
        return {
            "scale": scale,
            "lines": lines,
            "zero": percent(scale.top(0)),
            "below": [(percent(self._left(place)), label) for place, label in spread(self.labels)],
            "legend": [(line["tone"], line["name"]) for line in lines],
        }

    def _left(self, place: int) -> float:
        return 50.0 if len(self.labels) == 1 else 100 * place / (len(self.labels) - 1)

    def _line(self, number: int, one: Series, scale: Scale) -> dict[str, Any]:
        points = [
            None if value is None else (self._left(place), scale.top(value), place)
            for place, value in enumerate(one.values)
        ]
        strokes, moves = [], True
        for point in points:
            if point is not None:
                strokes.append(f"{'M' if moves else 'L'}{point[0]:.3f} {point[1]:.3f}")
            moves = point is None
        known = [point for point in points if point is not None]
        shown = known if len(known) <= _MARKED_POINTS else known[:: -(-len(known) // _MARKED_POINTS)]
        return {
            "tone": number % TONE_COUNT + 1,
            "name": one.name,
            "path": " ".join(strokes),
            "points": [
                {
                    "x": percent(left),
                    "y": percent(top),
                    "title": f"{self.labels[place]}, {one.name}: {self.written(one.values[place])}",
                }
                for left, top, place in shown
            ],
        }
