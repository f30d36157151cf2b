"""The pairs of a brand's colors that people have to read, in light and in dark mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from wagtail_precise_mail.emails.colors import AA_TEXT, contrast

if TYPE_CHECKING:
    from wagtail_precise_mail.emails.brand import Brand


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
    """Return the pairs of a brand's colors that people have to read in light mode."""
    return [ColorPair(name, color, ground) for name, color, ground, _ink, _dark in _places(brand)]


def dark_pairs(brand: Brand) -> list[ColorPair]:
    """Return the same pairs in dark mode, in the same order."""
    dark = brand.dark
    return [ColorPair(name, dark[ink], dark[ground]) for name, _color, _light, ink, ground in _places(brand)]


def _places(brand: Brand) -> list[tuple[str, str, str, str, str]]:
    """Return where people read: a name, the light color and its ground, and the keys of both in dark mode."""
    panel = brand.panel_color
    headings = [(_("Headings"), brand.heading_color, panel, "heading", "panel")] if brand.own_heading_color else []
    return [
        (_("Text on the panel"), brand.text_color, panel, "text", "panel"),
        *headings,
        (_("Links"), brand.link_color, panel, "link", "panel"),
        (_("Prices and accents"), brand.accent_color, panel, "accent", "panel"),
        (_("Captions"), brand.muted_color, panel, "muted", "panel"),
        (_("Text in boxes"), brand.text_color, brand.box_color, "text", "box"),
        (_("Words on buttons"), brand.on_primary_color, brand.primary_color, "on_button", "button"),
        (_("Name and menu in the header"), brand.on_header_color, brand.header_background, "on_header", "header"),
        (_("Small print in the footer"), brand.footer_color, brand.footer_background, "on_footer", "footer"),
    ]
