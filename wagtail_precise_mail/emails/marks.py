"""Marks: ASCII words that hold the place of a value while an email passes through MJML.

Everything that differs by contact (merge tags, links, the unsubscribe address, parts for some readers only, lists of
products) stands in the source as a mark, or between two marks. After MJML the result is split at its marks into the
parts that :class:`~.personalize.Personalizer` fills.
"""

from __future__ import annotations

import hashlib
import json
import re
from enum import Enum
from typing import Any

from wagtail_precise_mail.emails.merge import Tag
from wagtail_precise_mail.exceptions import RenderError
from wagtail_precise_mail.signing import sign

Part = str | dict[str, Any]
"""Literal text, a hole, or a region.

Holes: ``{"merge": {...}}``, ``{"link": index}``, ``{"system": name}``, ``{"personal": name, "block": id,
"argument": text}``, in the text ``{"note": number}``, and inside of lists ``{"item": field}``. Regions hold further
``"parts"``: ``{"if": expression}``, ``{"repeat": list, "per_row": n}``, ``{"slot": n}``, ``{"when": field}``,
``{"filled": list}``, ``{"empty": list}``,
``{"only": editions}``.
"""


class Place(Enum):
    """Where a region begins and ends, which decides how its marks must be written to pass through MJML."""

    SECTION = "<mj-raw>{}</mj-raw>"
    """Between sections. Between those of a wrapper MJML opens a comment for Outlook, so the mark must be none."""

    COLUMN = "<mj-raw><!--{}--></mj-raw>"
    """Between the elements of a column: they are rows of a table, where only a comment may stand."""

    ROW = "<!--{}-->"
    """Between the rows of a table inside mj-table."""

    INLINE = "{}"
    """Inside of text: of an mj-text, or of the plain-text part."""


class Marks:
    """The marks of one email, and what each stands for."""

    def __init__(self) -> None:
        # Nobody outside can write a mark into a product's name: the word comes from the secret key, and no mark
        # leaves the compiler. It is no random one, so that the same source gives the same result.
        self._word = "wpm" + hashlib.sha256(sign("emails.marks", b"").encode()).hexdigest()[:16]
        self._pattern = re.compile(rf"(?:<!--)?{self._word}x(\d+)x(?:-->)?")
        self._holes: list[dict[str, Any]] = []
        self._numbers: dict[str, int] = {}
        self.links: list[dict[str, Any]] = []
        self._link_numbers: dict[tuple[str, str], int] = {}
        self.lists: dict[str, dict[str, Any]] = {}
        self.kept: dict[str, Any] = {}

    def merge(self, tag: Tag) -> str:
        """Return the mark of a merge tag."""
        return self._mark({"merge": {"field": tag.field, "filters": [list(one) for one in tag.filters]}})

    def system(self, name: str) -> str:
        """Return the mark of something that delivery knows, such as "unsubscribe_url"."""
        return self._mark({"system": name})

    def personal(self, name: str, *, block_id: str, argument: str) -> str:
        """Return the mark of an address of ours that is signed for each message."""
        return self._mark({"personal": name, "block": block_id, "argument": argument})

    def item(self, field: str) -> str:
        """Return the mark of a fact about an item of a list."""
        return self._mark({"item": field})

    def link(self, url: list[str | Tag], *, block_id: str, label: str) -> str:
        """Return the mark of a link; one block that repeats an address has one link."""
        return self._link([part if isinstance(part, str) else self._hole(part) for part in url], block_id, label)

    def item_link(self, *, block_id: str, field: str = "url") -> str:
        """Return the mark of the link to an item of a list."""
        return self._link([{"item": field}], block_id, "")

    def region(self, hole: dict[str, Any], content: str, place: Place) -> str:
        """Return content between two marks; ``hole`` says when, or how often, it is shown."""
        return place.value.format(self._mark({**hole, "opens": True})) + content + place.value.format(self._mark({}))

    def add_list(self, spec: dict[str, Any]) -> str:
        """Keep what a list shows, and return its name; a block that is rendered twice has one list."""
        known = next((name for name, one in self.lists.items() if one == spec), None)
        name = known or f"list{len(self.lists)}"
        self.lists[name] = spec
        return name

    def split(self, text: str, *, escape: str) -> list[Part]:
        """Return a text as parts; values in it are escaped for ``escape`` ("html", "text" or "header").

        Raises:
            RenderError: a region has no end: markup around it swallowed one of its marks.
        """
        opened: list[list[Part]] = [[]]
        for position, piece in enumerate(self._pattern.split(text)):
            if not position % 2:
                opened[-1] += [piece] if piece else []
                continue
            hole = self._holes[int(piece)]
            if not hole and len(opened) > 1:
                opened.pop()
            elif hole.get("opens"):
                inner: list[Part] = []
                opened[-1].append({**{key: one for key, one in hole.items() if key != "opens"}, "parts": inner})
                opened.append(inner)
            elif hole:
                opened[-1].append(_escaped(hole, escape))
            else:
                raise RenderError("A part of this email ends that never began.")
        if len(opened) > 1:
            raise RenderError("A part of this email for some readers does not end: look at its own MJML or HTML.")
        return opened[0]

    def remove(self, text: str) -> str:
        """Return a text without its marks."""
        return self._pattern.sub("", text)

    def find(self, text: str) -> list[str]:
        """Return the marks in a text, in their order."""
        return [match.group() for match in self._pattern.finditer(text)]

    def neutral(self, text: str) -> str:
        """Return a text with marks that do not depend on the secret key, for hashes."""
        return text.replace(self._word, "wpm")

    def table(self) -> list[Any]:
        """Everything that the marks stand for, as JSON."""
        return [self._holes, self.links, self.lists, self.kept]

    def _link(self, parts: list[Part], block_id: str, label: str) -> str:
        key = (block_id, json.dumps(parts))
        if key not in self._link_numbers:
            self._link_numbers[key] = len(self.links)
            self.links.append({"url": parts, "block_id": block_id, "label": label})
        number = self._link_numbers[key]
        self.links[number]["label"] = self.links[number]["label"] or label
        return self._mark({"link": number})

    def _hole(self, tag: Tag) -> dict[str, Any]:
        return {"merge": {"field": tag.field, "filters": [list(one) for one in tag.filters], "escape": "url"}}

    def _mark(self, hole: dict[str, Any]) -> str:
        number = self._numbers.setdefault(json.dumps(hole), len(self._holes))
        if number == len(self._holes):
            self._holes.append(hole)
        return f"{self._word}x{number}x"


def _escaped(hole: dict[str, Any], escape: str) -> dict[str, Any]:
    if "merge" in hole:
        return {"merge": {**hole["merge"], "escape": escape}}
    return {**hole, "escape": escape} if "item" in hole else hole
