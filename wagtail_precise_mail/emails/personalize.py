"""Filling one contact's values into a compiled email: no template, no parsing, one join per part."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from wagtail_precise_mail.emails.audience import holds
from wagtail_precise_mail.emails.marks import Part
from wagtail_precise_mail.emails.merge import Tag
from wagtail_precise_mail.emails.merge_fields import contact_values
from wagtail_precise_mail.emails.readers import Item, Reader
from wagtail_precise_mail.emails.values import ESCAPES, clean
from wagtail_precise_mail.exceptions import RenderError

__all__ = ["FilledEmail", "LinkInfo", "PersonalLink", "Personalizer", "contact_values"]

PAYLOAD_VERSIONS = (1, 2)
"""Of compiled emails that can still be filled."""

_NO_ITEM: Item = {}
_GAPS = re.compile(r"\n{3,}")
_BREAKS_A_LINE = re.compile(r"[\x00-\x20\x7f]")


PersonalLink = Callable[[str, str, str], str]
"""Makes an address signed for one message, from its name, the id of its block and an argument."""


class Compiled(Protocol):
    """Whatever carries a payload, such as a ``CompiledEmail``."""

    payload: dict[str, Any]


@dataclass(frozen=True)
class LinkInfo:
    """A link of an email.

    Attributes:
        index: its place among the links, stable for one compiled email.
        url: where it leads, with the contact's values in it.
        block_id: the block that it stands in.
        label: what can be clicked, for reports.
    """

    index: int
    url: str
    block_id: str
    label: str


@dataclass(frozen=True)
class FilledEmail:
    """An email for one contact. The subject and the preheader are one line each."""

    subject: str
    html: str
    text: str
    preheader: str = ""


class Personalizer:
    """Fills a compiled email for one contact after the other.

    Raises:
        RenderError: the payload is of a newer version of this package.
    """

    def __init__(self, compiled: Compiled) -> None:
        payload = compiled.payload
        if payload.get("version") not in PAYLOAD_VERSIONS:
            raise RenderError(f"This compiled email is of an unknown version: {payload.get('version')!r}.")
        self._lines = {name: payload[name] for name in ("subject", "preheader", "html", "text")}
        self._urls = [link["url"] for link in payload["links"]]
        no_values: dict[str, str] = {}
        self.links = [
            LinkInfo(index, "".join(_write(part, no_values) for part in link["url"]), link["block_id"], link["label"])
            for index, link in enumerate(payload["links"])
        ]
        """Every link, with the fallbacks of merge tags in its address; links to items of lists have none yet."""

    def fill(
        self,
        reader: Reader | Mapping[str, str],
        *,
        rewrite_link: Callable[[LinkInfo], str],
        system: Mapping[str, str],
        personal_link: PersonalLink | None = None,
    ) -> FilledEmail:
        """Return the email for one contact.

        Args:
            reader: what is known about the contact; values alone are a reader of no segment and with empty lists.
            rewrite_link: returns the address to put in place of a link's own, such as one that counts clicks.
            system: "unsubscribe_url", and "html_tail": trusted HTML for the end of the body, such as a pixel.
            personal_link: makes the addresses that are signed for each message; None leads nowhere ("#").

        Raises:
            RenderError: no ``unsubscribe_url`` was given.
        """
        if not system.get("unsubscribe_url"):
            raise RenderError("An email cannot be filled without the address to unsubscribe.")
        reader = reader if isinstance(reader, Reader) else Reader(reader)
        filler = _Filler(reader, self._link_maker(reader, rewrite_link), personal_link or _nowhere)
        in_html = {
            "html_tail": system.get("html_tail", ""),
            "unsubscribe_url": html.escape(_one_line(system["unsubscribe_url"])),
        }
        in_text = {"html_tail": "", "unsubscribe_url": _one_line(system["unsubscribe_url"])}
        return FilledEmail(
            subject=filler.fill(self._lines["subject"], in_text),
            html=filler.fill(self._lines["html"], in_html, is_html=True),
            text=_without_gaps(filler.fill(self._lines["text"], in_text)),
            preheader=filler.fill(self._lines["preheader"], in_text),
        )

    def _link_maker(self, reader: Reader, rewrite_link: Callable[[LinkInfo], str]) -> Callable[[int, Item], str]:
        """Return what makes the address of a link, each distinct one once."""
        made: dict[tuple[int, str], str] = {}

        def make(index: int, item: Item) -> str:
            key = (index, item.get("key", ""))
            if key not in made:
                link = self._resolve(self.links[index], reader.values, item)
                made[key] = _one_line(rewrite_link(link)) if link.url else ""
            return made[key]

        return make

    def _resolve(self, link: LinkInfo, values: Mapping[str, str], item: Item) -> LinkInfo:
        parts = self._urls[link.index]
        if all(isinstance(part, str) for part in parts):
            return link
        label = link.label or item.get("name", "")
        return replace(link, url="".join(_write(part, values, item) for part in parts), label=label)


class _Filler:
    """Writes the parts of each place for one reader."""

    def __init__(self, reader: Reader, link: Callable[[int, Item], str], personal_link: PersonalLink) -> None:
        self._reader, self._link, self._personal_link = reader, link, personal_link

    def fill(self, parts: list[Part], system: Mapping[str, str], *, is_html: bool = False) -> str:
        self._system, self._address = system, html.escape if is_html else str
        return "".join(self._parts(parts, _NO_ITEM, ()))

    def _parts(self, parts: list[Part], item: Item, row: Sequence[Item]) -> Iterator[str]:
        for part in parts:
            if isinstance(part, str):
                yield part
            elif "parts" in part:
                yield from self._region(part, item, row)
            else:
                yield self._hole(part, item)

    def _hole(self, part: dict[str, Any], item: Item) -> str:
        if "link" in part:
            return self._address(self._link(part["link"], item))
        if "system" in part:
            return self._system[part["system"]]
        if "personal" in part:
            return self._address(self._personal_link(part["personal"], part["block"], part["argument"]))
        return _write(part, self._reader.values, item)

    def _region(self, part: dict[str, Any], item: Item, row: Sequence[Item]) -> Iterator[str]:
        inner = part["parts"]
        if "repeat" in part:
            items, size = self._reader.lists.get(part["repeat"], ()), part["per_row"]
            for start in range(0, len(items), size):
                yield from self._parts(inner, items[start], items[start : start + size])
        elif "slot" in part:
            if part["slot"] < len(row):
                yield from self._parts(inner, row[part["slot"]], ())
        elif self._is_shown(part, item):
            yield from self._parts(inner, item, row)

    def _is_shown(self, part: dict[str, Any], item: Item) -> bool:
        if "if" in part:
            return holds(part["if"], self._reader.segments)
        if "when" in part:
            return bool(item.get(part["when"]))
        name = part.get("filled") or part.get("empty")
        return bool(self._reader.lists.get(str(name))) == ("filled" in part)


def _write(part: Part, values: Mapping[str, str], item: Item = _NO_ITEM) -> str:
    if isinstance(part, str):
        return part
    if "item" in part:
        return _item_fact(part, item)
    hole = part.get("merge", part)
    tag = Tag(hole["field"], tuple(tuple(one) for one in hole["filters"]))
    return ESCAPES[hole["escape"]](clean(tag.fill(clean(values.get(tag.field, "")))))


def _item_fact(part: dict[str, Any], item: Item) -> str:
    value = item.get(part["item"], "")
    if part["item"].endswith("url"):
        # Sources make these absolute; whatever else stands there leads nowhere.
        value = value if value.startswith(("http://", "https://")) else ""
        return html.escape(_one_line(value)) if part.get("escape") == "html" else _one_line(value)
    return ESCAPES[part.get("escape", "text")](clean(value))


def _nowhere(name: str, block_id: str, argument: str) -> str:
    return "#"


def _without_gaps(text: str) -> str:
    # What is not shown to a reader leaves its empty lines behind.
    return _GAPS.sub("\n\n", text).lstrip("\n")


def _one_line(url: str) -> str:
    # A line break in an address would end the link in the text part.
    return _BREAKS_A_LINE.sub(lambda match: f"%{ord(match.group()):02X}", url)
