"""Making a contact's values harmless in each place of a mail."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

LENGTH_LIMIT = 300
"""Characters of a value that are shown: longer ones are no names but attacks or accidents."""

# Controls, line and paragraph separators, embeddings, overrides and isolates (a name could turn the text around it),
# byte order marks, and halves of surrogate pairs.
_SIGNS = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_HARMFUL = re.compile(rf"[{_SIGNS}]+")
# Not the spaces that hold a number together: 1 234,50 GBP stays on one line.
_SPACES = re.compile(r"[^\S\u00a0\u2007\u202f]+")
# Most values have none of these: harmful signs, and spaces other than single ones inside.
_UNCLEAN = re.compile(rf"[{_SIGNS}]|[^\S \u00a0\u2007\u202f]|  |\A\s|\s\Z")


def one_line(text: str) -> str:
    """Return a text as one line, without characters that are none."""
    if not _UNCLEAN.search(text):
        return text
    return _SPACES.sub(" ", _HARMFUL.sub(" ", text)).strip()


def storable(value: Any) -> Any:
    """Return JSON without what databases refuse: NUL, and halves of surrogate pairs."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [storable(one) for one in value]
    return {name: storable(one) for name, one in value.items()} if isinstance(value, dict) else value


def clean(value: str) -> str:
    """Return a value as one line of ordinary text, of a bearable length."""
    line = one_line(value[: LENGTH_LIMIT * 4])
    return line if len(line) <= LENGTH_LIMIT else f"{line[: LENGTH_LIMIT - 1]}…"


def _url(value: str) -> str:
    return quote(value, safe="")


def _html(value: str) -> str:
    return html.escape(value, quote=True)


def _as_it_is(value: str) -> str:
    return value


ESCAPES: dict[str, Callable[[str], str]] = {"html": _html, "url": _url, "text": _as_it_is, "header": _as_it_is}
"""How a cleaned value is written, by the place of its tag."""
