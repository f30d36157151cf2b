"""The wordmark for the head of emails: a kettle that sprouts, and the name, on a transparent ground."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from example_site.demo.art.canvas import Canvas, Color, flatten, rgb
from example_site.demo.art.scenes import CREAM, FOREST, emblem
from example_site.demo.art.vessels import INK

# The name in the shop's typeface (Fraunces, SIL Open Font License), as outlines: the same wherever it is drawn.
_WORDS = Path(__file__).with_name("wordmark.svg")
_SMOOTHING = 4


def logo(*, height: int = 144, ink: Color = INK, mark: Color = FOREST, halo: Color | None = CREAM) -> Image.Image:
    """Return the logo.

    Args:
        halo: a thin light edge, which cannot be seen on paper. Mail programs that turn the ground dark without
            asking leave the letters dark; with it they can still be read. None for the logo of dark grounds.
    """
    words = _words(round(height * 0.72))
    width = round(height * 1.2) + words.width
    shape = Image.new("L", (width + height // 8, height))
    shape.paste(words, (round(height * 1.16), round(height * 0.115)))
    picture = Image.new("RGBA", shape.size, (*rgb(halo or ink), 0))
    if halo:
        edge = shape.filter(ImageFilter.MaxFilter(2 * (height // 60) + 1)).filter(
            ImageFilter.GaussianBlur(height / 120)
        )
        picture.paste((*rgb(halo), 255), (0, 0), edge)
    picture.paste((*rgb(ink), 255), (0, 0), shape)
    picture.paste(_emblem(height, mark), (0, 0), _disc(height))
    return picture


def _words(height: int) -> Image.Image:
    data = _WORDS.read_text()
    units = [int(number) for number in re.search(r'viewBox="0 0 (\d+) (\d+)"', data).groups()]  # type: ignore[union-attr]
    scale = height * _SMOOTHING / units[1]
    size = (round(units[0] * scale), round(units[1] * scale))
    mask = Image.new("L", size)
    for outline in flatten(re.search(r' d="([^"]+)"', data)[1]):  # type: ignore[index]
        part = Image.new("L", size)
        ImageDraw.Draw(part).polygon([(x * scale, y * scale) for x, y in outline], fill=255)
        mask = ImageChops.difference(mask, part)  # an outline inside another is a hole
    return mask.resize((size[0] // _SMOOTHING, size[1] // _SMOOTHING), Image.Resampling.LANCZOS)


def _emblem(height: int, ink: Color) -> Image.Image:
    canvas = Canvas(height, height)
    canvas.background(ink)
    with canvas.at(0, 0, height / 160):
        emblem(canvas, ink)
    return canvas.finish().convert("RGBA")


def _disc(height: int) -> Image.Image:
    size = height * _SMOOTHING
    mask = Image.new("L", (size, size))
    ImageDraw.Draw(mask).ellipse((_SMOOTHING, _SMOOTHING, size - _SMOOTHING, size - _SMOOTHING), fill=255)
    return mask.resize((height, height), Image.Resampling.LANCZOS)
