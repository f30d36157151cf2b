"""Pictures for mails: formats that every mail client shows, for one image or for many at once."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import prefetch_related_objects
from wagtail.images import get_image_model
from wagtail.images.models import AbstractImage, SourceImageIOError

from wagtail_precise_mail.emails.effects import JPEG
from wagtail_precise_mail.emails.links import absolute

_KEEPS_TRANSPARENCY = (".png", ".gif")


def rendition_spec(image: AbstractImage, pixels: int, ratio: float | None = None, *, effect: str = "") -> str:
    """Return the filter that makes the file for a mail.

    Args:
        pixels: of its width.
        ratio: width by height; the image is cut around its focal point. None keeps its own.
        effect: an operation of :mod:`.effects`; its result is a JPEG.
    """
    size = f"fill-{pixels}x{round(pixels / ratio)}" if ratio else f"width-{pixels}"
    keeps = image.file.name.lower().endswith(_KEEPS_TRANSPARENCY)
    return f"{size}|{effect or ('format-png' if keeps else JPEG)}"


def picture_urls(images: Iterable[AbstractImage], *, pixels: int, ratio: float, base_url: str) -> dict[int, str]:
    """Return the absolute addresses of many images by their id, in one query once their files were made.

    Images that mails cannot show (vector graphics, files that are missing) have none.
    """
    by_id = {image.pk: image for image in images if not image.is_svg()}
    wanted = list(by_id.values())
    prefetch_related_objects(wanted, "renditions")
    urls = {}
    for pk, image in by_id.items():
        try:
            urls[pk] = absolute(image.get_rendition(rendition_spec(image, pixels, ratio)).url, base_url)
        except (SourceImageIOError, OSError):
            continue
    return urls


def fetch_images(image_ids: Iterable[int | None]) -> dict[int, AbstractImage]:
    """Return images by their id: one query."""
    found: dict[int, AbstractImage] = get_image_model().objects.in_bulk({pk for pk in image_ids if pk})
    return found
