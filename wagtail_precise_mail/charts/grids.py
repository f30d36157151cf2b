"""Grids: heat maps, cohorts and matrices from one place to another; real tables whose cells are tinted by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from wagtail_precise_mail.charts.numbers import Number, as_count
from wagtail_precise_mail.charts.pictures import NOTHING, Picture
from wagtail_precise_mail.charts.stacks import sum_known

# More columns than these are drawn closer together, and long words above them stand upright.
_MOST_WIDE = 9
_LONGEST_WORD = 6
# Words stay readable on a tint up to here, in light and dark (tests/charts/test_contrast.py counts it).
DEEPEST = 40


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        value: None for what is not known; the tint goes by it.
        text: in place of the written value.
        note: a second, smaller line.
        extra: the bare value of that line, for the file.
        url: where the cell leads.
        is_thin: too few to judge: no tint, and grey.
    """

    value: Number | None
    text: str = ""
    note: str = ""
    extra: Number | None = None
    url: str = ""
    is_thin: bool = False


@dataclass(frozen=True, kw_only=True)
class Grid(Picture):
    """Rows and columns of cells; a cell that is None (as in the triangle of cohorts) stays empty.

    Attributes:
        column_title: what the columns are, such as "Months since".
        leads: columns of counts before the grid, such as the size of a cohort: a title and a value for each row.
        has_totals: adds up rows and columns.
        deepest: the value with the deepest tint; None takes the highest in the grid.
        marks_diagonal: frames the cells of those who stayed where they were.
        extra_title: what the second values are, such as "revenue".
        is_narrow: small cells, for many columns.
    """

    template_name = "wagtail_precise_mail/charts/grid.html"

    column_title: str
    columns: Sequence[str]
    labels: Sequence[str]
    cells: Sequence[Sequence[Cell | None]]
    leads: Sequence[tuple[str, Sequence[Number]]] = ()
    has_totals: bool = False
    deepest: Number | None = None
    marks_diagonal: bool = False
    extra_title: str = ""
    is_narrow: bool = False

    def header(self) -> list[str]:
        extra = [f"{column}: {self.extra_title}" for column in self.columns] if self.extra_title else []
        leads = [title for title, _values in self.leads]
        total = [_("Total")] if self.has_totals else []
        return [self.row_title, *leads, *self.columns, *total, *extra]

    def rows(self) -> list[list[Any]]:
        rows = [self._row(place, label) for place, label in enumerate(self.labels)]
        if self.has_totals:
            columns = list(zip(*(row[1:] for row in rows), strict=True))
            rows.append([_("Total"), *(sum_known(column) for column in columns)])
        return rows

    def _row(self, place: int, label: str) -> list[Any]:
        cells = self.cells[place]
        values = [None if cell is None else cell.value for cell in cells]
        extra = [None if cell is None else cell.extra for cell in cells] if self.extra_title else []
        total = [sum_known(values)] if self.has_totals else []
        return [label, *(column[place] for _title, column in self.leads), *values, *total, *extra]

    def drawn(self) -> dict[str, Any]:
        values = [cell.value for row in self.cells for cell in row if cell is not None and not cell.is_thin]
        known = [float(value) for value in values if value is not None]
        deepest = float(self.deepest) if self.deepest is not None else max([*known, 0.0])
        rows = self.rows()
        width = 1 + len(self.leads) + len(self.columns)
        has_many = len(self.columns) > _MOST_WIDE and not self.is_narrow
        return {
            "columns": self.columns,
            "has_many": has_many,
            "is_upright": has_many and max(map(len, self.columns)) > _LONGEST_WORD,
            "lead_titles": [title for title, _values in self.leads],
            "body": [
                {
                    "label": label,
                    "leads": [as_count(column[place]) for _title, column in self.leads],
                    "cells": [self._cell(cell, deepest, place == number) for number, cell in enumerate(cells)],
                    "total": self.written(rows[place][width]) if self.has_totals else "",
                }
                for place, (label, cells) in enumerate(zip(self.labels, self.cells, strict=True))
            ],
            "totals": self._totals(rows[-1][1 : width + 1]) if self.has_totals else [],
        }

    def _totals(self, values: Sequence[Any]) -> list[str]:
        leads = len(self.leads)
        return [as_count(value) for value in values[:leads]] + [self.written(value) for value in values[leads:]]

    def _cell(self, cell: Cell | None, deepest: float, is_diagonal: bool) -> dict[str, Any] | None:
        if cell is None:
            return None
        share = 0.0 if cell.value is None or cell.is_thin or deepest <= 0 else float(cell.value) / deepest
        return {
            "cell": cell,
            "text": cell.text or (NOTHING if cell.value is None else self.number(cell.value)),
            "tint": round(DEEPEST * min(max(share, 0.0), 1.0)),
            "is_diagonal": is_diagonal and self.marks_diagonal,
        }
