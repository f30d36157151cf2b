"""Plants, what they grow in, and the tools to look after them. Each stands on (0, 0) and grows upwards."""
# ruff: noqa: E501  paths of drawings are read as a picture, not as prose

from __future__ import annotations

import math

from example_site.demo.art.canvas import Canvas, Color, darker, lighter, mix
from example_site.demo.art.vessels import CREAM, STEEL, WOOD, leaf, sprig


def _round(color: Color, depth: float = 0.22) -> tuple[Color, Color, str]:
    return lighter(color, 0.12), darker(color, depth), "h"


def pot(c: Canvas, color: Color, accent: Color, *, width: float = 280, height: float = 230) -> None:
    """A tapered pot; its rim is at ``-height``."""
    top, foot = width / 2, width * 0.36
    c.shadow(12, 2, foot * 1.3, 20)
    c.path(f"M {-top} {-height} L {-foot} -12 Q 0 {foot * 0.16} {foot} -12 L {top} {-height} Z", _round(color, 0.26))
    c.path(
        f"M {-top + 14} {-height + 20} L {-foot + 12} -14 L {-foot + 40} -6 L {-top + 52} {-height + 20} Z",
        "#ffffff",
        opacity=0.16,
    )
    c.path(
        f"M {-top * 0.94} {-height * 0.62} Q 0 {-height * 0.5} {top * 0.94} {-height * 0.62} "
        f"L {top * 0.88} {-height * 0.44} Q 0 {-height * 0.32} {-top * 0.88} {-height * 0.44} Z",
        accent,
        opacity=0.85,
    )
    c.path(
        f"M {-top - 14} {-height - 8} L {-top - 8} {-height + 30} Q 0 {-height + 66} {top + 8} {-height + 30} L {top + 14} {-height - 8} Z",
        _round(lighter(color, 0.06), 0.2),
    )
    c.ellipse(0, -height - 8, top + 14, top * 0.2, lighter(color, 0.22))
    c.ellipse(0, -height - 5, top, top * 0.15, "#4a3526")


def bare_pot(c: Canvas, color: Color, accent: Color) -> None:
    """Two pots, one inside the light of the other."""
    with c.at(92, -6, 0.72):
        pot(c, mix(color, CREAM, 0.35), accent, width=330, height=270)
    with c.at(-52, 0):
        pot(c, color, accent, width=340, height=300)


def hanging(c: Canvas, color: Color, accent: Color) -> None:
    """A hanging planter with trailing stems."""
    for x in (-150, 0, 150):
        c.line(f"M 0 -560 L {x} -250", mix(WOOD, CREAM, 0.4), 7)
    c.ellipse(0, -560, 15, 15, darker(WOOD, 0.2))
    for x, length in ((-150, 240), (-104, 330), (-52, 270), (8, 350), (66, 280), (118, 340), (158, 220)):
        _trail(c, x, -250, length, accent)
    c.path("M -170 -262 C -160 -120 -100 -60 0 -56 C 100 -60 160 -120 170 -262 Z", _round(color))
    c.path("M -152 -246 C -142 -150 -106 -100 -70 -80 C -104 -130 -112 -190 -112 -246 Z", "#ffffff", opacity=0.18)
    c.ellipse(0, -262, 170, 28, lighter(color, 0.22))
    for x in range(-150, 151, 30):
        with c.at(x, -256, turn=x * 0.32):
            leaf(c, 74 - abs(x) * 0.12, accent, width=0.7)
    for x, length in ((-130, 150), (-30, 210), (92, 190), (146, 130)):
        _trail(c, x, -240, length, lighter(accent, 0.1))


def _trail(c: Canvas, x: float, y: float, length: float, color: Color) -> None:
    end = x * 1.16
    c.line(
        f"M {x} {y} C {x * 1.1} {y + length * 0.3} {end} {y + length * 0.6} {end} {y + length}", darker(color, 0.12), 5
    )
    steps = int(length / 30)
    for index in range(1, steps + 1):
        at = index / steps
        with c.at(x + (end - x) * at, y + length * at, turn=118 if index % 2 else -118):
            leaf(c, 42 - at * 10, color, width=0.72, vein=False)


def fern(c: Canvas, color: Color, accent: Color) -> None:
    """A fern: arching fronds with many small leaves."""
    for turn, length, bend in (
        (-74, 300, -70),
        (74, 300, 70),
        (-48, 360, -56),
        (48, 360, 56),
        (-22, 400, -30),
        (22, 400, 30),
        (0, 420, 8),
    ):
        with c.at(0, -220, turn=turn * 0.72):
            _frond(c, length, bend, mix(color, "#dbe7a8", 0.16 if turn % 4 else 0.0))
    pot(c, accent, lighter(accent, 0.25), width=270, height=210)


def _frond(c: Canvas, length: float, bend: float, color: Color) -> None:
    steps = 13
    previous = (0.0, 0.0)
    for index in range(1, steps + 1):
        at = index / steps
        x, y = bend * at * at, -length * at
        c.line(f"M {previous[0]} {previous[1]} L {x} {y}", darker(color, 0.12), 6 - 3 * at)
        size = 92 * math.sin(math.pi * (0.16 + 0.8 * at)) * (1 - at * 0.25) + 14
        for side in (-66, 66):
            with c.at(x, y, turn=side + bend * at * 0.5):
                leaf(c, size, color, width=0.34, vein=False)
        previous = (x, y)


def monstera(c: Canvas, color: Color, accent: Color) -> None:
    """Large heart-shaped leaves with slits."""
    for turn, length, size in ((-58, 250, 150), (60, 260, 146), (-30, 330, 168), (32, 350, 164), (0, 300, 176)):
        with c.at(0, -214, turn=turn * 0.66):
            c.line(f"M 0 0 Q {turn * 0.3} {-length * 0.5} 0 {-length}", darker(color, 0.2), 9)
            with c.at(0, -length + 34, turn=turn * 0.5):
                _split_leaf(c, size, mix(color, "#dbe7a8", 0.1 if turn < 0 else 0))
    pot(c, accent, lighter(accent, 0.25), width=280, height=206)


def _split_leaf(c: Canvas, size: float, color: Color) -> None:
    s = size
    c.path(
        f"M 0 0 C {-s * 0.5} {s * 0.34} {-s * 0.86} {-s * 0.1} {-s * 0.62} {-s * 0.58} C {-s * 0.44} {-s * 0.9} {-s * 0.14} {-s} 0 {-s * 1.2} Z",
        lighter(color, 0.1),
    )
    c.path(
        f"M 0 0 C {s * 0.5} {s * 0.34} {s * 0.86} {-s * 0.1} {s * 0.62} {-s * 0.58} C {s * 0.44} {-s * 0.9} {s * 0.14} {-s} 0 {-s * 1.2} Z",
        darker(color, 0.1),
    )
    for side in (-1, 1):
        for y, reach in ((-0.2, 0.7), (-0.46, 0.68), (-0.72, 0.52)):
            c.line(
                f"M 0 {s * (y + 0.14)} L {side * s * reach * 0.62} {s * (y - 0.02)}",
                lighter(color, 0.32),
                3,
                opacity=0.7,
            )
            c.ellipse(side * s * reach * 0.5, s * (y + 0.12), s * 0.075, s * 0.03, darker(color, 0.42), opacity=0.85)
    c.line(f"M 0 0 L 0 {-s * 1.08}", lighter(color, 0.34), 4.5)


def snake_plant(c: Canvas, color: Color, accent: Color) -> None:
    """Upright swords with a pale edge."""
    for x, height, turn in ((-60, 300, -14), (62, 290, 15), (-30, 380, -6), (34, 360, 7), (0, 430, 0)):
        with c.at(x, -200, turn=turn):
            c.path(
                f"M -30 0 C -44 {-height * 0.5} -26 {-height * 0.85} 0 {-height} C 26 {-height * 0.85} 44 {-height * 0.5} 30 0 Z",
                "#dcd98a",
            )
            c.path(
                f"M -21 0 C -33 {-height * 0.5} -18 {-height * 0.82} 0 {-height * 0.94} C 18 {-height * 0.82} 33 {-height * 0.5} 21 0 Z",
                _round(color),
            )
            for band in range(1, 7):
                y = -height * band / 8
                c.line(
                    f"M -22 {y} Q -8 {y - 15} 4 {y - 3} Q 14 {y + 5} 24 {y - 7}", lighter(color, 0.3), 4, opacity=0.55
                )
    pot(c, accent, lighter(accent, 0.3), width=260, height=210)


def pilea(c: Canvas, color: Color, accent: Color) -> None:
    """Round leaves on thin stems."""
    for turn, length, size in (
        (-88, 210, 54), (88, 210, 54), (-66, 270, 62), (66, 264, 62), (-44, 310, 64), (44, 320, 66),
        (-22, 350, 66), (22, 360, 64), (0, 380, 70), (-34, 210, 52), (34, 214, 52), (0, 250, 58),
    ):  # fmt: skip
        with c.at(0, -206, turn=turn * 0.74):
            c.line(f"M 0 0 L 0 {-length}", mix(color, "#9a5b43", 0.35), 5)
            c.ellipse(0, -length, size, size * 0.94, (lighter(color, 0.12), darker(color, 0.14)))
            c.ellipse(-size * 0.06, -length + size * 0.05, size * 0.1, size * 0.1, lighter(color, 0.55))
    pot(c, accent, lighter(accent, 0.3), width=256, height=200)


def succulents(c: Canvas, color: Color, accent: Color) -> None:
    """A wide dish with three rosettes."""
    for x, y, size, tint in ((-118, -150, 108, 0.0), (122, -148, 104, 0.24), (0, -168, 132, 0.1)):
        tone = mix(color, "#c98b92", tint * 1.6)
        with c.at(x, y):
            for ring, (count, reach) in enumerate(((13, 1.0), (10, 0.76), (7, 0.5), (4, 0.28))):
                for index in range(count):
                    with c.at(0, 0, turn=360 * index / count + ring * 16):
                        leaf(c, size * reach, lighter(tone, ring * 0.14), width=0.56, vein=False)
    c.shadow(0, 4, 240, 22)
    c.path(
        "M -250 -140 C -240 -60 -190 -8 -120 -4 L 120 -4 C 190 -8 240 -60 250 -140 Q 0 -92 -250 -140 Z", _round(accent)
    )
    c.path("M -232 -122 C -222 -70 -180 -24 -140 -14 C -170 -50 -180 -90 -178 -116 Z", "#ffffff", opacity=0.2)


def herb(c: Canvas, color: Color, accent: Color) -> None:
    """A bushy kitchen herb."""
    for x, height, turn in ((-80, 250, -26), (84, 246, 27), (-46, 300, -13), (48, 306, 14), (0, 340, 0)):
        with c.at(x * 0.5, -204, turn=turn):
            sprig(c, height, mix(color, "#dbe7a8", abs(x) / 500), pairs=5, width=0.62)
    pot(c, accent, lighter(accent, 0.28), width=266, height=208)


def olive(c: Canvas, color: Color, accent: Color) -> None:
    """A small olive tree with a round crown."""
    c.path("M -15 -200 C -20 -290 -6 -330 -12 -400 L 14 -400 C 8 -330 20 -290 15 -200 Z", _round("#8a6a4b"))
    for ring, (count, reach) in enumerate(((22, 150), (18, 112), (13, 72), (8, 36))):
        for index in range(count):
            angle = 360 * index / count + ring * 9
            x, y = reach * math.sin(math.radians(angle)), -430 - reach * 0.9 * math.cos(math.radians(angle))
            with c.at(x, y, turn=angle + (24 if index % 2 else -24)):
                leaf(c, 74, mix(color, "#d7dfc3", 0.1 + 0.12 * ((index + ring) % 3)), width=0.32, vein=False)
    for x, y in ((-72, -420), (40, -486), (96, -404), (-22, -370), (-92, -490), (10, -548)):
        c.ellipse(x, y, 11, 15, "#4c4a5e")
    pot(c, accent, lighter(accent, 0.3), width=236, height=210)


def orchid(c: Canvas, color: Color, accent: Color) -> None:
    """An arching stem of flowers."""
    c.line("M 0 -200 C -30 -400 20 -560 170 -520", "#5d7f4b", 9)
    for turn in (-72, 70, -40, 44):
        with c.at(0, -200, turn=turn):
            leaf(c, 210, "#4f7f5c", width=0.36)
    for x, y, size in ((176, -506, 40), (124, -528, 54), (62, -504, 62), (18, -446, 66), (2, -372, 60)):
        with c.at(x, y):
            for turn in (0, 72, 144, 216, 288):
                with c.at(0, 0, turn=turn):
                    leaf(c, size, color, width=0.86, vein=False)
            c.ellipse(0, 4, size * 0.24, size * 0.2, darker(color, 0.35))
            c.ellipse(0, 2, size * 0.11, size * 0.1, "#f2c14e")
    pot(c, accent, lighter(accent, 0.3), width=230, height=200)


def watering_can(c: Canvas, color: Color, accent: Color) -> None:
    """A can with a long spout and a rose."""
    c.shadow(0, 2, 250, 24)
    c.line("M -150 -250 C -300 -250 -290 -50 -140 -60", darker(color, 0.24), 24)
    c.line("M -90 -300 C -60 -430 60 -430 96 -300", darker(color, 0.24), 24)
    c.path("M 120 -96 L 270 -318 L 300 -300 L 128 -28 Z", _round(color, 0.3))
    with c.at(288, -316, turn=35):
        c.path("M -20 16 L -46 -34 L 46 -34 L 20 16 Z", _round(darker(color, 0.08)))
        c.ellipse(0, -34, 46, 15, lighter(color, 0.25))
        for x in (-26, -9, 9, 26):
            c.ellipse(x, -34, 4, 3, darker(color, 0.4))
    c.path("M -148 -300 L -164 -16 Q 0 30 164 -16 L 148 -300 Z", _round(color, 0.3))
    c.path("M -132 -286 L -146 -20 L -112 -8 L -100 -282 Z", "#ffffff", opacity=0.2)
    c.path("M -154 -200 Q 0 -158 154 -200 L 157 -160 Q 0 -116 -157 -160 Z", accent, opacity=0.9)
    c.ellipse(0, -300, 148, 30, lighter(color, 0.2))
    c.path("M -138 -300 C -90 -326 30 -330 0 -272 C -60 -270 -120 -280 -138 -300 Z", darker(color, 0.35))


def trowel(c: Canvas, color: Color, accent: Color) -> None:
    """Hand tools: a trowel and a fork, crossed."""
    c.shadow(0, 4, 210, 18)
    with c.at(120, -10, turn=-26):
        _handle(c, color, accent)
        c.path(
            "M -62 -250 L -62 -380 L -46 -380 L -46 -268 L -8 -268 L -8 -410 L 8 -410 L 8 -268 L 46 -268 L 46 -380 L 62 -380 L 62 -250 Q 40 -214 14 -212 L -14 -212 Q -40 -214 -62 -250 Z",
            _round(STEEL, 0.35),
        )
    with c.at(-120, -10, turn=26):
        _handle(c, color, accent)
        c.path(
            "M -62 -250 C -70 -340 -40 -410 0 -450 C 40 -410 70 -340 62 -250 Q 36 -214 0 -212 Q -36 -214 -62 -250 Z",
            _round(STEEL, 0.35),
        )
        c.path("M -44 -256 C -50 -330 -30 -384 -4 -420 C -20 -360 -22 -310 -20 -240 Z", "#ffffff", opacity=0.4)


def _handle(c: Canvas, color: Color, accent: Color) -> None:
    c.line("M 0 -230 L 0 -150", darker(STEEL, 0.25), 18)
    c.box(-25, -168, 50, 168, _round(color), radius=24)
    c.box(-27, -168, 54, 26, _round(accent), radius=8)
    c.ellipse(0, -22, 7, 7, darker(color, 0.4))


def secateurs(c: Canvas, color: Color, accent: Color) -> None:
    """Secateurs, open."""
    c.shadow(0, 2, 150, 18)
    with c.at(0, -250, turn=16):
        c.path("M -14 6 C -60 -80 -40 -180 24 -232 C 26 -150 30 -70 16 4 Z", _round(STEEL, 0.32))
        c.line("M 6 10 C 40 90 20 170 -4 250", color, 44)
        c.line("M 0 24 C 26 90 8 170 -14 236", lighter(color, 0.3), 8, opacity=0.7)
    with c.at(0, -250, turn=-16):
        c.path("M 14 6 C 40 -60 26 -130 -14 -170 C -34 -110 -30 -50 -16 4 Z", _round(darker(STEEL, 0.18), 0.32))
        c.line("M -6 10 C -40 90 -20 170 4 250", darker(color, 0.1), 44)
    c.ellipse(0, -250, 26, 26, _round(accent))
    c.ellipse(0, -250, 9, 9, darker(accent, 0.4))


def seeds(c: Canvas, color: Color, accent: Color) -> None:
    """A seed packet with a flower, a second one behind."""
    c.shadow(10, 4, 200, 20)
    with c.at(86, -6, turn=10):
        c.box(-132, -396, 264, 392, _round(mix(accent, CREAM, 0.35), 0.12), radius=10)
    c.box(-152, -420, 284, 416, _round(CREAM, 0.08), radius=10)
    c.box(-152, -420, 284, 84, _round(color, 0.16), radius=10)
    c.box(-106, -392, 192, 12, CREAM, radius=6)
    c.box(-70, -368, 120, 8, mix(CREAM, color, 0.3), radius=4)
    with c.at(-10, -28):
        c.line("M 0 0 L 0 -170", "#5d7f4b", 9)
        for turn in (-62, 62):
            with c.at(0, -30, turn=turn):
                leaf(c, 104, "#5f8f5d")
        with c.at(0, -186):
            for index in range(12):
                with c.at(0, 0, turn=30 * index):
                    leaf(c, 88, accent if index % 2 else lighter(accent, 0.2), width=0.4, vein=False)
            c.ellipse(0, 0, 32, 32, ("#f2c14e", "#d99a2b"))


def gloves(c: Canvas, color: Color, accent: Color) -> None:
    """Garden gloves, a pair."""
    c.shadow(0, 6, 210, 20)
    for x, side, tone in ((92, -1, darker(color, 0.12)), (-84, 1, color)):
        with c.at(x, -10, turn=6 * side):
            for finger, height in ((-66, 330), (-22, 372), (22, 366), (64, 326)):
                c.box(finger - 23, -height, 46, 190, _round(tone, 0.12), radius=23)
            c.path(
                f"M {90 * side} -150 C {150 * side} -190 {160 * side} -250 {132 * side} -270 C {100 * side} -284 {84 * side} -230 {70 * side} -220 Z",
                _round(tone, 0.1),
            )
            c.box(-90, -238, 180, 180, _round(tone, 0.14), radius=44)
            c.box(-84, -92, 168, 84, _round(accent, 0.14), radius=14)
            for stripe in (-70, -48, -26):
                c.box(-84, stripe, 168, 6, CREAM, opacity=0.7)


def twine(c: Canvas, color: Color, accent: Color) -> None:
    """A ball of garden twine with a loose end."""
    c.shadow(0, 4, 210, 24)
    c.line("M 150 -40 C 260 -10 300 -70 330 -30", color, 10)
    c.ellipse(0, -180, 190, 182, (lighter(color, 0.14), darker(color, 0.22), "h"))
    for offset in range(-150, 151, 25):
        c.line(
            f"M {-170 + abs(offset) * 0.3} {-180 + offset * 0.9} Q {offset * 0.4} {-180 + offset * 1.3} {170 - abs(offset) * 0.3} {-200 + offset * 0.9}",
            darker(color, 0.2),
            5,
            opacity=0.6,
        )
        c.line(
            f"M {offset * 0.9} {-340 + abs(offset) * 0.5} Q {offset * 1.3 + 20} -180 {offset * 0.9} {-24 - abs(offset) * 0.5}",
            lighter(color, 0.34),
            4,
            opacity=0.55,
        )
    c.path("M -186 -216 Q 0 -168 186 -216 L 188 -146 Q 0 -92 -188 -146 Z", accent)
    with c.at(0, -132, 0.8):
        sprig(c, 60, CREAM, pairs=2)
