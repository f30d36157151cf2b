"""Pictures for mails: as JPEG, and with what mail programs cannot draw over a picture drawn into it.

All are operations on images as Wagtail knows them, so their results are kept as renditions, once per look. Each says in
one word what "format-jpeg|jpegquality-80|bgcolor-ffffff" would: Wagtail cuts the names of files at 59 characters, and a
long specification would leave nothing but a dot in front, which many web servers hide.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PIL import Image, ImageDraw
from wagtail import hooks
from wagtail.images.image_operations import FilterOperation
from willow.plugins.pillow import PillowImage
from willow.registry import registry

from wagtail_precise_mail.emails.brand import AA_TEXT, contrast, mix

JPEG = "mailjpeg"
"""The operation for pictures that are not transparent, or need not be: on white, in a quality that mails can bear."""

_OUTPUT = {"output-format": "jpeg", "jpeg-quality": 80}

_SAMPLE = 48
"""Pixels in a row of the small copy that is measured: words cover areas, not single pixels."""

_SPECKS = 0.02
"""Share of the brightest (or darkest) pixels that may be harder to read on."""

_SMOOTH = 4
"""Times larger that a badge is drawn, then made small: Pillow draws edges without smoothing."""


def shade(ground: str, ink: str) -> str:
    """Return the operation that mixes a color into a picture until words in ``ink`` can be read anywhere on it."""
    return f"mailshade-{ground.lstrip('#')}-{ink.lstrip('#')}"


def play_badge(color: str, ink: str) -> str:
    """Return the operation that draws a round badge with a triangle into the middle of a picture."""
    return f"mailplay-{color.lstrip('#')}-{ink.lstrip('#')}"


def shaded(image: Image.Image, ground: str, ink: str) -> Image.Image:
    """Return a picture with as little of a color in it as words need (WCAG 2.2, AA)."""
    picture = opaque(image)
    alpha = _least_shade(picture, ground, ink)
    return Image.blend(picture, Image.new("RGB", picture.size, ground), alpha)


def badged(image: Image.Image, color: str, ink: str) -> Image.Image:
    """Return a picture with a badge in its middle."""
    picture = opaque(image)
    diameter = max(48, round(min(picture.size) * 0.26))
    badge = _badge(diameter, color, ink)
    corner = ((picture.width - badge.width) // 2, (picture.height - badge.height) // 2)
    picture.paste(badge, corner, badge)
    return picture


def opaque(image: Image.Image) -> Image.Image:
    """Return a picture without transparency: what was transparent is white, as in JPEG files for mails."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        picture = Image.new("RGB", layered.size, "#ffffff")
        picture.paste(layered, mask=layered.getchannel("A"))
        return picture
    return image.convert("RGB")


def _least_shade(picture: Image.Image, ground: str, ink: str) -> float:
    small = picture.resize((_SAMPLE, _SAMPLE), Image.Resampling.BOX)
    data = small.tobytes()
    colors = {f"#{data[at : at + 3].hex()}" for at in range(0, len(data), 3)}
    by_contrast = sorted(colors, key=lambda color: contrast(color, ink))
    worst = by_contrast[int(len(by_contrast) * _SPECKS)]
    for step in range(21):
        if contrast(mix(worst, ground, step / 20), ink) >= AA_TEXT:
            return step / 20
    return 1.0


def _badge(diameter: int, color: str, ink: str) -> Image.Image:
    """A disk with a ring around it, so that it can be seen on any picture, and a triangle to the right."""
    size = diameter * _SMOOTH
    badge = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(badge)
    ring = size // 24
    draw.ellipse((0, 0, size - 1, size - 1), fill=ink)
    draw.ellipse((ring, ring, size - 1 - ring, size - 1 - ring), fill=color)
    # The middle of a triangle looks to be a third from its base.
    left, right, half = size * 0.39, size * 0.69, size * 0.175
    draw.polygon([(left, size / 2 - half), (left, size / 2 + half), (right, size / 2)], fill=ink)
    return badge.resize((diameter, diameter), Image.Resampling.LANCZOS)


class _Jpeg(FilterOperation):
    """Wagtail puts what is transparent on white by itself."""

    def construct(self) -> None:
        """Take nothing."""

    def run(self, willow: Any, image: Any, env: dict[str, Any]) -> Any:
        env.update(_OUTPUT)
        return willow


class _Effect(FilterOperation):
    """An operation that takes two colors, as they stand in its name."""

    willow_name = ""

    def construct(self, color: str, ink: str) -> None:
        bytes.fromhex(color), bytes.fromhex(ink)  # a ValueError becomes Wagtail's own for wrong operations
        self.colors = (f"#{color}", f"#{ink}")

    def run(self, willow: Any, image: Any, env: dict[str, Any]) -> Any:
        env.update(_OUTPUT)
        return getattr(willow, self.willow_name)(*self.colors)


class _Shade(_Effect):
    willow_name = "mail_shade"


class _PlayBadge(_Effect):
    willow_name = "mail_play_badge"


def _on_willow(draw: Callable[[Image.Image, str, str], Image.Image]) -> Callable[[PillowImage, str, str], PillowImage]:
    def operate(willow: PillowImage, color: str, ink: str) -> PillowImage:
        return PillowImage(draw(willow.get_pillow_image(), color, ink))

    return operate


registry.register_operation(PillowImage, _Shade.willow_name, _on_willow(shaded))
registry.register_operation(PillowImage, _PlayBadge.willow_name, _on_willow(badged))


@hooks.register("register_image_operations")
def _operations() -> list[tuple[str, type[FilterOperation]]]:
    return [(JPEG, _Jpeg), ("mailshade", _Shade), ("mailplay", _PlayBadge)]
