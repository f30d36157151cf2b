"""Whole pictures: a product on its backdrop, wide scenes for the magazine, and the mark of the shop."""
# ruff: noqa: E501  paths of drawings are read as a picture, not as prose

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from example_site.demo.art import plants, vessels
from example_site.demo.art.canvas import Canvas, Color, darker, lighter, mix

FOREST, SAGE, MOSS, FERN = "#2f6b57", "#8fae94", "#6d8b4a", "#3f7d5b"
CLAY, OCHRE, BLUSH, PLUM = "#c8714a", "#d9a441", "#dba295", "#75465c"
SKY, NIGHT, STONE, CREAM = "#8fb4c0", "#27414f", "#b9ad9a", "#f6efe0"

# How much larger a thing is drawn so that all of them fill their picture alike.
_SCALES = {
    "tin": 1.24, "pouch": 1.16, "carton": 1.32, "kettle": 1.22, "teapot": 1.2, "glass_teapot": 1.2, "cup": 1.3,
    "mug": 1.32, "bowl": 1.3, "gaiwan": 1.45, "jar": 1.3, "bottle": 1.16, "cake": 1.28, "bare_pot": 1.3,
    "hanging": 1.08, "fern": 0.96, "monstera": 0.9, "snake_plant": 0.98, "pilea": 0.96, "succulents": 1.25,
    "herb": 1.06, "olive": 0.96, "orchid": 1.04, "watering_can": 1.12, "trowel": 1.3, "secateurs": 1.12, "seeds": 1.2,
    "gloves": 1.28, "twine": 1.2,
}  # fmt: skip


@dataclass(frozen=True)
class Thing:
    """What is drawn, and in which colors."""

    kind: str
    color: Color
    accent: Color

    def draw(self, canvas: Canvas, x: float, ground: float, scale: float = 1.0) -> None:
        """Draw it standing at (x, ground)."""
        scale *= _SCALES[self.kind]
        lift = 190 * scale if self.kind == "hanging" else 0
        with canvas.at(x, ground - lift, scale):
            _drawer(self.kind)(canvas, self.color, self.accent)


def _drawer(kind: str) -> Callable[[Canvas, Color, Color], None]:
    return getattr(vessels, kind, None) or getattr(plants, kind)


def product_picture(thing: Thing, *, tone: Color, variant: int = 0, size: int = 900) -> Image.Image:
    """Return a product on a soft backdrop."""
    canvas = Canvas(size, size)
    with canvas.at(0, 0, size / 900):
        _backdrop(canvas, tone, variant)
        thing.draw(canvas, 450, 722)
    return canvas.finish()


def _backdrop(c: Canvas, tone: Color, variant: int) -> None:
    c.background((mix(tone, CREAM, 0.62), mix(tone, CREAM, 0.46)))
    if variant % 3 == 0:
        c.ellipse(450, 420, 320, 320, (mix(tone, CREAM, 0.86), mix(tone, CREAM, 0.64)))
    elif variant % 3 == 1:
        c.path(
            "M 170 680 L 170 380 C 170 10 730 10 730 380 L 730 680 Z", (mix(tone, CREAM, 0.86), mix(tone, CREAM, 0.66))
        )
    else:
        c.path(
            "M 0 520 C 140 300 300 330 420 430 C 560 250 760 260 900 440 L 900 720 L 0 720 Z",
            mix(tone, CREAM, 0.7),
            opacity=0.75,
        )
        c.ellipse(660, 240, 92, 92, mix(tone, "#fff7e2", 0.86))
    c.polygon([(0, 668), (900, 668), (900, 900), (0, 900)], (mix(tone, CREAM, 0.34), mix(tone, CREAM, 0.2)))
    c.polygon([(0, 668), (900, 668), (900, 674), (0, 674)], mix(tone, CREAM, 0.8), opacity=0.6)


def scene(name: str, *, width: int = 1600, height: int = 900) -> Image.Image:
    """Return a wide picture for the magazine.

    Raises:
        KeyError: there is no scene of this name.
    """
    canvas = Canvas(width, height)
    with canvas.at(0, 0, width / 1600):
        SCENES[name](canvas)
    return canvas.finish()


def emblem(c: Canvas, ink: Color) -> None:
    """Draw the mark in a square of 160."""
    c.ellipse(80, 80, 78, 78, ink)
    with c.at(76, 128, 0.2):
        c.line("M -128 -268 C -150 -440 150 -440 128 -268", CREAM, 26)
        c.path("M 150 -210 C 210 -220 218 -300 268 -312 L 284 -280 C 252 -270 248 -170 168 -118 Z", CREAM)
        c.path("M -120 -286 C -210 -250 -220 -90 -186 -14 Q 0 30 186 -14 C 220 -90 210 -250 120 -286 Z", CREAM)
        c.ellipse(0, -288, 118, 28, CREAM)
        with c.at(0, -30):
            vessels.sprig(c, 230, ink, pairs=3)


def _room(c: Canvas, wall: Color, table: Color, *, edge: float = 660) -> None:
    c.background((mix(wall, CREAM, 0.4), mix(wall, CREAM, 0.24)))
    c.polygon([(0, edge), (1600, edge), (1600, 900), (0, 900)], (lighter(table, 0.1), darker(table, 0.16)))
    c.polygon([(0, edge), (1600, edge), (1600, edge + 9), (0, edge + 9)], lighter(table, 0.36), opacity=0.7)


def _window(
    c: Canvas,
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    sky: tuple[Color, Color],
    hill: Color,
    rain: bool = False,
) -> None:
    c.box(x - 18, y - 18, width + 36, height + 36, ("#fffaf0", "#e9dfcb"), radius=10)
    c.box(x, y, width, height, sky, radius=4)
    c.ellipse(x + width * 0.7, y + height * 0.3, width * 0.1, width * 0.1, lighter(sky[1], 0.6), opacity=0.9)
    c.path(
        f"M {x} {y + height * 0.72} C {x + width * 0.25} {y + height * 0.5} {x + width * 0.45} {y + height * 0.62} {x + width} {y + height * 0.66} L {x + width} {y + height} L {x} {y + height} Z",
        mix(hill, sky[1], 0.45),
    )
    c.path(
        f"M {x} {y + height * 0.86} C {x + width * 0.3} {y + height * 0.74} {x + width * 0.6} {y + height * 0.92} {x + width} {y + height * 0.74} L {x + width} {y + height} L {x} {y + height} Z",
        hill,
    )
    if rain:
        drops = random.Random(7)
        for _drop in range(46):
            left, top = x + drops.uniform(14, width - 14), y + drops.uniform(10, height - 50)
            c.line(f"M {left} {top} L {left - 6} {top + 32}", "#ffffff", 3, opacity=0.5)
    c.box(x + width / 2 - 6, y, 12, height, "#fbf4e6")
    c.box(x, y + height * 0.44, width, 12, "#fbf4e6")
    c.box(x - 44, y + height + 14, width + 88, 24, ("#fffaf0", "#d9ccb2"), radius=6)


def _shelf(c: Canvas, y: float, left: float = 120, right: float = 1480) -> None:
    c.shadow((left + right) / 2, y + 44, (right - left) / 2, 16, opacity=0.12)
    c.box(left, y, right - left, 26, ("#d8ab78", "#ab7a4a"), radius=5)


def _bunting(c: Canvas, color: Color) -> None:
    """Leaves that hang into the picture from above, out of focus as it were."""
    for x, length, turn in ((60, 260, 168), (190, 190, 196), (1440, 230, 170), (1560, 280, 200)):
        with c.at(x, -30, turn=turn):
            vessels.sprig(c, length, mix(color, CREAM, 0.25), pairs=5)


def _row(c: Canvas, ground: float, *items: tuple[Thing, float, float]) -> None:
    for thing, x, scale in items:
        thing.draw(c, x, ground, scale * 0.92)


def morning_pot(c: Canvas) -> None:
    _room(c, SAGE, "#c99566")
    _window(c, 930, 90, 470, 430, sky=("#bfe0e4", "#f8e6c4"), hill=FERN)
    _row(
        c,
        740,
        (Thing("fern", FERN, CLAY), 250, 0.95),
        (Thing("teapot", FOREST, OCHRE), 640, 1.0),
        (Thing("cup", CREAM, CLAY), 1080, 0.82),
        (Thing("jar", OCHRE, CLAY), 1390, 0.66),
    )


def low_light(c: Canvas) -> None:
    c.background((mix(FOREST, CREAM, 0.24), mix(FOREST, CREAM, 0.12)))
    c.ellipse(820, 420, 520, 520, mix(FOREST, CREAM, 0.32), opacity=0.7)
    _shelf(c, 780)
    _row(
        c,
        782,
        (Thing("snake_plant", "#4f8a60", BLUSH), 300, 0.98),
        (Thing("fern", "#6aa06a", OCHRE), 800, 1.16),
        (Thing("pilea", "#5f9a68", CLAY), 1300, 0.9),
    )


def windowsill(c: Canvas) -> None:
    c.background((mix(OCHRE, CREAM, 0.66), mix(OCHRE, CREAM, 0.5)))
    _window(c, 300, 50, 1000, 590, sky=("#a9d6dd", "#eaf4e2"), hill=MOSS)
    c.box(120, 690, 1360, 60, ("#fffaf0", "#dccfb4"), radius=8)
    c.polygon([(0, 750), (1600, 750), (1600, 900), (0, 900)], mix(OCHRE, CREAM, 0.42))
    _row(
        c,
        716,
        (Thing("herb", "#4d8f4f", CLAY), 360, 0.84),
        (Thing("herb", "#7ba05a", SKY), 690, 0.72),
        (Thing("herb", "#3f7d5b", OCHRE), 1000, 0.9),
        (Thing("watering_can", BLUSH, CREAM), 1320, 0.6),
    )


def gongfu(c: Canvas) -> None:
    _room(c, NIGHT, "#6d4a35")
    c.background(("#2b4754", "#3c5c5d"))
    c.ellipse(1180, 300, 190, 190, ("#f4e3b8", "#e9c98a"), opacity=0.92)
    c.path("M 0 640 C 240 470 430 560 640 610 C 900 460 1200 520 1600 600 L 1600 700 L 0 700 Z", "#35545a")
    c.polygon([(0, 660), (1600, 660), (1600, 900), (0, 900)], ("#8a5f43", "#5d3d2b"))
    c.box(230, 716, 1140, 54, ("#a97a52", "#7b5335"), radius=12)
    _row(
        c,
        738,
        (Thing("gaiwan", "#e7ece4", FERN), 560, 0.9),
        (Thing("teapot", PLUM, OCHRE), 1010, 0.8),
        (Thing("bowl", STONE, CLAY), 250, 0.56),
        (Thing("tin", FOREST, OCHRE), 1400, 0.72),
    )


def repotting(c: Canvas) -> None:
    _room(c, BLUSH, "#b98557")
    c.path("M 120 680 L 120 330 C 120 -40 760 -40 760 330 L 760 680 Z", mix(BLUSH, CREAM, 0.66))
    c.ellipse(980, 752, 260, 26, "#4a3526", opacity=0.55)
    _row(
        c,
        744,
        (Thing("monstera", FERN, CLAY), 440, 1.02),
        (Thing("bare_pot", CLAY, OCHRE), 930, 0.76),
        (Thing("trowel", FOREST, OCHRE), 1290, 0.82),
    )


def blending(c: Canvas) -> None:
    c.background((mix(CLAY, CREAM, 0.66), mix(CLAY, CREAM, 0.5)))
    _shelf(c, 420)
    _shelf(c, 830)
    _row(
        c,
        416,
        (Thing("tin", FOREST, OCHRE), 280, 0.58),
        (Thing("tin", CLAY, FERN), 560, 0.58),
        (Thing("pouch", SAGE, CLAY), 840, 0.56),
        (Thing("tin", NIGHT, OCHRE), 1110, 0.58),
        (Thing("carton", OCHRE, PLUM), 1360, 0.54),
    )
    _row(
        c,
        826,
        (Thing("pouch", PLUM, OCHRE), 270, 0.54),
        (Thing("jar", OCHRE, FERN), 540, 0.56),
        (Thing("teapot", CREAM, CLAY), 880, 0.62),
        (Thing("tin", SKY, PLUM), 1190, 0.56),
        (Thing("tin", MOSS, CLAY), 1400, 0.56),
    )


def cold_spring(c: Canvas) -> None:
    c.background(("#b5d6dc", "#f3ecd4"))
    c.ellipse(1220, 230, 120, 120, "#fff3cf")
    c.path("M 0 520 C 300 330 600 400 860 480 C 1120 380 1380 400 1600 470 L 1600 900 L 0 900 Z", "#a9c3a0")
    c.path("M 0 620 C 400 500 800 620 1600 540 L 1600 900 L 0 900 Z", "#86ab7c")
    c.path("M 0 720 C 500 650 1000 740 1600 660 L 1600 900 L 0 900 Z", ("#7a5a3f", "#573d2a"))
    for x in range(90, 1600, 128):
        with c.at(x, 726 + 14 * math.sin(x)):
            vessels.sprig(c, 74 + 20 * math.sin(x * 1.7), "#6fa05c", pairs=2, width=0.6)
    _row(
        c,
        800,
        (Thing("seeds", FERN, CLAY), 430, 0.9),
        (Thing("seeds", PLUM, OCHRE), 790, 0.78),
        (Thing("gloves", OCHRE, FERN), 1180, 0.84),
    )


def kettle_care(c: Canvas) -> None:
    _room(c, SKY, "#d9cbb2")
    for row in range(7):
        for column in range(17):
            c.box(
                column * 100 + (50 if row % 2 else 0) - 60,
                row * 94 + 4,
                92,
                86,
                ("#eef4f1", "#dbe7e4"),
                radius=4,
                opacity=0.75,
            )
    _row(
        c,
        742,
        (Thing("kettle", CLAY, "#8a5a3a"), 720, 1.18),
        (Thing("bottle", "#dfe8d8", OCHRE), 1180, 0.8),
        (Thing("herb", FERN, CREAM), 240, 0.66),
    )


def wet_afternoon(c: Canvas) -> None:
    _room(c, NIGHT, "#9a6b45")
    _window(c, 480, 70, 640, 470, sky=("#7d98a3", "#b9c8c6"), hill="#4d6f63", rain=True)
    _row(
        c,
        748,
        (Thing("cake", BLUSH, FOREST), 470, 0.96),
        (Thing("mug", OCHRE, FOREST), 930, 0.8),
        (Thing("succulents", FERN, CLAY), 1310, 0.68),
    )


def presents(c: Canvas) -> None:
    c.background((mix(FERN, CREAM, 0.6), mix(FERN, CREAM, 0.4)))
    c.ellipse(800, 480, 560, 420, mix(FERN, CREAM, 0.74), opacity=0.8)
    c.polygon([(0, 690), (1600, 690), (1600, 900), (0, 900)], (mix(FERN, CREAM, 0.24), mix(FERN, CREAM, 0.1)))
    _bunting(c, FERN)
    _row(
        c,
        758,
        (Thing("orchid", BLUSH, CREAM), 260, 0.9),
        (Thing("carton", PLUM, OCHRE), 620, 0.78),
        (Thing("mug", SKY, CLAY), 920, 0.7),
        (Thing("jar", OCHRE, CLAY), 1180, 0.72),
        (Thing("twine", "#c9a876", FOREST), 1430, 0.5),
    )


def potter(c: Canvas) -> None:
    c.background((mix(STONE, CREAM, 0.5), mix(STONE, CREAM, 0.3)))
    _shelf(c, 400)
    _shelf(c, 820)
    _row(
        c,
        396,
        (Thing("cup", BLUSH, CREAM), 330, 0.5),
        (Thing("mug", SKY, CREAM), 640, 0.56),
        (Thing("gaiwan", CREAM, CLAY), 940, 0.56),
        (Thing("mug", SAGE, CLAY), 1270, 0.56),
    )
    _row(
        c,
        816,
        (Thing("bare_pot", CLAY, CREAM), 340, 0.62),
        (Thing("bowl", SAGE, OCHRE), 720, 0.6),
        (Thing("teapot", OCHRE, CREAM), 1080, 0.62),
        (Thing("bare_pot", SKY, CREAM), 1380, 0.46),
    )


def slow_water(c: Canvas) -> None:
    c.background(("#f7dfb4", "#f3ead2"))
    c.ellipse(400, 300, 170, 170, "#fbeecb")
    c.path("M 0 600 C 320 420 640 520 900 560 C 1200 440 1420 500 1600 540 L 1600 900 L 0 900 Z", "#b9c38c")
    c.path("M 0 700 C 420 600 900 720 1600 620 L 1600 900 L 0 900 Z", ("#8fa968", "#6d8b4a"))
    _row(
        c,
        780,
        (Thing("olive", "#7d9471", CLAY), 300, 1.02),
        (Thing("watering_can", FOREST, OCHRE), 830, 0.98),
        (Thing("herb", FERN, BLUSH), 1330, 0.9),
    )


def storefront(c: Canvas) -> None:
    """The picture at the head of the home page."""
    c.background((mix(SAGE, CREAM, 0.5), mix(SAGE, CREAM, 0.3)))
    c.path("M 520 700 L 520 420 C 520 -90 1400 -90 1400 420 L 1400 700 Z", ("#f7ecd2", "#f1dcb2"))
    c.ellipse(1130, 260, 96, 96, "#fff8e4")
    c.path("M 520 560 C 740 400 980 520 1400 430 L 1400 700 L 520 700 Z", mix(SAGE, "#f1dcb2", 0.35))
    c.path("M 520 640 C 800 540 1100 660 1400 560 L 1400 700 L 520 700 Z", mix(FERN, SAGE, 0.5))
    c.polygon([(0, 690), (1600, 690), (1600, 900), (0, 900)], ("#d6a877", "#b07d50"))
    c.polygon([(0, 690), (1600, 690), (1600, 700), (0, 700)], "#ecc79b", opacity=0.8)
    _row(
        c,
        770,
        (Thing("monstera", FERN, CLAY), 240, 1.16),
        (Thing("tin", NIGHT, OCHRE), 560, 0.74),
        (Thing("kettle", CLAY, "#7d4f33"), 930, 1.05),
        (Thing("cup", CREAM, FERN), 1290, 0.66),
        (Thing("fern", "#5b9464", BLUSH), 1500, 0.72),
    )


def about(c: Canvas) -> None:
    _room(c, CLAY, "#8a5f43")
    _window(c, 160, 100, 420, 430, sky=("#f8d9a8", "#f6ead0"), hill=MOSS)
    _shelf(c, 330, 760, 1460)
    _row(
        c,
        326,
        (Thing("jar", OCHRE, FERN), 880, 0.42),
        (Thing("tin", FOREST, OCHRE), 1060, 0.42),
        (Thing("tin", PLUM, OCHRE), 1210, 0.42),
        (Thing("pouch", SAGE, CLAY), 1360, 0.42),
    )
    _row(
        c,
        750,
        (Thing("snake_plant", FERN, CREAM), 220, 0.8),
        (Thing("teapot", FOREST, OCHRE), 640, 0.8),
        (Thing("cup", CREAM, CLAY), 980, 0.66),
        (Thing("pilea", "#5f9a68", SKY), 1340, 0.82),
    )


SCENES: dict[str, Callable[[Canvas], None]] = {
    function.__name__: function
    for function in (
        morning_pot, low_light, windowsill, gongfu, repotting, blending, cold_spring, kettle_care, wet_afternoon,
        presents, potter, slow_water, storefront, about,
    )
}  # fmt: skip
