"""Sizes that a brand or a theme chooses by name: of buttons, and of the space between things. All in CSS pixels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ButtonSize:
    """The words of a button, and the space above and beside them."""

    text_size: int
    above: int
    beside: int

    @property
    def padding(self) -> str:
        """For a filled button."""
        return f"{self.above}px {self.beside}px"

    @property
    def outline_padding(self) -> str:
        """For a button with a border of two pixels."""
        return f"{self.above - 2}px {self.beside - 2}px"


@dataclass(frozen=True)
class Space:
    """Steps of the space between things, from the least to the most."""

    xs: int
    s: int
    m: int
    l: int  # noqa: E741  as sizes are called everywhere
    xl: int


BUTTON_SIZES = {"small": ButtonSize(15, 11, 22), "normal": ButtonSize(17, 15, 30), "large": ButtonSize(19, 19, 38)}
BUTTON_RADII = {"square": 0, "rounded": 6, "pill": 100}
SPACING = {"compact": Space(6, 9, 15, 21, 30), "normal": Space(8, 12, 20, 28, 40), "airy": Space(10, 16, 26, 36, 54)}
