"""The plain-text part: short lines, lists that look like lists, every address once."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bs4 import BeautifulSoup, NavigableString, Tag

LINE = 72
"""Characters per line, as people who read plain text expect."""

_PARAGRAPHS = {"p", "h2", "h3", "h4", "blockquote"}


@dataclass(frozen=True)
class Note:
    """The address of a link, and the number under which it stands below the text; 0 where the text shows it."""

    number: int
    href: str


def wrap(text: str, *, first: str = "", rest: str = "") -> str:
    """Return a paragraph in short lines; words, and so addresses, stay whole. Line breaks in it are kept."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return "\n".join(
        textwrap.fill(
            line,
            LINE,
            initial_indent=first if number == 0 else rest,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, line in enumerate(lines)
    )


def join(*paragraphs: str) -> str:
    """Return paragraphs with an empty line between each two."""
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph.strip())


def underline(title: str, *, length: int, character: str) -> str:
    """Return a heading with a line below it."""
    return f"{wrap(title)}\n{character * max(3, min(length, LINE))}"


def paragraph_text(soup: BeautifulSoup, notes: Mapping[int, Note], merge: Callable[[str], str]) -> str:
    """Return clean rich text as plain text, with the addresses of its links below.

    Args:
        notes: by the identity of the link's element.
        merge: turns merge tags in a text into marks.
    """
    writer = _Writer(notes, merge)
    body = join(*writer.blocks(soup))
    used = {note.number: note.href for note in notes.values() if note.number}
    return join(body, "\n".join(f"[{number}] {href}" for number, href in used.items()))


class _Writer:
    def __init__(self, notes: Mapping[int, Note], merge: Callable[[str], str]) -> None:
        self.notes = notes
        self.merge = merge

    def blocks(self, parent: Tag) -> list[str]:
        found: list[str] = []
        loose = ""
        for child in parent.children:
            if isinstance(child, Tag) and (child.name in _PARAGRAPHS | {"ul", "ol", "hr"}):
                found += [wrap(loose), self.block(child)]
                loose = ""
            else:
                loose += self.inline(child)
        return [block for block in [*found, wrap(loose)] if block.strip()]

    def block(self, tag: Tag) -> str:
        if tag.name == "hr":
            return "* * *"
        if tag.name in ("ul", "ol"):
            return self.items(tag, "")
        if tag.name == "blockquote":
            return "\n".join(f"> {line}" for line in join(*self.blocks(tag)).splitlines())
        return wrap("".join(self.inline(child) for child in tag.children))

    def items(self, tag: Tag, indent: str) -> str:
        lines: list[str] = []
        for number, item in enumerate(tag.find_all("li", recursive=False), 1):
            bullet = f"{indent}{number}. " if tag.name == "ol" else f"{indent}- "
            rest = " " * len(bullet)
            inner = [child for child in item.children if isinstance(child, Tag) and child.name in ("ul", "ol")]
            words = "".join(self.inline(child) for child in item.children if child not in inner)
            lines.append(wrap(words.strip(), first=bullet, rest=rest))
            lines += [self.items(nested, rest) for nested in inner]
        return "\n".join(lines)

    def inline(self, node: object) -> str:
        if isinstance(node, NavigableString):
            return self.merge(" ".join(str(node).split("\n")))
        if not isinstance(node, Tag):
            return ""
        if node.name == "br":
            return "\n"
        words = "".join(self.inline(child) for child in node.children)
        note = self.notes.get(id(node))
        if node.name != "a" or note is None:
            return words
        return f"{words} [{note.number}]" if note.number else note.href
