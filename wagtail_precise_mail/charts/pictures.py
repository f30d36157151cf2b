"""What all pictures have: a name, words for those who do not see it, a table, and how it is counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from wagtail.admin.ui.components import Component

from wagtail_precise_mail.charts.numbers import Number, as_count

NOTHING = "–"
# More words than this below a picture run into each other on a phone.
_MOST_LABELS = 6


@dataclass(frozen=True)
class Series:
    """One row of values, one for each label of the picture; None where there is no value."""

    name: str
    values: Sequence[Number | None]
    # Which of the colors, from 1: what has one in several pictures of a page keeps it. 0 goes by the order.
    tone: int = 0


@dataclass(frozen=True, kw_only=True)
class Picture(Component):
    """A picture for ``{% component picture %}``; the page has to load ``wagtail_precise_mail/charts/charts.css``.

    Attributes:
        key: unique on its page; an HTML id and the name of the file are made of it.
        definition: how it is counted, in whole sentences; printed below.
        row_title: what the labels are, such as "Month".
        number: writes a value for people; gets no None.
        unit: of the values, such as "orders" or "GBP"; "" for none.
        note: a sentence above the picture, such as what is left out.
        missing: why there is nothing to see; then it stands in place of the picture.
        segments: what is shown as segments that can be made of it, each with its name and address.
        download_url: where the table can be had as a file; "" for nowhere.
        highlights: sentences that say what is to be seen; also read to those who do not see it.
    """

    key: str
    title: str
    definition: str
    row_title: str
    number: Callable[[Any], str] = as_count
    unit: str = ""
    note: str = ""
    missing: str = ""
    segments: Sequence[tuple[str, str]] = field(default=())
    download_url: str = ""
    highlights: Sequence[str] = field(default=())

    def header(self) -> list[str]:
        """Return the words above the columns of the table."""
        raise NotImplementedError

    def rows(self) -> list[list[Any]]:
        """Return the table with bare values, for a file."""
        raise NotImplementedError

    def describe(self) -> str:
        """Return in words what is to be seen."""
        return " ".join(self.highlights)

    def drawn(self) -> dict[str, Any]:
        """Return what the template draws; asked only when nothing is missing."""
        return {}

    def written(self, value: Number | None) -> str:
        """Return a value as it stands in the table."""
        return NOTHING if value is None else self.number(value)

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        context = {"picture": self, "has_picture": not self.missing}
        return context if self.missing else {**context, "description": self.describe(), **self.drawn()}

    def table(self) -> dict[str, Any]:
        """Return the table behind the picture as words."""
        return {
            "header": self.header(),
            "rows": [(str(label), [self.written(value) for value in values]) for label, *values in self.rows()],
        }


def spread(labels: Sequence[Any], *, most: int = _MOST_LABELS) -> list[tuple[int, str]]:
    """Return the labels that fit below a picture with their places, evenly chosen; the first is always one."""
    every = -(-len(labels) // most)
    return [(place, str(label)) for place, label in enumerate(labels) if place % every == 0]
