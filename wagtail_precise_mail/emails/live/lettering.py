"""The font of live pictures, and what can be written with it."""

from __future__ import annotations

from functools import lru_cache

from PIL import ImageFont

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.exceptions import ConfigurationError

Font = ImageFont.FreeTypeFont

# In no font: what stands for letters that a font lacks looks like this one.
_NOWHERE = "\U0010fffd"


def load_font(size: int) -> Font:
    """Return the font of the site's live pictures.

    Args:
        size: in pixels of the file.

    Raises:
        ConfigurationError: there is no such file, or it is no font.
    """
    return _load(options().live_font, size)


def can_write(words: str) -> bool:
    """Whether the font has every letter of some words."""
    return all(letter.isspace() or _has(options().live_font, letter) for letter in words)


def shortened(words: str, font: Font, width: float) -> str:
    """Return words that fit into a width, with an ellipsis where some are missing; "" where not even one fits."""
    if font.getlength(words) <= width:
        return words
    for length in range(len(words) - 1, 0, -1):
        if font.getlength(cut := words[:length].rstrip() + "…") <= width:
            return cut
    return ""


@lru_cache(maxsize=64)
def _load(path: str, size: int) -> Font:
    try:
        # Without a path: the font that comes with Pillow, which has ASCII letters only.
        font = ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
    except OSError as error:
        raise ConfigurationError(f"WAGTAIL_PRECISE_MAIL['live_font'] is no font that can be read: {path!r}.") from error
    if not isinstance(font, Font):  # a Pillow that was built without FreeType has letters of one size
        raise ConfigurationError("Live pictures need a Pillow with FreeType.")
    return font


@lru_cache(maxsize=5000)
def _has(path: str, letter: str) -> bool:
    font = _load(path, 24)
    return _shape(font, letter) != _shape(font, _NOWHERE)


def _shape(font: Font, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter)
    return mask.size, bytes(mask)
