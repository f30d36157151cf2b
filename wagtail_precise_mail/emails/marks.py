"""Marks: ASCII words that hold the place of a value while an email passes through MJML.

Everything that differs by contact (merge tags, links, the unsubscribe address) stands in the source as a mark. After
MJML the result is split at its marks into the parts that :class:`~.personalize.Personalizer` fills.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from wagtail_precise_mail.emails.merge import Tag
from wagtail_precise_mail.signing import sign

Part = str | dict[str, Any]
"""Literal text, or a hole: ``{"merge": {...}}``, ``{"link": index}`` or ``{"system": name}``."""


class Marks:
    """The marks of one email, and what each stands for."""

    def __init__(self) -> None:
        # Nobody outside can write a mark into a product's name: the word comes from the secret key, and no mark
        # leaves the compiler. It is no random one, so that the same source gives the same result.
        self._word = "wpm" + hashlib.sha256(sign("emails.marks", b"").encode()).hexdigest()[:16]
        self._pattern = re.compile(rf"{self._word}x(\d+)x")
        self._holes: list[dict[str, Any]] = []
        self._numbers: dict[str, int] = {}
        self.links: list[dict[str, Any]] = []
        self._link_numbers: dict[tuple[str, str], int] = {}

    def merge(self, tag: Tag) -> str:
        """Return the mark of a merge tag."""
        return self._mark({"merge": {"field": tag.field, "filters": [list(one) for one in tag.filters]}})

    def system(self, name: str) -> str:
        """Return the mark of something that delivery knows, such as "unsubscribe_url"."""
        return self._mark({"system": name})

    def link(self, url: list[str | Tag], *, block_id: str, label: str) -> str:
        """Return the mark of a link; one block that repeats an address has one link."""
        parts = [part if isinstance(part, str) else self._hole(part) for part in url]
        key = (block_id, json.dumps(parts))
        if key not in self._link_numbers:
            self._link_numbers[key] = len(self.links)
            self.links.append({"url": parts, "block_id": block_id, "label": label})
        number = self._link_numbers[key]
        self.links[number]["label"] = self.links[number]["label"] or label
        return self._mark({"link": number})

    def split(self, text: str, *, escape: str) -> list[Part]:
        """Return a text as parts; merge tags in it are escaped for ``escape`` ("html", "text" or "header")."""
        parts: list[Part] = []
        for position, piece in enumerate(self._pattern.split(text)):
            if position % 2:
                hole = self._holes[int(piece)]
                parts.append({"merge": {**hole["merge"], "escape": escape}} if "merge" in hole else hole)
            elif piece:
                parts.append(piece)
        return parts

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
        return [self._holes, self.links]

    def _hole(self, tag: Tag) -> dict[str, Any]:
        return {"merge": {"field": tag.field, "filters": [list(one) for one in tag.filters], "escape": "url"}}

    def _mark(self, hole: dict[str, Any]) -> str:
        number = self._numbers.setdefault(json.dumps(hole), len(self._holes))
        if number == len(self._holes):
            self._holes.append(hole)
        return f"{self._word}x{number}x"
