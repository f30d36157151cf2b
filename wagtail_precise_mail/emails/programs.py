"""Programs: the parts of a compiled email, prepared so that filling them for a contact is little more than a join."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Generic

from wagtail_precise_mail.emails.audience import holds
from wagtail_precise_mail.emails.encodings import AnyStr, Encoding
from wagtail_precise_mail.emails.marks import Part
from wagtail_precise_mail.emails.merge import Tag
from wagtail_precise_mail.emails.readers import Item, Reader
from wagtail_precise_mail.emails.values import ESCAPES, clean

NO_ITEM: Item = {}

CACHE_SIZE = 2000
"""Values that a hole remembers: first names and cities come again, addresses do not."""

_BREAKS_A_LINE = re.compile(r"[\x00-\x20\x7f]")
_WEB = ("http://", "https://")

MakeLink = Callable[[int, Item], str]
"""Returns the address of a link, by its index and the item of the list that it leads to."""

PersonalLink = Callable[[str, str, str], str]
"""Makes an address signed for one message, from its name, the id of its block and an argument."""


@dataclass(frozen=True)
class CommonLink:
    """The address that takes the place of a link in all messages, or the part of it that is the same in all of them.

    Attributes:
        has_ending: whether the ending stands behind it that all links of a message share.
    """

    url: str
    has_ending: bool = False


@dataclass(frozen=True)
class Run:
    """Everything that fills the holes of one place for one contact."""

    reader: Reader
    link: MakeLink
    personal_link: PersonalLink
    system: Mapping[str, str]
    # The numbers of notes in the text part, by those that they had when it was written.
    notes: dict[int, int] = field(default_factory=dict)
    # What stands behind common links.
    link_ending: str = ""


class Program(Generic[AnyStr]):
    """The parts of one place (the HTML, the text, a header) or of a region in it.

    Args:
        locale: language of the email, for filters of merge tags.
        is_html: whether addresses are escaped.
        common_links: those that are the same for all contacts, by their index.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        encoding: Encoding[AnyStr],
        *,
        locale: str,
        is_html: bool,
        common_links: Mapping[int, CommonLink] | None = None,
    ) -> None:
        self._encoding: Encoding[AnyStr] = encoding
        self._locale, self._is_html = locale, is_html
        self._common_links = common_links or {}
        self._has_ending = False
        self._literals: list[AnyStr] = []
        self._merges: list[_Merge[AnyStr]] = []
        # One piece, which each message has its own of.
        self._endings: list[AnyStr] = [encoding.empty]
        self._holes: list[Callable[[Run, Item, Sequence[Item]], AnyStr]] = []
        order: list[tuple[list[Any], int]] = []
        for part in parts:
            self._add(part, order)
        self._is_plain = all(merge.shows_values_as_they_are for merge in self._merges)
        self._values_of = _getter([merge.field for merge in self._merges])
        starts, start = dict[int, int](), 0
        for kind in (self._endings, self._literals, self._merges, self._holes):
            starts[id(kind)] = start
            start += len(kind)
        self._in_order = _getter([starts[id(kind)] + number for kind, number in order])

    def _add(self, part: Part, order: list[tuple[list[Any], int]]) -> None:
        encoding = self._encoding
        if isinstance(part, str):
            self._append(self._literals, encoding.literal(part), order)
        elif "merge" in part:
            self._append(self._merges, _Merge(part["merge"], encoding, self._locale), order)
            if encoding.end:
                self._append(self._literals, encoding.end, order)
        elif part.get("link") in self._common_links:
            link = self._common_links[part["link"]]
            self._append(self._literals, encoding.address(link.url, self._is_html), order)
            if link.has_ending:
                self._has_ending = True
                order.append((self._endings, 0))
        else:
            self._append(self._holes, self._filled(part), order)

    def _inside(self, parts: Sequence[Part]) -> Program[AnyStr]:
        locale, is_html = self._locale, self._is_html
        return Program(parts, self._encoding, locale=locale, is_html=is_html, common_links=self._common_links)

    def _append(self, kind: list[Any], piece: Any, order: list[tuple[list[Any], int]]) -> None:
        if kind is self._literals and order and order[-1][0] is kind:  # the end of a value, and what follows it
            kind[-1] += piece
            return
        order.append((kind, len(kind)))
        kind.append(piece)

    @property
    def empty(self) -> AnyStr:
        """Nothing, as this program writes it."""
        return self._encoding.empty

    def fill(self, run: Run, item: Item = NO_ITEM, row: Sequence[Item] = ()) -> AnyStr:
        """Return the place for one contact."""
        return self._encoding.empty.join(self.pieces(run, item, row))

    def pieces(self, run: Run, item: Item = NO_ITEM, row: Sequence[Item] = ()) -> tuple[AnyStr, ...]:
        """Return the place for one contact in pieces, most of which are the same for all."""
        values: Sequence[AnyStr] = self._write_values(run.reader) if self._merges else ()
        ending = self._encoding.address(run.link_ending, self._is_html) if self._has_ending else self.empty
        holes: list[AnyStr] = [filled(run, item, row) for filled in self._holes]
        # One look-up in C instead of a loop.
        return self._in_order([ending, *self._literals, *values, *holes])

    def _write_values(self, reader: Reader) -> Sequence[AnyStr]:
        try:
            raw: tuple[str, ...] = self._values_of(reader.values)
        except KeyError:
            raw = tuple(reader.values.get(merge.field, "") for merge in self._merges)
        if self._is_plain and reader.is_plain and "" not in raw:
            return self._encoding.plain_values(raw)
        return [merge.known.get(one) or merge.write(one) for merge, one in zip(self._merges, raw, strict=True)]

    def _filled(self, part: dict[str, Any]) -> Callable[[Run, Item, Sequence[Item]], AnyStr]:
        if "parts" in part:
            return _Region(part, self._inside(part["parts"]))
        value, address, is_html = self._encoding.value, self._encoding.address, self._is_html
        if "link" in part:
            index = part["link"]
            return lambda run, item, row: address(run.link(index, item), is_html)
        if "system" in part:
            name = part["system"]
            if name.endswith("url"):  # as it stands there, it is escaped already
                return lambda run, item, row: address(run.system[name], False)
            return lambda run, item, row: value(run.system[name])
        if "note" in part:
            number = part["note"]
            return lambda run, item, row: value(str(run.notes.setdefault(number, len(run.notes) + 1)))
        if "personal" in part:
            words = part["personal"], part["block"], part["argument"]
            return lambda run, item, row: address(run.personal_link(*words), is_html)
        return lambda run, item, row: value(item_fact(part, item))


class _Merge(Generic[AnyStr]):
    """A merge tag: the value after filters, made harmless for its place, and encoded."""

    def __init__(self, hole: dict[str, Any], encoding: Encoding[AnyStr], locale: str) -> None:
        self.field: str = hole["field"]
        self.known: dict[str, AnyStr] = {}
        self._tag = Tag(hole["field"], tuple(tuple(one) for one in hole["filters"]))
        self._encoding: Encoding[AnyStr] = encoding
        self._escape, self._locale = ESCAPES[hole["escape"]], locale

    @property
    def shows_values_as_they_are(self) -> bool:
        """Whether a plain value comes out as it went in: only its absence is answered."""
        return self._escape is not ESCAPES["url"] and all(name == "default" for name, *_rest in self._tag.filters)

    def write(self, raw: str) -> AnyStr:
        """Return a value as it is written, and remember it."""
        written = self._encoding.open_value(self._escape(clean(self._tag.fill(clean(raw), self._locale))))
        if len(self.known) >= CACHE_SIZE:
            self.known.clear()
        # Long values would fill the memory, and do not come again.
        if len(raw) <= 100:
            self.known[raw] = written
        return written


class _Region(Generic[AnyStr]):
    """A part that some readers get, or that is repeated for the items of a list."""

    def __init__(self, part: dict[str, Any], inner: Program[AnyStr]) -> None:
        self._part = part
        self._inner: Program[AnyStr] = inner
        self._empty: AnyStr = inner.empty

    def __call__(self, run: Run, item: Item, row: Sequence[Item]) -> AnyStr:
        part, inner = self._part, self._inner
        if "repeat" in part:
            items, size = run.reader.lists.get(part["repeat"], ()), part["per_row"]
            rows = (items[start : start + size] for start in range(0, len(items), size))
            return self._empty.join([inner.fill(run, one[0], one) for one in rows])
        if "slot" in part:
            return inner.fill(run, row[part["slot"]]) if part["slot"] < len(row) else self._empty
        return inner.fill(run, item, row) if self._is_shown(run.reader, item) else self._empty

    def _is_shown(self, reader: Reader, item: Item) -> bool:
        part = self._part
        if "if" in part:
            return holds(part["if"], reader.segments)
        if "when" in part:
            return bool(item.get(part["when"]))
        return bool(reader.lists.get(part.get("filled") or part["empty"])) == ("filled" in part)


def _getter(keys: list[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what picks these keys as a tuple; ``itemgetter`` alone gives no tuple for one, and refuses none."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda things: tuple(things[key] for key in keys)


def write_url(parts: Sequence[Part], values: Mapping[str, str], item: Item, locale: str) -> str:
    """Return the address of a link with a contact's values, or an item's, in it."""
    return "".join(part if isinstance(part, str) else _write(part, values, item, locale) for part in parts)


def item_fact(part: dict[str, Any], item: Item) -> str:
    """Return a fact about an item of a list, made harmless for its place."""
    value = item.get(part["item"], "")
    if not part["item"].endswith("url"):
        return ESCAPES[part.get("escape", "text")](clean(value))
    # Sources make these absolute; whatever else stands there leads nowhere.
    url = one_line(value) if value.startswith(_WEB) else ""
    return html.escape(url) if part.get("escape") == "html" else url


def one_line(url: str) -> str:
    """Return an address without line ends and blanks, which would end the link in the text part."""
    if url.isascii() and url.isprintable() and " " not in url:
        return url
    return _BREAKS_A_LINE.sub(lambda match: f"%{ord(match.group()):02X}", url)


def _write(part: dict[str, Any], values: Mapping[str, str], item: Item, locale: str) -> str:
    if "item" in part:
        return item_fact(part, item)
    hole = part.get("merge", part)
    tag = Tag(hole["field"], tuple(tuple(one) for one in hole["filters"]))
    return ESCAPES[hole["escape"]](clean(tag.fill(clean(values.get(tag.field, "")), locale)))
