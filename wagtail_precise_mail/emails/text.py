"""The plain-text part: short lines, lists that look like lists, tables that stand straight, every address once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString

from wagtail_precise_mail.emails.notes import note_mark
from wagtail_precise_mail.emails.tables import table
from wagtail_precise_mail.emails.wrapping import LINE, columns, without_invisible, wrap

__all__ = ["LINE", "Note", "columns", "join", "paragraph_text", "plain_address", "table", "underline", "wrap"]

RULE = "* * *"
"""A line between two parts."""

_HEADINGS = {"h1": "=", "h2": "-", "h3": "", "h4": "", "h5": "", "h6": ""}
_BLOCKS = [
    *_HEADINGS,
    *("p", "div", "center", "section", "article", "header", "footer", "main", "figure", "figcaption", "address"),
    *("blockquote", "pre", "ul", "ol", "dl", "dt", "dd", "hr", "table", "details", "summary"),
]
_LAYOUTS = [name for name in _BLOCKS if name != "p"]
_EMPTY_LINES = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)


@dataclass(frozen=True)
class Note:
    """The address of a link, and the number under which it stands below the text; 0 where the text shows it."""

    number: int
    href: str


def join(*paragraphs: str) -> str:
    """Return paragraphs with an empty line between each two, and no blanks at the ends of lines."""
    tidy = (_TRAILING.sub("", without_invisible(paragraph)).strip("\n") for paragraph in paragraphs)
    return _EMPTY_LINES.sub("\n\n", "\n\n".join(paragraph for paragraph in tidy if paragraph.strip()))


def underline(title: str, *, character: str, length: int | None = None) -> str:
    """Return a heading with a line below it, as long as the heading unless told otherwise."""
    lines = wrap(title)
    longest = max(map(columns, lines.splitlines()), default=0) if length is None else length
    return f"{lines}\n{character * max(3, min(longest, LINE))}"


def plain_address(href: str) -> str:
    """Return an address as people write it: without "mailto:" or "tel:"."""
    scheme, colon, rest = href.partition(":")
    return rest.partition("?")[0] if colon and scheme.lower() in ("mailto", "tel") else href


def paragraph_text(soup: BeautifulSoup | Tag, notes: Mapping[int, Note], merge: Callable[[str], str]) -> str:
    """Return clean HTML as plain text, with the addresses of its links below.

    Args:
        notes: by the identity of the link's element.
        merge: turns merge tags in a text into marks.
    """
    writer = _Writer(notes, merge)
    body = join(*writer.blocks(soup))
    inside = [notes[id(tag)] for tag in soup.find_all("a") if id(tag) in notes]
    used = {note.number: note.href for note in inside if note.number}
    return join(body, "\n".join(f"[{note_mark(number)}] {plain_address(href)}" for number, href in used.items()))


class _Writer:
    def __init__(self, notes: Mapping[int, Note], merge: Callable[[str], str], width: int = LINE) -> None:
        self.notes = notes
        self.merge = merge
        self.width = width

    def blocks(self, parent: Tag) -> list[str]:
        found: list[str] = []
        loose = ""
        for child in parent.children:
            if isinstance(child, Tag) and (child.name in _BLOCKS or child.find(_BLOCKS)):
                found += [self.wrap(loose), *self.block(child)]
                loose = ""
            else:
                loose += self.inline(child)
        return [block for block in [*found, self.wrap(loose)] if block.strip()]

    def block(self, tag: Tag) -> list[str]:
        if tag.name == "hr":
            return [RULE]
        if tag.name in ("ul", "ol"):
            return [self.items(tag, "")]
        if tag.name == "table":
            return self.rows(tag)
        if tag.name == "pre":
            return [self.merge(tag.get_text())]
        if tag.name == "blockquote":
            inner = join(*_Writer(self.notes, self.merge, self.width - 2).blocks(tag))
            return ["\n".join(f"> {line}".rstrip() for line in inner.splitlines())]
        if character := _HEADINGS.get(tag.name):
            return [underline(words, character=character)] if (words := self.words(tag)) else []
        return self.blocks(tag)

    def items(self, tag: Tag, indent: str) -> str:
        lines: list[str] = []
        for number, item in enumerate(tag.find_all("li", recursive=False), 1):
            bullet = f"{indent}{number}. " if tag.name == "ol" else f"{indent}- "
            rest = " " * len(bullet)
            inner = [child for child in item.children if isinstance(child, Tag) and child.name in ("ul", "ol")]
            words = "".join(self.inline(child) for child in item.children if child not in inner)
            lines.append(wrap(words.strip(), first=bullet, rest=rest, width=self.width))
            lines += [self.items(nested, rest) for nested in inner]
        return "\n".join(lines)

    def rows(self, tag: Tag) -> list[str]:
        """A table of facts as a table; one that only lays things out as what it holds."""
        own = [row for row in tag.find_all("tr") if row.find_parent("table") is tag]
        rows = [[cell for cell in row.find_all(["td", "th"]) if cell.find_parent("tr") is row] for row in own]
        if max(map(len, rows), default=0) < 2 or any(cell.find(_LAYOUTS) for row in rows for cell in row):
            return [block for row in rows for cell in row for block in self.blocks(cell)]
        is_right = [cell.get("align") == "right" or "right" in str(cell.get("style", "")) for cell in rows[-1]]
        align = "".join("r" if right else "l" for right in is_right)
        return [table([[self.words(cell) for cell in row] for row in rows], align=align, width=self.width)]

    def words(self, tag: Tag) -> str:
        return "".join(self.inline(child) for child in tag.children).strip()

    def wrap(self, text: str) -> str:
        return wrap(text.strip(), width=self.width)

    def inline(self, node: object) -> str:
        if isinstance(node, PreformattedString):
            return ""  # a comment
        if isinstance(node, NavigableString):
            return self.merge(" ".join(str(node).splitlines() if "\n" in node else [str(node)]))
        if not isinstance(node, Tag):
            return ""
        if node.name == "br":
            return "\n"
        if node.name == "img":
            return str(node.get("alt") or "")
        words = "".join(self.inline(child) for child in node.children)
        note = self.notes.get(id(node))
        if node.name != "a" or note is None:
            return words
        return f"{words} [{note_mark(note.number)}]" if note.number else plain_address(note.href)
