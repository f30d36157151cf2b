"""What can be computed from colors: contrast, mixtures, and the nearest color that can be read."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Callable

HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")
AA_TEXT = 4.5
"""The least contrast of text by WCAG 2.2 (success criterion 1.4.3)."""

INK, PAPER = "#141414", "#ffffff"


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mix(color: str, other: str, share: float) -> str:
    """Return a color with a share (0 to 1) of another in it."""
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def readable(color: str, background: str, *, least: float = AA_TEXT) -> str:
    """Return the color itself, or the nearest darker or lighter one of its hue that can be read on a background."""
    end = max((0.0, 1.0), key=lambda lightness: contrast(_with_lightness(color, lightness), background))
    return _towards(end, color, lambda candidate: contrast(candidate, background) >= least)


def darkened(color: str, *, under: str, least: float) -> str:
    """Return the color itself, or the nearest darker one on which words of another color have that contrast."""
    return _towards(0.0, color, lambda candidate: contrast(candidate, under) >= least)


def ink_on(ground: str) -> str:
    """Return white or near black, whichever is easier to read on a ground."""
    return readable(max((PAPER, INK), key=lambda color: contrast(color, ground)), ground)


def is_dark(ground: str) -> bool:
    """Whether light words are easier to read on it than dark ones."""
    return contrast(PAPER, ground) > contrast(INK, ground)


def _towards(end: float, color: str, is_enough: Callable[[str], bool]) -> str:
    if is_enough(color):
        return color
    _hue, start, _saturation = _hls(color)
    steps = (start + (end - start) * step / 40 for step in range(1, 41))
    candidates = [_with_lightness(color, lightness) for lightness in steps]
    return next((candidate for candidate in candidates if is_enough(candidate)), candidates[-1])


def _with_lightness(color: str, lightness: float) -> str:
    # Mixed with white, a color would become pale and gray; with its hue and saturation it stays the brand's.
    hue, _lightness, saturation = _hls(color)
    return "#" + "".join(f"{round(share * 255):02x}" for share in colorsys.hls_to_rgb(hue, lightness, saturation))


def _hls(color: str) -> tuple[float, float, float]:
    red, green, blue = _channels(color)
    return colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)


def _channels(color: str) -> list[int]:
    return [int(color[place : place + 2], 16) for place in (1, 3, 5)]


def _luminance(color: str) -> float:
    # https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
    shares = [channel / 255 for channel in _channels(color)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
