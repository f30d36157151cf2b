"""The picture of Ruth, who signs the letters."""

from __future__ import annotations

from PIL import Image

from example_site.demo.art.canvas import Canvas, darker, lighter

SKIN, HAIR, SHIRT, APRON = "#e3b48f", "#6b4433", "#dfe5d8", "#2f6b57"


def portrait(*, size: int = 320) -> Image.Image:
    """Return Ruth in her apron, before a wall of the shop."""
    canvas = Canvas(size, size)
    with canvas.at(0, 0, size / 320):
        _wall(canvas)
        _person(canvas)
    return canvas.finish()


def _wall(c: Canvas) -> None:
    c.background(("#ecdcbc", "#dcc79d"))
    c.ellipse(160, 150, 128, 128, "#f4ead4", opacity=0.75)
    for x, lean in ((40, -18), (276, 16)):
        with c.at(x, 330, 1, lean):
            for step in range(7):
                c.path(
                    f"M 0 {-step * 24} C -46 {-step * 24 - 26} -50 {-step * 24 - 44} -14 {-step * 24 - 40} Z",
                    "#7f9f72",
                    opacity=0.8,
                )
                c.path(
                    f"M 0 {-step * 24} C 46 {-step * 24 - 26} 50 {-step * 24 - 44} 14 {-step * 24 - 40} Z",
                    "#6f9168",
                    opacity=0.8,
                )


def _person(c: Canvas) -> None:
    c.path("M 78 118 C 66 26 254 26 242 118 C 250 176 244 208 226 222 L 94 222 C 76 208 70 176 78 118 Z", HAIR)
    c.ellipse(206, 46, 34, 30, darker(HAIR, 0.1))
    c.path("M 44 330 C 44 258 92 236 128 230 L 192 230 C 228 236 276 258 276 330 Z", SHIRT)
    c.path("M 132 190 L 188 190 L 190 236 C 178 258 142 258 130 236 Z", darker(SKIN, 0.12))
    c.path("M 98 118 C 98 60 222 60 222 118 C 222 176 196 214 160 214 C 124 214 98 176 98 118 Z", SKIN)
    c.path(
        "M 94 124 C 92 60 150 50 196 62 C 226 72 228 108 226 130 C 214 110 200 92 186 84 C 156 104 118 104 94 124 Z",
        HAIR,
    )
    for x in (134, 186):
        c.ellipse(x, 138, 5.5, 6.5, "#33231c")
        c.line(f"M {x - 12} 120 Q {x} 113 {x + 12} 120", darker(HAIR, 0.1), 4)
    c.ellipse(119, 164, 15, 10, "#d98f74", opacity=0.45)
    c.ellipse(201, 164, 15, 10, "#d98f74", opacity=0.45)
    c.line("M 160 140 Q 153 160 162 163", darker(SKIN, 0.25), 3.5)
    c.line("M 137 180 Q 160 200 183 180", "#9c4a3c", 5)
    c.path("M 104 330 L 112 262 Q 160 282 208 262 L 216 330 Z", APRON)
    c.line("M 114 264 L 128 232", APRON, 12)
    c.line("M 206 264 L 192 232", APRON, 12)
    c.line("M 146 312 L 174 312", lighter(APRON, 0.3), 4)
