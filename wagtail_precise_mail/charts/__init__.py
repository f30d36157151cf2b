"""Pictures of figures, drawn on the server: bars, stacked bars, lines and grids, each with its numbers in a table.

Our own, and small, because no library does what an admin page needs. pygal (kept up, LGPL) and leather (kept up) draw
bars and lines, but neither has heat maps, cohorts or matrices; their text shrinks with the picture on a phone, their
colors are worked out in Python and so cannot follow Wagtail's themes, and neither writes a title, a description or a
table. Everything heavier (Plotly, Bokeh, Vega) needs JavaScript.

How it works without: in an SVG that has no ``viewBox``, bars and words are placed in percent and keep their size in
pixels, so that a picture fits 390 pixels as well as 1280. Grids are real tables with tinted cells: the picture is its
own table, its cells can be links, and a screen reader walks it.
"""

from __future__ import annotations

from wagtail_precise_mail.charts.bars import BarChart, FlatBars, Mark
from wagtail_precise_mail.charts.grids import Cell, Grid
from wagtail_precise_mail.charts.lines import LineChart
from wagtail_precise_mail.charts.numbers import Number, as_count, as_percent
from wagtail_precise_mail.charts.pictures import Picture, Series
from wagtail_precise_mail.charts.stacks import StackedBars

__all__ = [
    "BarChart",
    "Cell",
    "FlatBars",
    "Grid",
    "LineChart",
    "Mark",
    "Number",
    "Picture",
    "Series",
    "StackedBars",
    "as_count",
    "as_percent",
]
