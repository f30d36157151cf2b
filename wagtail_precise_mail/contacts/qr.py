"""QR codes of addresses to share."""

from __future__ import annotations

import io

import segno

# A poster is read from afar and may be scratched: a quarter of the picture may be missing ("Q").
_ERRORS = "q"
_BORDER = 4
_PNG_PIXELS = 1200


def qr_svg(text: str) -> bytes:
    """Return the QR code of a text as a vector graphic, black on white: readers fail on dark grounds."""
    buffer = io.BytesIO()
    _make(text).save(buffer, kind="svg", border=_BORDER, scale=8, light="#ffffff")
    return buffer.getvalue()


def qr_inline(text: str) -> str:
    """Return the same for the inside of an HTML page, as wide as its place."""
    return str(_make(text).svg_inline(border=_BORDER, light="#ffffff", omitsize=True))


def qr_png(text: str) -> bytes:
    """Return the QR code of a text as a picture of at least 1200 pixels, sharp on a printed page of letter size."""
    code, buffer = _make(text), io.BytesIO()
    width = code.symbol_size(border=_BORDER)[0]
    code.save(buffer, kind="png", border=_BORDER, scale=-(-_PNG_PIXELS // width))
    return buffer.getvalue()


def _make(text: str) -> segno.QRCode:
    return segno.make(text, error=_ERRORS, micro=False)
