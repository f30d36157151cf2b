"""Words that a brand does not use: read from its list, and found in texts of every script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# One per line; lists that were written with commas or semicolons are lists, too.
_BETWEEN = re.compile(r"[\n\r,;，、；]+")
# Scripts that put no spaces between words, and Korean, which puts endings behind them.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_APOSTROPHES = str.maketrans("’‘ʼ＇", "''''")


def listed(written: str) -> tuple[str, ...]:
    """Return the words and phrases of a list, each once."""
    words = (" ".join(word.split()) for word in _BETWEEN.split(written))
    return tuple({_folded(word): word for word in words if word}.values())


def words_in(text: str, words: Iterable[str]) -> list[str]:
    """Return which of the words stand in a text: as whole words, whatever their case; in Chinese wherever they are."""
    folded = _folded(text)
    return [word for word in words if _is_in(_folded(word), folded)]


def _is_in(word: str, text: str) -> bool:
    if word not in text:
        return False
    before = "" if _UNSPACED.match(word[0]) else r"(?<!\w)"
    after = "" if _UNSPACED.match(word[-1]) else r"(?!\w)"
    if not (before or after):
        return True
    # A word of another script may touch Chinese without a space: "cheap茶".
    touching = _UNSPACED.sub(" ", text) if not _UNSPACED.search(word) else text
    return re.search(before + re.escape(word) + after, touching) is not None


def _folded(text: str) -> str:
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(normal.translate(_APOSTROPHES).replace("\u00ad", "").split())
