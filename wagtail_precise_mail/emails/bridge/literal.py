"""Words of pages in fields where merge tags count: they stay words, whatever their author typed.

A page's title is data. If it says ``{{ contact.email }}``, an email made of it must show these letters, and must not
fill in an address: merge tags are for people who write emails.
"""

from __future__ import annotations

import html
import re
from typing import Any

from bs4 import NavigableString
from bs4.element import PreformattedString
from wagtail.blocks import RichTextBlock

from wagtail_precise_mail.emails.references import walk
from wagtail_precise_mail.emails.soup import read_markup

# Between two braces it keeps them from opening a tag; it has no width and allows no line break.
_JOINER = "\u2060"
_OPENING = re.compile(r"\{(?=\{)")
_ADDRESS = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*:\S*\s*\Z")


def literal(text: str) -> str:
    """Return text that reads the same and holds no merge tag; addresses get their braces as percent codes."""
    if "{" in text and _ADDRESS.match(text):
        return text.replace("{", "%7B").replace("}", "%7D")
    return _OPENING.sub("{" + _JOINER, text)


def literal_rich_text(source: str) -> str:
    """Return the source of rich text that reads the same and holds no merge tag: in its words or its links."""
    if "{" not in html.unescape(source):
        return source
    soup = read_markup(source)
    opened = False
    for string in soup.find_all(string=lambda string: not isinstance(string, PreformattedString)):
        text = _OPENING.sub("{" + _JOINER, str(string))
        # One brace may be bold and the next one not.
        text = f"{_JOINER}{text}" if opened and text.startswith("{") else text
        opened = text.endswith("{") if text else opened
        string.replace_with(NavigableString(text))
    for tag in soup.find_all(href=True):
        tag["href"] = str(tag["href"]).replace("{", "%7B").replace("}", "%7D")
    return soup.decode(formatter="minimal")


def make_literal(block: Any, raw: list[dict[str, Any]]) -> None:
    """Make every field of stored blocks literal, in place, in which merge tags would count."""
    for inner, value, _place in walk(block, raw):
        for name in getattr(inner, "merge_fields", ()):
            if isinstance(value, dict) and isinstance(value.get(name), str):
                is_rich = isinstance(inner.child_blocks.get(name), RichTextBlock)
                value[name] = literal_rich_text(value[name]) if is_rich else literal(value[name])
