"""Colors that are hard to read, on a light ground and on a dark one (WCAG 2.2, level AA)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.element import PreformattedString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.emails.brand import AA_TEXT, Brand, ColorPair, color_pairs, contrast
from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.facts import EmailFacts
from wagtail_precise_mail.emails.checks.markup import markup_of, parse

AA_LARGE = 3.0
"""The least contrast of large text: 24 pixels, or 19 when it is bold (WCAG 2.2, 1.4.3)."""

_MOST = 3
"""Findings about words in one email: the cause is often the same."""

_NAMES = {"white": "#ffffff", "black": "#000000", "gray": "#808080", "grey": "#808080", "red": "#ff0000"} | {
    "silver": "#c0c0c0",
    "navy": "#000080",
    "green": "#008000",
    "blue": "#0000ff",
    "yellow": "#ffff00",
}
_COLOR = re.compile(
    r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b|rgb\(\s*\d+\s*,\s*\d+\s*,\s*\d+\s*\)|\b(?:" + "|".join(_NAMES) + r")\b"
)
_DARK_PAIRS = [
    ("text", "panel", gettext_lazy("Text on the panel in dark mode")),
    ("muted", "panel", gettext_lazy("Small print on the panel in dark mode")),
    ("link", "panel", gettext_lazy("Links on the panel in dark mode")),
    ("text", "background", gettext_lazy("Text on the background in dark mode")),
    ("on_button", "button", gettext_lazy("Words on buttons in dark mode")),
]
# What the style sheet of emails recolors in dark mode whatever its own color is.
_RECOLORED = {"div", "h1", "h2", "h3", "h4", "mj-text", "mj-button"}


@email_checks.register("contrast")
class Contrast(EmailCheck):
    """Text can be read on its ground: the colors of the brand, and those of each block as it goes out."""

    label = gettext_lazy("Contrast")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        bad = [pair for pair in color_pairs(facts.brand) if not pair.is_readable]
        for pair in bad:
            yield self.finding(*_words_on(pair), place=_("Email brand"), field="brand")
        known = {(pair.color, pair.ground) for pair in bad}
        found = [spot for spot in _hard_to_read(facts.soup, facts.brand) if (spot.color, spot.ground) not in known]
        for spot in list({(spot.color, spot.ground): spot for spot in reversed(found)}.values())[:_MOST]:
            message = _("“%(words)s” is hard to read: %(color)s on %(ground)s, %(ratio)s to 1.")
            values = {
                "words": spot.words[:40],
                "color": spot.color,
                "ground": spot.ground,
                "ratio": f"{spot.ratio:.1f}",
            }
            yield self.finding(
                message % values,
                _("Choose colors with at least %(least)s to 1.") % {"least": spot.least},
                block=facts.top_block_with(spot.words),
            )


@email_checks.register("contrast_dark")
class ContrastDark(EmailCheck):
    """Text can be read in dark mode: the brand's dark colors, and colors that a block of the project fixes."""

    label = gettext_lazy("Contrast in dark mode")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for pair in dark_pairs(facts.brand):
            if not pair.is_readable:
                yield self.finding(*_words_on(pair), place=_("Email brand"), field="brand")
        panel = facts.brand.dark["panel"]
        for block in facts.blocks:
            for color in _fixed_colors(markup_of(block, facts)) if block.brings_markup else ():
                if contrast(color, panel) < AA_LARGE:
                    yield self.finding(
                        _("The color %(color)s cannot be read in dark mode.") % {"color": color},
                        _("Leave the color to the brand, or give the words a background of their own."),
                        block=block,
                    )


def check_contrast(brand: Brand) -> Iterator[Finding]:
    """Yield the pairs of brand colors that are hard to read (WCAG 2.2, AA)."""
    for pair in [*color_pairs(brand), *dark_pairs(brand)]:
        if not pair.is_readable:
            yield Finding(Level.WARNING, *_words_on(pair), _("Email brand"), field="brand")


def dark_pairs(brand: Brand) -> list[ColorPair]:
    """Return the pairs of a brand's dark colors that people have to read."""
    dark = brand.dark
    return [
        ColorPair(str(name), dark[color], dark[ground])
        for color, ground, name in _DARK_PAIRS
        if color in dark and ground in dark
    ]


def as_hex(color: str) -> str:
    """Return the first color in a CSS value as "#rrggbb", or "" when there is none that can be computed with."""
    match = _COLOR.search(color.lower())
    if not match:
        return ""
    found = match.group()
    if found.startswith("rgb"):
        return "#" + "".join(f"{min(int(number), 255):02x}" for number in re.findall(r"\d+", found))
    if len(found) == 4 and found.startswith("#"):
        return "#" + "".join(2 * digit for digit in found[1:])
    return _NAMES.get(found, found)


def _words_on(pair: ColorPair) -> tuple[str, str]:
    return (
        _("%(pair)s is hard to read: its contrast is %(ratio)s to 1.")
        % {"pair": pair.name, "ratio": f"{pair.ratio:.1f}"},
        _("Choose colors with at least %(least)s to 1.") % {"least": AA_TEXT},
    )


@dataclass(frozen=True)
class _Spot:
    """Words on their ground."""

    words: str
    color: str
    ground: str
    is_large: bool

    @property
    def ratio(self) -> float:
        return contrast(self.color, self.ground)

    @property
    def least(self) -> float:
        return AA_LARGE if self.is_large else AA_TEXT


def _hard_to_read(soup: BeautifulSoup, brand: Brand) -> Iterator[_Spot]:
    looks: dict[int, _Look] = {}
    for string in soup.find_all(string=True):
        if isinstance(string, PreformattedString) or not string.strip():
            continue
        for parent in string.parents:
            # Words share their ancestors, and a mail has twenty of them around each.
            if id(parent) not in looks:
                looks[id(parent)] = _Look(parent)
        spot = _spot(string, [looks[id(parent)] for parent in string.parents], brand)
        if spot and spot.ratio < spot.least:
            yield spot


def _spot(string: NavigableString, looks: list[_Look], brand: Brand) -> _Spot | None:
    # The preheader is there for inboxes only; head and style are no text.
    if any(look.is_hidden for look in looks):
        return None
    ground = next((look for look in looks if look.ground or look.has_picture), None)
    if ground and ground.has_picture:
        return None
    color = next((look.color for look in looks if look.color), "#000000")
    size = next((look.size for look in looks if look.size), 16.0)
    is_bold = any(look.is_bold for look in looks)
    words = " ".join(string.split())
    return _Spot(
        words, color, ground.ground if ground else brand.background_color, size >= 24 or (size >= 19 and is_bold)
    )


class _Look:
    """What an element says of the look of its words."""

    _hidden: ClassVar[set[str]] = {"head", "style", "script", "title", "template", "noscript"}

    def __init__(self, tag: Tag) -> None:
        style = _declarations(str(tag.get("style", "")))
        ground = style.get("background-color") or style.get("background") or str(tag.get("bgcolor", ""))
        self.has_picture = "url(" in style.get("background", "") + style.get("background-image", "")
        self.ground = "" if "transparent" in ground else as_hex(ground)
        self.color = as_hex(style.get("color") or str(tag.get("color", "")))
        self.size = _pixels(style.get("font-size", ""))
        self.is_bold = tag.name in ("b", "strong", "h1", "h2", "h3", "th") or style.get("font-weight") in (
            "bold",
            "700",
            "800",
            "900",
        )
        self.is_hidden = tag.name in self._hidden or style.get("display") == "none" or tag.name.startswith("mj-")


def _fixed_colors(markup: str) -> list[str]:
    """The colors of words in a block of others that dark mode does not change, and that have no ground of their own."""
    colors: dict[str, None] = {}
    for tag in parse(markup).find_all(style=True):
        style = _declarations(str(tag["style"]))
        if (
            tag.name in _RECOLORED
            or not tag.get_text(strip=True)
            or set(tag.get("class", [])) & {"wpm-link", "wpm-plain"}
        ):
            continue
        has_ground = any(_Look(one).ground for one in [tag, *tag.parents] if isinstance(one, Tag))
        if (color := as_hex(style.get("color", ""))) and not has_ground:
            colors[color] = None
    return list(colors)


def _declarations(style: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in style.lower().split(";"))
    return {name.strip(): value.replace("!important", "").strip() for name, _colon, value in pairs if name.strip()}


def _pixels(size: str) -> float:
    match = re.fullmatch(r"([\d.]+)px", size)
    return float(match[1]) if match else 0.0
