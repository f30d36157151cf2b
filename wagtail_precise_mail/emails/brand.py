"""The brand of a site, as blocks and templates use it, and what can be computed from its colors."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from django.apps import apps
from django.utils.translation import gettext as _
from wagtail.models import Site

if TYPE_CHECKING:
    from wagtail.images.models import AbstractImage

HEX_COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")
AA_TEXT = 4.5
"""The least contrast of text by WCAG 2.2 (success criterion 1.4.3)."""

_DARK_BACKGROUND, _DARK_PANEL, _DARK_TEXT, _DARK_MUTED = "#121514", "#1d2220", "#eceae4", "#a9afab"


@dataclass(frozen=True)
class Brand:
    """How a site's emails look and who they come from."""

    company_name: str = ""
    postal_address: str = ""
    sender_name: str = ""
    sender_address: str = ""
    reply_to: str = ""
    join_url: str = ""
    shows_join_line: bool = True
    logo: AbstractImage | None = None
    primary_color: str = "#1f6f5c"
    text_color: str = "#22302c"
    background_color: str = "#f4f1ea"
    panel_color: str = "#ffffff"
    font_family: str = "Georgia, 'Times New Roman', serif"

    @property
    def address_lines(self) -> list[str]:
        """The postal address, line by line."""
        return [line.strip() for line in self.postal_address.splitlines() if line.strip()]

    def on(self, background: str) -> Brand:
        """Return the brand on a ground of its own: "tint", "primary" or "dark"; its colors can be read there."""
        ground = {
            "tint": mix(self.primary_color, self.panel_color, 0.9),
            "primary": self.primary_color,
            "dark": _DARK_PANEL,
        }.get(background)
        if ground is None:
            return self
        # A button must not vanish in a ground of its own color.
        primary = self.on_primary_color if ground == self.primary_color else self.primary_color
        return replace(self, panel_color=ground, text_color=readable(self.text_color, ground), primary_color=primary)

    @property
    def on_primary_color(self) -> str:
        """White or near black, whichever is easier to read on a button."""
        return max(("#ffffff", "#141414"), key=lambda color: contrast(color, self.primary_color))

    @property
    def link_color(self) -> str:
        """The primary color, darkened or lightened as far as text on the panel needs."""
        return readable(self.primary_color, self.panel_color)

    @property
    def muted_color(self) -> str:
        """For captions and summaries on the panel."""
        return readable(mix(self.text_color, self.panel_color, 0.3), self.panel_color)

    @property
    def footer_color(self) -> str:
        """For the small print on the background."""
        return readable(mix(self.text_color, self.background_color, 0.3), self.background_color)

    @property
    def line_color(self) -> str:
        """For rules and outlines."""
        return mix(self.text_color, self.panel_color, 0.85)

    @property
    def dark(self) -> dict[str, str]:
        """The colors of dark mode: neutral surfaces, and the primary color made readable on them."""
        link = readable(self.primary_color, _DARK_PANEL)
        return {
            "background": _DARK_BACKGROUND,
            "panel": _DARK_PANEL,
            "text": _DARK_TEXT,
            "muted": _DARK_MUTED,
            "line": "#39403d",
            "link": link,
            "button": link,
            "on_button": max(("#ffffff", "#141414"), key=lambda color: contrast(color, link)),
        }


class BrandFields(Protocol):
    """What a brand is made of: a row of ``BrandSettings``, saved or not."""

    site: Site
    company_name: str
    postal_address: str
    sender_name: str
    sender_address: str
    reply_to: str
    join_url: str
    shows_join_line: bool
    logo: AbstractImage | None
    primary_color: str
    text_color: str
    background_color: str
    panel_color: str
    font_family: str


def load_brand(site: Site) -> Brand:
    """Return the brand of a site; defaults where nobody filled it in."""
    return brand_of(apps.get_model("wagtail_precise_mail", "BrandSettings").for_site(site), site)


def brand_of(fields: BrandFields, site: Site) -> Brand:
    """Return the brand that a row describes; colors that are none become the default ones."""
    defaults = Brand()
    colors = {
        name: getattr(fields, name) if HEX_COLOR.match(getattr(fields, name)) else getattr(defaults, name)
        for name in ("primary_color", "text_color", "background_color", "panel_color")
    }
    return Brand(
        company_name=fields.company_name or site.site_name or site.hostname,
        postal_address=fields.postal_address,
        sender_name=fields.sender_name,
        sender_address=fields.sender_address,
        reply_to=fields.reply_to,
        join_url=fields.join_url,
        shows_join_line=fields.shows_join_line,
        logo=fields.logo,
        font_family=fields.font_family or defaults.font_family,
        **colors,
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@dataclass(frozen=True)
class ColorPair:
    """A color on another, and how well it can be read there."""

    name: str
    color: str
    ground: str

    @property
    def ratio(self) -> float:
        """Contrast, from 1 to 21."""
        return contrast(self.color, self.ground)

    @property
    def is_readable(self) -> bool:
        """Whether WCAG 2.2 is content at level AA."""
        return self.ratio >= AA_TEXT


def color_pairs(brand: Brand) -> list[ColorPair]:
    """Return the pairs of a brand's own colors that people have to read."""
    return [
        ColorPair(_("Text on the panel"), brand.text_color, brand.panel_color),
        ColorPair(_("Text on the background"), brand.text_color, brand.background_color),
        ColorPair(_("Words on buttons"), brand.on_primary_color, brand.primary_color),
    ]


def mix(color: str, other: str, share: float) -> str:
    """Return a color with a share (0 to 1) of another in it."""
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def readable(color: str, background: str) -> str:
    """Return the color itself, or the nearest darker or lighter one that can be read on a background."""
    target = max(("#000000", "#ffffff"), key=lambda end: contrast(end, background))
    for step in range(21):
        candidate = mix(color, target, step / 20)
        if contrast(candidate, background) >= AA_TEXT:
            return candidate
    return target


def _channels(color: str) -> list[int]:
    return [int(color[place : place + 2], 16) for place in (1, 3, 5)]


def _luminance(color: str) -> float:
    # https://www.w3.org/TR/WCAG22/#dfn-relative-luminance
    shares = [channel / 255 for channel in _channels(color)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
