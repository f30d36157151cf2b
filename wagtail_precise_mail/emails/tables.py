"""Tables in plain text: orders, products, anything in rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wagtail_precise_mail.emails.wrapping import LINE, columns, wrap

GAP = 2
"""Blanks between two columns."""

_NARROWEST = 12


def table(rows: Iterable[Sequence[str] | None], *, align: str = "", width: int = LINE) -> str:
    """Return rows as a table that stands straight, also with wide characters in it.

    The widest column is broken into lines when the table would be too wide; a table with too many columns for that
    becomes a list.

    Args:
        rows: the cells of each row, such as a description, a quantity and an amount; None draws a line.
        align: a letter for each column, "l" or "r"; columns that it does not name are aligned left.
    """
    cells = [None if row is None else [wrap(cell, width=10**6) for cell in row] for row in rows]
    count = max((len(row) for row in cells if row is not None), default=0)
    if not count:
        return ""
    cells = [None if row is None else [*row, *[""] * (count - len(row))] for row in cells]
    widths = _widths([row for row in cells if row is not None])
    if (room := _room(widths, width)) < min(_NARROWEST, max(widths)):
        return _listed(cells, width)
    widths[widths.index(max(widths))] = room
    align = align.ljust(count, "l")
    line = "-" * (sum(widths) + GAP * (count - 1))
    return "\n".join(line if row is None else _row(row, widths, align) for row in cells)


def _widths(rows: list[list[str]]) -> list[int]:
    return [max(columns(line) for cell in column for line in cell.split("\n")) for column in zip(*rows, strict=True)]


def _room(widths: list[int], width: int) -> int:
    """What is left for the widest column."""
    others = sum(widths) - max(widths) + GAP * (len(widths) - 1)
    return min(max(widths), width - others)


def _row(row: Sequence[str], widths: list[int], align: str) -> str:
    # Words stay whole, so a cell may still be wider than its column: then its row is longer, and nothing is lost.
    cells = [wrap(cell, width=max(size, 1)).split("\n") for cell, size in zip(row, widths, strict=True)]
    lines = []
    for number in range(max(map(len, cells))):
        parts = [cell[number] if number < len(cell) else "" for cell in cells]
        padded = [_pad(part, size, side) for part, size, side in zip(parts, widths, align, strict=False)]
        lines.append((" " * GAP).join(padded).rstrip())
    return "\n".join(lines)


def _pad(text: str, size: int, side: str) -> str:
    blanks = " " * max(0, size - columns(text))
    return blanks + text if side == "r" else text + blanks


def _listed(rows: list[list[str] | None], width: int) -> str:
    return "\n".join(
        "-" * 3 if row is None else wrap("\n".join(filter(None, row)), first="- ", rest="  ", width=width)
        for row in rows
    )
