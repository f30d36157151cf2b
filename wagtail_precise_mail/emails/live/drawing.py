"""Draws the price of a product as it is now, as a PNG with twice the pixels of its size."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw

from wagtail_precise_mail.emails.colors import readable
from wagtail_precise_mail.emails.live.lettering import load_font, shortened
from wagtail_precise_mail.emails.live.tokens import LivePrice

DENSITY = 2
VERSION = 1
"""Raise it when pictures of the same facts come to look different: old ones are kept until then."""

_RED = "#b3361e"


@dataclass(frozen=True)
class LiveWords:
    """What stands on a picture; "" where there is nothing to say.

    Attributes:
        price: or what is said in its place, such as "Sold out".
    """

    name: str
    price: str
    old_price: str = ""
    discount: str = ""
    stock: str = ""


@dataclass(frozen=True)
class _Layout:
    """Sizes of type, and where its lines stand, in CSS pixels.

    Attributes:
        stock_line: where words about the stock stand; None puts them at the end of the line of the price.
    """

    height: int
    padding: int
    name: int
    price: int
    small: int
    name_line: int
    price_line: int
    stock_line: int | None = None


_GAP = 10
_NARROW_BELOW = 330
_NARROW = _Layout(112, 16, name=16, price=25, small=15, name_line=34, price_line=68, stock_line=96)
# Larger than the words around it: phones show a wide picture at little more than half its size.
_WIDE = _Layout(108, 20, name=20, price=32, small=19, name_line=42, price_line=84)


def _layout(width: int) -> _Layout:
    return _NARROW if width < _NARROW_BELOW else _WIDE


def height_of(width: int) -> int:
    """Return the CSS pixels of a picture's height: the same whatever it says, so that a mail does not jump."""
    return _layout(width).height


def draw_price(picture: LivePrice, words: LiveWords) -> bytes:
    """Return the picture as a PNG."""
    layout = _layout(picture.width)
    canvas = _Canvas(picture.width, layout.height)
    canvas.box(picture.ground, picture.radius)
    left, right = layout.padding, picture.width - layout.padding
    red = readable(_RED, picture.ground)
    room = right
    if words.stock and layout.stock_line is None:
        taken = canvas.write_right(words.stock, right, layout.price_line - 2, size=layout.small, color=red)
        room = right - round(taken) - _GAP
    elif words.stock and layout.stock_line is not None:
        canvas.write(words.stock, left, layout.stock_line, size=layout.small, color=red, until=right)
    canvas.write(words.name, left, layout.name_line, size=layout.name, color=picture.ink, until=right)
    end = canvas.write(
        words.price, left, layout.price_line, size=layout.price, color=picture.accent, until=right, is_bold=True
    )
    _offer(canvas, layout, words, left=end + _GAP, right=room, muted=picture.muted, red=red)
    return canvas.png()


def draw_nothing() -> bytes:
    """Return a transparent picture, for what is not there any more."""
    return _png(Image.new("RGBA", (2, 2), (0, 0, 0, 0)))


def _offer(
    canvas: _Canvas, layout: _Layout, words: LiveWords, *, left: float, right: float, muted: str, red: str
) -> None:
    """Draw the price before, struck through, and the discount, as far as there is room for both."""
    size, line = layout.small, layout.price_line
    old = canvas.length(words.old_price, size)
    if not words.old_price or left + old > right:
        return
    canvas.write(words.old_price, left, line, size=size, color=muted, until=right)
    canvas.strike(left, left + old, line - size / 3, muted)
    badge = canvas.length(words.discount, size - 2) + 14
    if words.discount and left + old + _GAP + badge <= right:
        canvas.badge(words.discount, left + old + _GAP, line, badge, size=size - 2, color=red)


class _Canvas:
    """A drawing in CSS pixels; words stand on their baseline."""

    def __init__(self, width: int, height: int) -> None:
        self.size = width, height
        self._image = Image.new("RGBA", (width * DENSITY, height * DENSITY), (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self._image)

    def box(self, color: str, radius: int) -> None:
        width, height = self.size
        corner = (width * DENSITY - 1, height * DENSITY - 1)
        self._draw.rounded_rectangle(((0, 0), corner), radius=radius * DENSITY, fill=color)

    def length(self, words: str, size: int) -> float:
        return load_font(size * DENSITY).getlength(words) / DENSITY

    def write(
        self, words: str, left: float, baseline: float, *, size: int, color: str, until: float, is_bold: bool = False
    ) -> float:
        """Write words and return where they end; those that reach beyond ``until`` are cut."""
        font = load_font(size * DENSITY)
        shown = shortened(words, font, (until - left) * DENSITY)
        # The font that comes with Pillow has one weight: a line around its letters makes it bold.
        stroke = 1 if is_bold else 0
        place = (left * DENSITY, baseline * DENSITY)
        self._draw.text(place, shown, fill=color, font=font, anchor="ls", stroke_width=stroke, stroke_fill=color)
        return left + font.getlength(shown) / DENSITY

    def write_right(self, words: str, right: float, baseline: float, *, size: int, color: str) -> float:
        """Write words that end at ``right``, and return how wide they are."""
        width = self.length(words, size)
        self.write(words, right - width, baseline, size=size, color=color, until=right + 1)
        return width

    def strike(self, left: float, right: float, height: float, color: str) -> None:
        line = ((left * DENSITY, height * DENSITY), (right * DENSITY, height * DENSITY))
        self._draw.line(line, fill=color, width=DENSITY)

    def badge(self, words: str, left: float, baseline: float, width: float, *, size: int, color: str) -> None:
        top, bottom = baseline - size - 3, baseline + size / 2
        corners = ((left * DENSITY, top * DENSITY), ((left + width) * DENSITY, bottom * DENSITY))
        self._draw.rounded_rectangle(corners, radius=4 * DENSITY, fill=readable(color, "#ffffff"))
        self.write(words, left + 7, baseline, size=size, color="#ffffff", until=left + width)

    def png(self) -> bytes:
        return _png(self._image)


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    # No palette: it would round the colors of the brand for a few kilobytes less.
    image.save(file, "PNG")
    return file.getvalue()
