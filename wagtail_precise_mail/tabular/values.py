"""Values of cells as people and programs write them: dates in three orders, numbers with either mark."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

_PARTS = re.compile(
    r"(\d{1,4})\s*[./\-年]\s*(\d{1,2})\s*[./\-月]\s*(\d{1,4})\s*日?"
    r"(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp][Mm])?)?\s*\Z"
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)


def read_moment(text: str, *, order: str) -> datetime:
    """Return a moment; UTC where the text names no zone. A day alone is its midnight.

    Args:
        order: "dmy" or "mdy", for dates that begin with neither the year nor are ISO 8601.

    Raises:
        ValueError: this is no date.
    """
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _read_parts(text, order)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_day(text: str, *, order: str) -> date:
    """Return a day.

    Raises:
        ValueError: this is no date.
    """
    return read_moment(text, order=order).date()


def _read_parts(text: str, order: str) -> datetime:
    match = _PARTS.match(text)
    if match is None:
        raise ValueError("no date")
    first, second, third = int(match[1]), int(match[2]), int(match[3])
    if len(match[1]) == 4:
        year, month, day = first, second, third
    elif len(match[3]) == 4:
        year = third
        day, month = (first, second) if order == "dmy" else (second, first)
    else:
        raise ValueError("the year needs four digits")
    hour, minute, seconds = (int(match[part] or 0) for part in (4, 5, 6))
    if half := match[7]:
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    return datetime(year, month, day, hour, minute, seconds, tzinfo=UTC)


def read_number(text: str, *, decimal: str) -> Decimal:
    """Return a number; signs between thousands (also spaces and apostrophes) are taken out.

    Args:
        decimal: "." or ",", what stands before the decimals.

    Raises:
        ValueError: this is no number.
    """
    plain = re.sub(r"[\s'’]", "", text)
    plain = plain.replace("." if decimal == "," else ",", "").replace(decimal, ".")
    if not _NUMBER.match(plain):
        raise ValueError("no number")
    try:
        return Decimal(plain)
    except InvalidOperation as error:
        raise ValueError("no number") from error
