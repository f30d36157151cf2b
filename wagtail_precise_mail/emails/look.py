"""The settings of a block applied to its MJML, whatever block it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bs4 import Tag
from django.utils.safestring import SafeString, mark_safe

from wagtail_precise_mail.emails.brand import Brand
from wagtail_precise_mail.emails.mjml import normalize
from wagtail_precise_mail.emails.soup import read_markup

SPACES = {"none": 0, "small": 16, "medium": 32, "large": 56}
"""Pixels above and below a block, by the word in its settings."""

# Above the text on a ground; below it stands the space that every element brings.
_ON_GROUND = (32, 12)
_AFTER_GROUND = 32
_ALIGNED = ("mj-text", "mj-image", "mj-button", "mj-social", "mj-navbar", "mj-divider")


@dataclass(frozen=True)
class Look:
    """The settings of one block, as far as they change how it looks; "" leaves things as they are."""

    padding: str = ""
    background: str = ""
    align: str = ""

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Look:
        """Return the look of a block's value."""
        return cls(*(str(value.get(name) or "") for name in ("padding", "background", "align")))

    @property
    def spaces(self) -> tuple[int, int] | None:
        """Pixels above and below, or None for what the block brings."""
        if self.padding:
            return SPACES[self.padding], SPACES[self.padding]
        return _ON_GROUND if self.background else None


def apply_look(mjml: str, look: Look, brand: Brand, *, in_column: bool, follows_ground: bool = False) -> SafeString:
    """Return a block's MJML with its settings written into its sections, or into the elements of its column.

    Args:
        brand: of the block, already on its background.
        follows_ground: whether the block before stands on a ground of its own; then this one keeps its distance.
    """
    needs_distance = follows_ground and not look.background and not look.padding and not in_column
    if (look == Look() and not needs_distance) or not mjml.strip():
        return mark_safe(mjml)
    soup = read_markup(normalize(mjml))
    tops = [tag for tag in soup.find_all(True, recursive=False) if tag.name not in ("mj-raw", "mj-style")]
    if look.background:
        _set_background(tops, look.background, brand, in_column=in_column)
    if tops and look.spaces is not None:
        above, below = look.spaces
        tops[0]["padding-top"] = f"{above}px"
        tops[-1]["padding-bottom"] = f"{below}px"
    if tops and needs_distance:
        tops[0]["padding-top"] = f"{_AFTER_GROUND}px"
    if look.align:
        for tag in [*soup.find_all(_ALIGNED)]:
            tag["align"] = look.align
    return mark_safe(normalize(str(soup)))


def _set_background(tops: list[Tag], background: str, brand: Brand, *, in_column: bool) -> None:
    for tag in tops:
        if in_column:
            tag["container-background-color"] = brand.panel_color
        else:
            tag["background-color"] = brand.panel_color
        tag["css-class"] = f"{tag.get('css-class', '')} wpm-on-{background}".strip()
        for text in [tag, *tag.find_all("mj-text")]:
            if text.name == "mj-text" and not text.get("color"):
                text["color"] = brand.text_color
