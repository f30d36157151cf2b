"""How much room the parts of an email take: an estimate in pixels, at the full width of 600.

Good enough for shares: no mail program agrees with another on the exact height anyway. What stands in columns counts as
if it were spread over the whole width.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from wagtail.blocks import CharBlock, RichTextBlock, StructBlock, TextBlock

from wagtail_precise_mail.emails.blocks.list_frame import picture_width
from wagtail_precise_mail.emails.checks.facts import BlockFacts, EmailFacts
from wagtail_precise_mail.emails.context import BODY_WIDTH, GUTTER
from wagtail_precise_mail.emails.soup import read_markup

WIDTH = BODY_WIDTH - 2 * GUTTER
LINE, LETTER, SPACE = 24, 8, 24
"""Pixels: a line of text, a Latin letter in it, and the space below a paragraph or picture."""

EDGES = 80
"""Pixels above and below the body, within its panel."""

HEADINGS = {"1": 60, "2": 44, "3": 38}
"""Pixels of a line of a heading by its level, with the space around it."""

FIXED = {
    "button": 90,
    "divider": 40,
    "spacer": 40,
    "survey": 120,
    "salutation": 48,
    "signature": 110,
    "live_price": 136,
}
"""Pixels of blocks by their keys that are about as high whatever they say."""

ORDER = 250
"""An order of one line: the title, the line, the sums. The shortest order gives all else the largest share."""

ITEM_WORDS = 110
"""Name, price, rating and reason of an item below its picture."""


def heights_of(facts: EmailFacts) -> dict[int, int]:
    """Return the height of every block that holds no others, by its place in ``facts.blocks``."""
    pictures: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for used in facts.context.shared.pictures:
        # Files have two pixels for one.
        width = max(1, min(WIDTH, used.rendition.width // 2))
        size = width, round(width * used.rendition.height / max(1, used.rendition.width))
        # The same picture is made again for each row of columns that it may stand in.
        if size not in pictures[used.block_id]:
            pictures[used.block_id].append(size)
    return {
        number: _height_with(block, pictures[block.id])
        for number, block in enumerate(facts.blocks)
        if not block.block.streams(block.value)
    }


def _height_with(block: BlockFacts, pictures: list[tuple[int, int]]) -> int:
    if block.kind in ("product_list", "page_list", "order_summary"):  # theirs are those of samples
        return _height(block)
    if block.kind in ("product", "page") and block.get("layout") != "above":
        return max([_height(block), *(height for _width, height in pictures)]) + SPACE
    room = sum(height + SPACE if block.is_top else round(height * width / WIDTH) for width, height in pictures)
    return _height(block) + room


def _height(block: BlockFacts) -> int:
    if block.kind in ("product_list", "page_list"):
        return _list_height(block)
    if block.kind == "order_summary":
        return ORDER
    if block.kind in FIXED:
        return FIXED[block.kind]
    if block.kind == "heading":
        return _lines(block.get("title") or "") * HEADINGS.get(str(block.get("level")), HEADINGS["2"])
    if block.kind in ("product", "page"):
        return ITEM_WORDS
    return sum(_lines(words) * LINE + SPACE for words in _words(block.block, block.value) if words.strip())


def _list_height(block: BlockFacts) -> int:
    count, layout = int(block.get("count") or 4), block.get("layout")
    head = HEADINGS["2"] + 16 if block.get("heading") else 0
    width = picture_width(block.value)
    if layout in ("compact", "beside"):
        return head + count * (width + 20)
    rows = math.ceil(count / int(block.get("columns") or 2))
    return head + rows * (round(width / (1.6 if width > 400 else 1)) + ITEM_WORDS)


def _words(block: Any, value: Any) -> Iterator[str]:
    """Yield the words that editors typed into a block; addresses, choices and numbers are none."""
    if isinstance(block, RichTextBlock):
        soup = read_markup(getattr(value, "source", None) or str(value or ""))
        yield from (tag.get_text(" ") for tag in soup.find_all(["p", "li", "h2", "h3", "h4"]))
    elif isinstance(block, CharBlock | TextBlock):
        yield str(value or "")
    elif isinstance(block, StructBlock) and hasattr(value, "get"):
        for name, inner in block.child_blocks.items():
            yield from _words(inner, value.get(name))


def _lines(words: str) -> int:
    # East Asian letters take twice the room.
    letters = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in words)
    return max(1, math.ceil(letters * LETTER / WIDTH)) if words.strip() else 0
