"""The colors of pictures against their grounds, as WCAG 2.2 counts contrast (1.4.3 words 4.5, 1.4.11 shapes 3)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wagtail_precise_mail.charts.grids import DEEPEST

CSS = Path(__file__).parents[2] / "wagtail_precise_mail/static/wagtail_precise_mail/charts/charts.css"
# Wagtail's own in its two themes: the ground of a panel, and words on it.
THEMES = {"light": ("#ffffff", "#2e1f5e"), "dark": ("#1d1d1d", "#c8c8c8")}
SECONDARY = "#007d7e"


def _tones(theme: str) -> list[str]:
    blocks = re.findall(r"\{\s*((?:--wpm-tone-\d: [^;]+;\s*){8})", CSS.read_text())
    tones = re.findall(r"--wpm-tone-\d: ([^;]+);", blocks[0 if theme == "light" else 1])
    return [SECONDARY if tone == "var(--w-color-secondary)" else tone for tone in tones]


def _channels(color: str) -> list[float]:
    return [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]


def _contrast(one: list[float], other: list[float]) -> float:
    def luminance(channels: list[float]) -> float:
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_every_shape_stands_out_from_its_ground(theme: str) -> None:
    ground = _channels(THEMES[theme][0])

    assert len(_tones(theme)) == 8
    assert {tone: ratio for tone in _tones(theme) if (ratio := _contrast(_channels(tone), ground)) < 3} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_words_are_readable_on_the_deepest_tint(theme: str) -> None:
    ground, words = (_channels(color) for color in THEMES[theme])
    tone = _channels(_tones(theme)[0])
    tint = [DEEPEST / 100 * part + (1 - DEEPEST / 100) * under for part, under in zip(tone, ground, strict=True)]

    assert _contrast(words, tint) >= 4.5


def test_the_system_theme_has_the_dark_colors() -> None:
    blocks = re.findall(r"\{\s*((?:--wpm-tone-\d: [^;]+;\s*){8})", CSS.read_text())

    assert len(blocks) == 3
    assert blocks[1].split() == blocks[2].split()
