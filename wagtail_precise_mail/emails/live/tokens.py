"""The addresses of live pictures: each holds all that its picture looks like, and nothing about who opens the mail."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from wagtail_precise_mail.emails.brand import Brand
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign, unsign

WIDTHS = (120, 600)
"""CSS pixels: the least and the most of a live picture."""

_PURPOSE = "live_price"
# The product, the width, the radius of the corners; four colors of three bytes; then the language.
_FORMAT = struct.Struct(">QHB3s3s3s3s")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_@][A-Za-z0-9]+)*\Z")


@dataclass(frozen=True)
class LivePrice:
    """What the address of a live price knows. Colors are ``#rrggbb``, sizes are CSS pixels.

    Attributes:
        language: code of the language that the email is written in.
        ground: of the box; the other colors can be read on it.
        accent: of the price.
    """

    product_id: int
    language: str
    width: int
    radius: int
    ground: str
    ink: str
    accent: str
    muted: str

    @classmethod
    def of(cls, product_id: int, brand: Brand, *, language: str, width: int) -> LivePrice:
        """Return the picture of a product in the colors of a brand."""
        ground = brand.box_color
        on_box = brand.on("tint")
        least, most = WIDTHS
        return cls(
            product_id=product_id,
            language=language,
            width=min(max(width, least), most),
            radius=brand.radius,
            ground=ground,
            ink=on_box.heading_color,
            accent=on_box.accent_color,
            muted=on_box.muted_color,
        )


def make_live_token(picture: LivePrice) -> str:
    """Return the token of a live price."""
    colors = (bytes.fromhex(color[1:]) for color in (picture.ground, picture.ink, picture.accent, picture.muted))
    packed = _FORMAT.pack(picture.product_id, picture.width, picture.radius, *colors)
    return sign(_PURPOSE, packed + picture.language.encode())


def read_live_token(token: str) -> LivePrice:
    """Return what the address of a live price knows.

    Raises:
        InvalidToken: damaged, changed, or not ours.
    """
    payload = unsign(_PURPOSE, token)
    try:
        product_id, width, radius, *colors = _FORMAT.unpack_from(payload)
        language = payload[_FORMAT.size :].decode("ascii")
    except (struct.error, UnicodeDecodeError):
        raise InvalidToken("This link is damaged.") from None
    if not _LANGUAGE.match(language) or not WIDTHS[0] <= width <= WIDTHS[1]:
        raise InvalidToken("This link is damaged.")
    return LivePrice(product_id, language, width, radius, *(f"#{color.hex()}" for color in colors))
