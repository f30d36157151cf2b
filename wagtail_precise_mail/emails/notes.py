"""Numbers of links in the text part: consecutive in what each reader gets, whatever was left out for them.

While the text is written, a number stands between characters that nobody sees and that take no room in a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from wagtail_precise_mail.emails.marks import Part

_OPENS, _CLOSES = "\u200c\u200d", "\u200d\u200c"
_NUMBER = re.compile(rf"{_OPENS}(\d+){_CLOSES}")


def note_mark(number: int) -> str:
    """Return the number of a note as it stands in a text that is not split into parts yet."""
    return f"{_OPENS}{number}{_CLOSES}"


def with_notes(parts: Iterable[Part]) -> list[Part]:
    """Return parts of a text with holes for the numbers of notes: ``{"note": number}``."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, str):
            pieces = _NUMBER.split(part)
            found += [{"note": int(piece)} if place % 2 else piece for place, piece in enumerate(pieces) if piece]
        else:
            found.append({**part, "parts": with_notes(part["parts"])} if "parts" in part else part)
    return found


def settled(parts: Sequence[Part]) -> list[Part]:
    """Return parts with their numbers written out, where every reader gets all of them; else as they are."""
    if any(isinstance(part, dict) and "parts" in part for part in parts):
        return list(parts)
    numbers: dict[int, int] = {}
    return list(_joined(_written(part, numbers) for part in parts))


def _written(part: Part, numbers: dict[int, int]) -> Part:
    if isinstance(part, str) or "note" not in part:
        return part
    return str(numbers.setdefault(part["note"], len(numbers) + 1))


def _joined(parts: Iterable[Part]) -> Iterator[Part]:
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        if text:
            yield text
        text = ""
        yield part
    if text:
        yield text
