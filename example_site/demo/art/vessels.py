"""Things to brew, pour and keep in. Each is drawn standing on (0, 0), growing upwards, about 500 high at the most."""
# ruff: noqa: E501  paths of drawings are read as a picture, not as prose

from __future__ import annotations

from example_site.demo.art.canvas import Canvas, Color, darker, lighter, mix

CREAM = "#fbf4e6"
INK = "#24362f"
WOOD = "#b98557"
STEEL = "#aebbb8"


def _round(color: Color, depth: float = 0.22) -> tuple[Color, Color, str]:
    """Return the shading of something round: light from the left."""
    return lighter(color, 0.12), darker(color, depth), "h"


def leaf(c: Canvas, length: float, color: Color, *, width: float = 0.42, vein: bool = True) -> None:
    """A single leaf that grows up from (0, 0)."""
    half = length * width / 2
    c.path(f"M 0 0 C {-half * 1.5} {-length * 0.25} {-half} {-length * 0.8} 0 {-length} Z", lighter(color, 0.08))
    c.path(f"M 0 0 C {half * 1.5} {-length * 0.25} {half} {-length * 0.8} 0 {-length} Z", darker(color, 0.1))
    if vein:
        c.line(f"M 0 0 L 0 {-length * 0.86}", lighter(color, 0.3), max(1.5, length * 0.014), opacity=0.8)


def sprig(c: Canvas, height: float, color: Color, *, pairs: int = 4, width: float = 0.4) -> None:
    """A stem with leaves left and right: our emblem."""
    c.line(f"M 0 0 L 0 {-height * 0.92}", darker(color, 0.15), height * 0.022)
    for index in range(pairs):
        y = -height * (0.18 + 0.62 * index / max(1, pairs - 1))
        size = height * (0.36 - 0.035 * index)
        for turn in (-56 + index * 4, 56 - index * 4):
            with c.at(0, y, turn=turn):
                leaf(c, size, color, width=width, vein=size > 40)
    with c.at(0, -height * 0.78):
        leaf(c, height * 0.26, color, width=width, vein=False)


def _label(c: Canvas, y: float, width: float, height: float, color: Color, *, accent: Color) -> None:
    c.box(-width / 2, y - height / 2, width, height, (CREAM, mix(CREAM, color, 0.1), "h"), radius=14)
    c.box(-width / 2 + 9, y - height / 2 + 9, width - 18, height - 18, mix(CREAM, accent, 0.16), radius=9)
    c.box(-width / 2 + 11, y - height / 2 + 11, width - 22, height - 22, CREAM, radius=8)
    with c.at(0, y + height * 0.17):
        sprig(c, height * 0.5, accent, pairs=3)
    c.box(-width * 0.2, y + height * 0.25, width * 0.4, 5, darker(accent, 0.2), radius=2.5)
    c.box(-width * 0.12, y + height * 0.33, width * 0.24, 4, mix(accent, CREAM, 0.35), radius=2)


def tin(c: Canvas, color: Color, accent: Color) -> None:
    """A round tea caddy with a label."""
    c.shadow(20, 0, 190, 26)
    c.path("M -150 -330 L 150 -330 L 150 -8 Q 0 44 -150 -8 Z", _round(color))
    c.path("M -150 -330 L -112 -326 L -112 10 Q -135 4 -150 -8 Z", "#ffffff", opacity=0.14)
    c.path("M -160 -420 L 160 -420 L 160 -318 Q 0 -272 -160 -318 Z", _round(darker(color, 0.1)))
    c.path("M -160 -338 L 160 -338 L 160 -318 Q 0 -272 -160 -318 Z", "#0d1f18", opacity=0.14)
    c.ellipse(0, -420, 160, 40, (lighter(color, 0.22), color))
    c.ellipse(0, -422, 128, 29, darker(color, 0.08))
    c.ellipse(0, -426, 128, 29, lighter(color, 0.12))
    c.ellipse(0, -444, 30, 13, _round(accent))
    _label(c, -158, 196, 210, color, accent=accent)


def pouch(c: Canvas, color: Color, accent: Color) -> None:
    """A stand-up paper pouch, folded at the top, with a window of leaf."""
    c.shadow(16, 2, 180, 24)
    c.path("M -142 -392 Q -158 -180 -168 -22 Q 0 34 168 -22 Q 158 -180 142 -392 Z", _round(color, 0.16))
    c.path("M -142 -392 Q -158 -180 -168 -22 Q -140 2 -104 8 Q -112 -180 -104 -392 Z", "#ffffff", opacity=0.14)
    c.path("M 120 -392 Q 118 -180 124 4 Q 150 -6 168 -22 Q 158 -180 142 -392 Z", "#0d1f18", opacity=0.07)
    c.path("M -146 -470 L 146 -470 L 142 -388 L -142 -388 Z", _round(darker(color, 0.12), 0.14))
    c.line("M -142 -388 L 142 -388", darker(color, 0.28), 4, opacity=0.5)
    c.box(-152, -458, 304, 20, _round(accent), radius=6)
    _label(c, -236, 186, 170, color, accent=accent)
    c.ellipse(0, -84, 74, 44, darker(color, 0.25))
    c.ellipse(0, -82, 68, 39, mix(accent, "#3a2c1c", 0.5))
    for x, y, turn in ((-38, -80, 50), (-14, -68, -30), (10, -84, 80), (34, -70, 20), (-8, -96, 130), (40, -94, -60)):
        with c.at(x, y, turn=turn):
            leaf(c, 32, accent, width=0.5, vein=False)


def carton(c: Canvas, color: Color, accent: Color) -> None:
    """A box of tea bags, seen from a corner, one bag hanging out."""
    c.shadow(10, 6, 220, 26)
    c.path("M -180 -300 L 70 -276 L 70 14 L -180 -14 Z", (lighter(color, 0.08), color))
    c.path("M 70 -276 L 180 -318 L 180 -36 L 70 14 Z", (darker(color, 0.16), darker(color, 0.28)))
    c.path("M -180 -300 L -66 -340 L 180 -318 L 70 -276 Z", lighter(color, 0.3))
    c.path("M -180 -112 L 70 -92 L 70 -62 L -180 -82 Z", accent)
    c.path("M 70 -92 L 180 -138 L 180 -108 L 70 -62 Z", darker(accent, 0.2))
    with c.at(-55, -124):
        sprig(c, 130, CREAM, pairs=4)
    c.line("M 18 -292 C 40 -220 60 -190 112 -150", CREAM, 3.5)
    with c.at(112, -150, turn=-10):
        c.box(-24, 0, 48, 58, CREAM, radius=4)
        with c.at(0, 46):
            sprig(c, 34, accent, pairs=2)


def kettle(c: Canvas, color: Color, accent: Color) -> None:
    """A stove-top kettle with a high handle."""
    c.shadow(0, 2, 230, 26)
    c.path("M 150 -210 C 210 -220 218 -300 268 -312 L 282 -286 C 252 -270 248 -170 168 -118 Z", _round(color, 0.3))
    c.ellipse(275, -299, 9, 16, darker(color, 0.4))
    c.line("M -128 -268 C -150 -470 150 -470 128 -268", darker(color, 0.35), 22)
    c.line("M -78 -398 C -30 -428 30 -428 78 -398", accent, 34)
    c.line("M -70 -404 C -30 -430 30 -430 62 -408", lighter(accent, 0.25), 8, opacity=0.7)
    c.path(
        "M -120 -286 C -210 -250 -220 -90 -186 -14 Q 0 30 186 -14 C 220 -90 210 -250 120 -286 Z", _round(color, 0.32)
    )
    c.path(
        "M -140 -262 C -196 -220 -206 -100 -180 -24 L -140 -10 C -166 -100 -160 -200 -104 -268 Z",
        "#ffffff",
        opacity=0.2,
    )
    c.path("M -190 -42 Q 0 6 190 -42 L 186 -14 Q 0 30 -186 -14 Z", darker(color, 0.35))
    c.ellipse(0, -286, 121, 26, darker(color, 0.16))
    c.path("M -108 -290 C -90 -340 90 -340 108 -290 Q 0 -262 -108 -290 Z", _round(lighter(color, 0.06)))
    c.ellipse(0, -340, 26, 22, _round(accent))


def teapot(c: Canvas, color: Color, accent: Color) -> None:
    """A round-bellied teapot."""
    c.shadow(0, 2, 240, 26)
    c.line("M -168 -236 C -320 -290 -320 -60 -158 -78", darker(color, 0.12), 30)
    c.line("M -172 -240 C -308 -278 -308 -90 -170 -92", lighter(color, 0.2), 8, opacity=0.5)
    c.path("M 138 -110 C 220 -120 214 -250 290 -276 L 304 -244 C 270 -210 282 -80 150 -44 Z", _round(color, 0.28))
    c.ellipse(297, -260, 10, 20, darker(color, 0.45))
    c.path("M -112 -284 C -240 -240 -226 -40 -118 -6 Q 0 18 118 -6 C 226 -40 240 -240 112 -284 Z", _round(color, 0.28))
    c.path("M -132 -262 C -216 -210 -206 -70 -134 -26 C -176 -90 -170 -210 -96 -274 Z", "#ffffff", opacity=0.26)
    c.path("M -197 -150 Q 0 -98 197 -150 L 193 -112 Q 0 -58 -193 -112 Z", accent, opacity=0.9)
    for x in (-130, -78, -26, 26, 78, 130):
        c.ellipse(x, -97 + 16 - abs(x) * 0.16 - 8, 9, 9, CREAM)
    c.ellipse(0, -284, 114, 22, darker(color, 0.25))
    c.path("M -102 -288 C -84 -340 84 -340 102 -288 Q 0 -262 -102 -288 Z", _round(color))
    c.ellipse(0, -346, 26, 25, _round(accent))
    c.box(-96, -12, 192, 16, darker(color, 0.3), radius=8)


def glass_teapot(c: Canvas, color: Color, accent: Color) -> None:
    """A glass pot in which a flower opens."""
    c.shadow(0, 2, 220, 24, opacity=0.16)
    c.line("M -160 -226 C -290 -270 -290 -70 -152 -88", "#ffffff", 24, opacity=0.75)
    c.path("M 138 -104 C 210 -120 206 -236 274 -262 L 288 -236 C 258 -206 268 -80 150 -52 Z", "#ffffff", opacity=0.6)
    shape = "M -104 -274 C -226 -232 -214 -40 -112 -6 Q 0 16 112 -6 C 214 -40 226 -232 104 -274 Z"
    c.path(shape, ("#ffffff", "#d9e8e2"), opacity=0.75)
    c.path(
        "M -190 -176 Q 0 -146 190 -176 C 206 -90 176 -32 106 -12 Q 0 8 -106 -12 C -176 -32 -206 -90 -190 -176 Z",
        (lighter(color, 0.2), color),
        opacity=0.85,
    )
    c.ellipse(0, -174, 188, 17, lighter(color, 0.4), opacity=0.8)
    with c.at(0, -34):
        for turn in (-66, -33, 0, 33, 66):
            with c.at(0, 0, turn=turn):
                leaf(c, 96, accent, width=0.5, vein=False)
        for turn in (-46, -16, 16, 46):
            with c.at(0, 0, turn=turn):
                leaf(c, 70, lighter(accent, 0.3), width=0.5, vein=False)
        c.ellipse(0, -12, 22, 16, "#f2c14e")
    c.path("M -124 -252 C -196 -204 -190 -90 -150 -44 C -166 -110 -160 -200 -96 -262 Z", "#ffffff", opacity=0.7)
    c.path("M -96 -278 C -80 -324 80 -324 96 -278 Q 0 -254 -96 -278 Z", ("#ffffff", "#cfe0d9"), opacity=0.9)
    c.ellipse(0, -330, 22, 20, _round(WOOD))


def cup(c: Canvas, color: Color, accent: Color) -> None:
    """A cup with tea in it, on a saucer."""
    c.shadow(0, 4, 240, 24)
    c.ellipse(0, -12, 232, 34, darker(color, 0.2))
    c.ellipse(0, -22, 232, 34, (lighter(color, 0.25), color, "h"))
    c.ellipse(0, -22, 150, 20, darker(color, 0.12))
    c.line("M 140 -212 C 262 -240 262 -80 116 -92", darker(color, 0.14), 24)
    c.path("M -164 -242 C -162 -120 -130 -34 -62 -26 L 62 -26 C 130 -34 162 -120 164 -242 Z", _round(color))
    c.path("M -152 -226 C -150 -130 -124 -60 -80 -34 C -106 -90 -112 -160 -110 -226 Z", "#ffffff", opacity=0.28)
    c.path(
        "M -160 -196 C -159 -176 -157 -160 -153 -142 Q 0 -108 153 -142 C 157 -160 159 -176 160 -196 Q 0 -160 -160 -196 Z",
        accent,
        opacity=0.9,
    )
    c.ellipse(0, -242, 164, 30, lighter(color, 0.35))
    c.ellipse(0, -240, 150, 24, darker(color, 0.2))
    c.ellipse(0, -236, 142, 20, ("#c9853e", "#8f4f1f"))
    _steam(c, -270)


def _steam(c: Canvas, y: float) -> None:
    for x, height in ((-44, 110), (6, 150), (54, 104)):
        c.line(
            f"M {x} {y} C {x + 34} {y - height * 0.33} {x - 34} {y - height * 0.66} {x + 8} {y - height}",
            "#ffffff",
            11,
            opacity=0.55,
        )


def mug(c: Canvas, color: Color, accent: Color) -> None:
    """A straight mug, dipped in a second glaze."""
    c.shadow(10, 2, 190, 24)
    c.line("M 132 -266 C 262 -286 262 -78 128 -84", darker(color, 0.18), 34)
    c.path("M -146 -330 L -138 -14 Q 0 26 138 -14 L 146 -330 Z", _round(color))
    c.path(
        "M -144 -150 C -80 -190 -40 -120 20 -150 C 70 -176 100 -150 142 -168 L 138 -14 Q 0 26 -138 -14 Z",
        _round(accent),
    )
    c.path("M -134 -320 L -127 -24 L -96 -12 L -102 -318 Z", "#ffffff", opacity=0.22)
    c.ellipse(0, -330, 146, 32, lighter(color, 0.3))
    c.ellipse(0, -328, 132, 26, darker(color, 0.28))
    c.ellipse(0, -322, 124, 20, ("#b06f34", "#7b421b"))
    _steam(c, -356)


def bowl(c: Canvas, color: Color, accent: Color) -> None:
    """A matcha bowl with a bamboo whisk beside it."""
    c.shadow(-10, 2, 250, 24)
    c.path("M -230 -196 C -226 -90 -180 -20 -110 -6 Q -40 10 30 -6 C 100 -20 146 -90 150 -196 Z", _round(color))
    c.path("M -214 -176 C -208 -100 -180 -46 -140 -22 C -164 -70 -170 -130 -168 -176 Z", "#ffffff", opacity=0.22)
    c.path(
        "M -230 -196 C -229 -170 -226 -150 -220 -130 C -150 -90 -110 -140 -40 -112 C 30 -84 80 -130 142 -132 C 147 -152 150 -172 150 -196 Z",
        accent,
        opacity=0.92,
    )
    c.ellipse(-40, -196, 190, 36, lighter(accent, 0.2))
    c.ellipse(-40, -193, 174, 29, darker(color, 0.25))
    c.ellipse(-40, -188, 164, 24, ("#a8bf5a", "#7d9a3c"))
    c.ellipse(-70, -192, 60, 7, "#c6d884", opacity=0.8)
    with c.at(214, -2):
        for x in range(-44, 45, 8):
            c.line(f"M {x * 0.55} -120 C {x * 1.4} -80 {x * 1.3} -30 {x} -2", mix(WOOD, "#f0d9a8", 0.6), 4.5)
        c.box(-30, -250, 60, 140, _round(mix(WOOD, "#f0d9a8", 0.45)), radius=16)
        c.box(-32, -134, 64, 12, darker(WOOD, 0.2), radius=5)
        c.box(-30, -190, 60, 7, mix(WOOD, "#f0d9a8", 0.1), radius=3)


def gaiwan(c: Canvas, color: Color, accent: Color) -> None:
    """A lidded cup with a painted spray."""
    c.shadow(0, 4, 210, 22)
    c.ellipse(0, -14, 200, 30, darker(color, 0.18))
    c.ellipse(0, -24, 200, 30, (lighter(color, 0.4), color, "h"))
    c.path("M -170 -230 C -150 -130 -110 -50 -70 -32 L 70 -32 C 110 -50 150 -130 170 -230 Z", _round(color, 0.14))
    with c.at(-6, -56, turn=14):
        sprig(c, 150, accent, pairs=4)
    c.ellipse(0, -230, 170, 30, darker(color, 0.1))
    c.path("M -150 -236 C -120 -318 120 -318 150 -236 Q 0 -200 -150 -236 Z", _round(color, 0.12))
    c.path("M -130 -246 C -100 -300 -40 -306 -20 -304 C -70 -290 -96 -266 -104 -232 Z", "#ffffff", opacity=0.5)
    c.ellipse(0, -304, 40, 14, _round(accent))
    c.ellipse(0, -310, 30, 8, lighter(accent, 0.3))


def jar(c: Canvas, color: Color, accent: Color) -> None:
    """A preserving jar, filled, with a cloth over its lid."""
    c.shadow(12, 2, 180, 24)
    c.path(
        "M -138 -290 C -164 -270 -164 -250 -164 -230 L -160 -24 Q 0 24 160 -24 L 164 -230 C 164 -250 164 -270 138 -290 Z",
        (lighter(color, 0.14), darker(color, 0.2), "h"),
    )
    c.path("M -148 -262 L -146 -30 L -116 -20 L -120 -268 Z", "#ffffff", opacity=0.42)
    c.path("M 128 -268 L 126 -20 L 144 -28 L 150 -250 Z", "#ffffff", opacity=0.16)
    c.ellipse(0, -282, 138, 24, lighter(color, 0.35), opacity=0.7)
    c.path(
        "M -150 -392 C -120 -420 120 -420 150 -392 C 196 -340 206 -300 196 -266 C 170 -286 150 -250 122 -268 C 96 -284 70 -244 40 -262 C 12 -278 -14 -244 -44 -262 C -72 -280 -98 -248 -126 -268 C -150 -284 -172 -254 -196 -270 C -206 -300 -196 -340 -150 -392 Z",
        (lighter(accent, 0.1), darker(accent, 0.1)),
    )
    for x, y in (
        (-120, -350),
        (-60, -372),
        (0, -380),
        (60, -372),
        (120, -350),
        (-160, -304),
        (-92, -312),
        (-30, -322),
        (30, -322),
        (92, -312),
        (160, -304),
    ):
        c.ellipse(x, y, 9, 8, CREAM, opacity=0.85)
    c.line("M -152 -318 Q 0 -278 152 -318", CREAM, 8)
    c.line("M 20 -296 C 40 -270 30 -250 44 -226", CREAM, 6)
    c.box(-92, -190, 184, 122, (CREAM, mix(CREAM, color, 0.18), "h"), radius=12)
    with c.at(0, -92):
        sprig(c, 78, accent, pairs=3)


def bottle(c: Canvas, color: Color, accent: Color) -> None:
    """A tall bottle with a cork."""
    c.shadow(8, 2, 120, 20)
    c.box(-26, -496, 52, 50, _round(WOOD), radius=8)
    c.path(
        "M -36 -460 L 36 -460 L 40 -350 C 46 -310 104 -300 104 -236 L 100 -18 Q 0 18 -100 -18 L -104 -236 C -104 -300 -46 -310 -40 -350 Z",
        _round(color, 0.3),
    )
    c.path(
        "M -30 -440 L -30 -344 C -36 -300 -88 -288 -88 -232 L -86 -24 L -62 -16 L -64 -240 C -62 -290 -14 -300 -12 -350 L -12 -440 Z",
        "#ffffff",
        opacity=0.3,
    )
    c.box(-42, -468, 84, 22, _round(darker(color, 0.2)), radius=8)
    _label(c, -140, 156, 168, color, accent=accent)


def cake(c: Canvas, color: Color, accent: Color) -> None:
    """A flat biscuit tin with its lid off, full of rounds."""
    c.shadow(0, 4, 250, 26)
    c.path("M -216 -150 L -216 -22 Q 0 52 216 -22 L 216 -150 Z", _round(color))
    c.path("M -216 -92 Q 0 -18 216 -92 L 216 -62 Q 0 14 -216 -62 Z", accent)
    c.ellipse(0, -150, 216, 64, darker(color, 0.3))
    c.ellipse(0, -146, 200, 56, CREAM)
    for x, y in ((-116, -160), (-16, -182), (96, -172), (-60, -132), (48, -136), (136, -146), (-150, -138)):
        c.ellipse(x, y + 9, 62, 24, "#c08a4b")
        c.ellipse(x, y, 62, 24, ("#f0cd8f", "#dba862"))
        for dot in (-26, 0, 26):
            c.ellipse(x + dot, y - 2, 4, 3, "#a97238")
    with c.at(196, -8, turn=-14):
        c.ellipse(0, -156, 34, 150, darker(color, 0.22))
        c.ellipse(-14, -156, 34, 150, (lighter(color, 0.2), color))
        with c.at(-14, -96):
            sprig(c, 120, accent, pairs=3, width=0.3)
