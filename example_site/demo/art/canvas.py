"""A small drawing surface over Pillow: paths, gradients and soft shadows, smoothed by drawing larger than needed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

Point = tuple[float, float]
Color = str | tuple[int, int, int]
Fill = Color | tuple[Color, Color] | tuple[Color, Color, str]

# Drawn this much larger in each direction, then scaled down: Pillow itself draws hard edges.
_SMOOTHING = 2
_TOKEN = re.compile(r"[MLCQZ]|-?\d+(?:\.\d+)?")


def rgb(color: Color) -> tuple[int, int, int]:
    """Return a color as numbers."""
    return ImageColor.getrgb(color)[:3] if isinstance(color, str) else color


def mix(one: Color, other: Color, share: float) -> tuple[int, int, int]:
    """Return ``one`` with a ``share`` (0 to 1) of ``other`` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(rgb(one), rgb(other), strict=True))
    return red, green, blue


def lighter(color: Color, share: float = 0.2) -> tuple[int, int, int]:
    """Return a tint."""
    return mix(color, "#ffffff", share)


def darker(color: Color, share: float = 0.2) -> tuple[int, int, int]:
    """Return a shade; shadows are a little green, as the whole shop is."""
    return mix(color, "#10231d", share)


class Canvas:
    """A picture in units of its own: callers draw as if it were ``width`` by ``height`` large."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._image = Image.new("RGB", (width * _SMOOTHING, height * _SMOOTHING), "#ffffff")
        self._place: list[tuple[float, float, float, float]] = [(0.0, 0.0, float(_SMOOTHING), 0.0)]

    @contextmanager
    def at(self, x: float, y: float, scale: float = 1.0, turn: float = 0.0) -> Iterator[None]:
        """Draw with (x, y) as the origin, scaled, and turned by degrees, for the length of a ``with``."""
        left, top = self._to_pixels((x, y))
        *_, outer_scale, outer_turn = self._place[-1]
        self._place.append((left, top, outer_scale * scale, outer_turn + math.radians(turn)))
        try:
            yield
        finally:
            self._place.pop()

    def background(self, fill: Fill) -> None:
        """Fill everything."""
        self._image.paste(_paint(fill, self._image.size), (0, 0))

    def path(self, data: str, fill: Fill, *, opacity: float = 1.0) -> None:
        """Fill an SVG path (absolute M, L, C, Q, Z; several closed parts are all filled)."""
        for part in flatten(data):
            self.polygon(part, fill, opacity=opacity)

    def line(self, data: str, color: Color, width: float, *, opacity: float = 1.0) -> None:
        """Stroke an SVG path with round ends."""
        scale = self._place[-1][2]
        for part in flatten(data):
            points = [self._to_pixels(point) for point in part]
            self._stamp(points, color, opacity, stroke=width * scale)

    def polygon(self, points: Sequence[Point], fill: Fill, *, opacity: float = 1.0) -> None:
        """Fill a polygon."""
        self._stamp([self._to_pixels(point) for point in points], fill, opacity)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Fill, *, opacity: float = 1.0) -> None:
        """Fill an ellipse around (x, y)."""
        self.polygon(_arc(x, y, rx, ry, 0, 360), fill, opacity=opacity)

    def box(
        self, x: float, y: float, width: float, height: float, fill: Fill, *, radius: float = 0, opacity: float = 1.0
    ) -> None:
        """Fill a rectangle whose corners are rounded by ``radius``."""
        radius = min(radius, width / 2, height / 2)
        corners = [
            (x + width, y, 270, -1, 1),
            (x + width, y + height, 0, -1, -1),
            (x, y + height, 90, 1, -1),
            (x, y, 180, 1, 1),
        ]
        points: list[Point] = []
        for corner_x, corner_y, start, inward_x, inward_y in corners:
            points += _arc(
                corner_x + inward_x * radius, corner_y + inward_y * radius, radius, radius, start, start + 90
            )
        self.polygon(points, fill, opacity=opacity)

    def shadow(
        self, x: float, y: float, rx: float, ry: float, *, color: Color = "#1c2f28", opacity: float = 0.22
    ) -> None:
        """Lay a blurred ellipse: what stands here touches the ground."""
        center, scale = self._to_pixels((x, y)), self._place[-1][2]
        rx, ry, blur = rx * scale, ry * scale, max(2.0, ry * scale * 0.45)
        margin = blur * 2.5
        left, top = round(center[0] - rx - margin), round(center[1] - ry - margin)
        mask = Image.new("L", (round(2 * (rx + margin)), round(2 * (ry + margin))))
        ImageDraw.Draw(mask).ellipse((margin, margin, margin + 2 * rx, margin + 2 * ry), fill=round(255 * opacity))
        # Blurring a quarter of the size looks the same and costs a sixteenth.
        small = mask.resize((max(1, mask.width // 4), max(1, mask.height // 4))).filter(
            ImageFilter.GaussianBlur(blur / 4)
        )
        self._image.paste(Image.new("RGB", mask.size, rgb(color)), (left, top), small.resize(mask.size))

    def finish(self) -> Image.Image:
        """Return the picture at its own size."""
        return self._image.resize((self.width, self.height), Image.Resampling.LANCZOS)

    def _to_pixels(self, point: Point) -> Point:
        left, top, scale, turn = self._place[-1]
        x, y = point[0] * scale, point[1] * scale
        if turn:
            x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
        return left + x, top + y

    def _stamp(self, points: Sequence[Point], fill: Fill, opacity: float, *, stroke: float = 0) -> None:
        half = stroke / 2 + 1
        left, top = math.floor(min(x for x, _ in points) - half), math.floor(min(y for _, y in points) - half)
        right, bottom = math.ceil(max(x for x, _ in points) + half), math.ceil(max(y for _, y in points) + half)
        mask = Image.new("L", (right - left + 1, bottom - top + 1))
        draw, inside = ImageDraw.Draw(mask), [(x - left, y - top) for x, y in points]
        if stroke:
            draw.line(inside, fill=255, width=max(1, round(stroke)), joint="curve")
            for x, y in (inside[0], inside[-1]):
                draw.ellipse((x - stroke / 2, y - stroke / 2, x + stroke / 2, y + stroke / 2), fill=255)
        else:
            draw.polygon(inside, fill=255)
        if opacity < 1:
            mask = ImageChops.multiply(mask, Image.new("L", mask.size, round(255 * opacity)))
        self._image.paste(_paint(fill, mask.size), (left, top), mask)


def _paint(fill: Fill, size: tuple[int, int]) -> Image.Image:
    """Return an image of the fill: one color, or two from top to bottom ("v"), left to right ("h"), or round ("r")."""
    if isinstance(fill, str) or (len(fill) == 3 and isinstance(fill[0], int)):
        return Image.new("RGB", size, rgb(fill))  # type: ignore[arg-type]
    first, second, *rest = fill
    direction = rest[0] if rest else "v"
    if direction == "r":
        ramp = Image.radial_gradient("L")
    elif direction == "h":
        ramp = Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90)
    else:
        ramp = Image.linear_gradient("L")
    ramp = ramp.resize(size, Image.Resampling.BILINEAR)
    return Image.composite(Image.new("RGB", size, rgb(second)), Image.new("RGB", size, rgb(first)), ramp)  # type: ignore[arg-type]


def _arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    steps = max(4, round(abs(end - start) / 4))
    angles = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


def flatten(data: str) -> Iterator[list[Point]]:
    """Turn path data into polygons."""
    tokens = _TOKEN.findall(data)
    points: list[Point] = []
    command, index = "", 0
    needed = {"M": 1, "L": 1, "Q": 2, "C": 3}
    while index < len(tokens):
        if tokens[index].isalpha():
            command = tokens[index]
            index += 1
            if command in "MZ" and points:
                yield points
                points = []
            if command == "Z":
                continue
        numbers = [float(token) for token in tokens[index : index + 2 * needed[command]]]
        index += len(numbers)
        controls = list(zip(numbers[::2], numbers[1::2], strict=True))
        points += controls if command in "ML" else _curve([points[-1], *controls])
    if points:
        yield points


def _curve(controls: list[Point], steps: int = 24) -> list[Point]:
    return [_casteljau(controls, step / steps) for step in range(1, steps + 1)]


def _casteljau(controls: list[Point], at: float) -> Point:
    while len(controls) > 1:
        controls = [(a[0] + (b[0] - a[0]) * at, a[1] + (b[1] - a[1]) * at) for a, b in pairwise(controls)]
    return controls[0]
