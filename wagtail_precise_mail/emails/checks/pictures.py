"""Pictures: their descriptions, their weight, and formats that mail programs do not show."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image as PillowImage
from wagtail.blocks import ListBlock, StructBlock
from wagtail.images.blocks import ImageBlock, ImageChooserBlock
from wagtail.images.models import AbstractRendition

from wagtail_precise_mail.emails.checks.base import EmailCheck, Finding, Level, email_checks
from wagtail_precise_mail.emails.checks.clients import breaking, image_feature
from wagtail_precise_mail.emails.checks.facts import EmailFacts
from wagtail_precise_mail.emails.context import UsedPicture

logger = logging.getLogger(__name__)

BYTES_LIMIT = 1_000_000
"""Bytes of a picture that somebody on the road can still be asked to load."""

_ALT_NAMES = ("alt_text", "alt", "image_alt", "description")
_MAY_MOVE = (".gif", ".webp", ".png", ".apng", ".avif")
_A_DAY = 86_400


@email_checks.register("image_alt")
class ImageAlt(EmailCheck):
    """Every picture has a description, or is marked as decorative: many mail programs hide pictures at first."""

    label = gettext_lazy("Images have descriptions")
    level = Level.ERROR

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        remedy = _("Describe it for people who do not see it: many mail programs hide images at first.")
        for block in facts.blocks:
            for title in _undescribed(block.block, block.value):
                yield self.finding(
                    _("The image “%(title)s” has no description.") % {"title": title}, remedy, block=block
                )
        for image in facts.soup.find_all("img", alt=False):
            name = _name(str(image.get("src", "")))
            yield self.finding(_("The image %(name)s has no description.") % {"name": name}, remedy)


@email_checks.register("image_weight")
class ImageWeight(EmailCheck):
    """No picture, as it goes out, is heavier than 1 MB."""

    label = gettext_lazy("Images are light")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for picture in _each_once(facts):
            size = file_size(picture.rendition)
            if size > BYTES_LIMIT:
                yield self.finding(
                    _("The image “%(title)s” weighs %(size)s MB.")
                    % {"title": picture.image.title, "size": f"{size / 1_000_000:.1f}"},
                    _("Use a JPEG in place of a PNG, or a picture with less detail: phones load it on the road."),
                    block=facts.block(picture.block_id),
                )


@email_checks.register("image_motion")
class ImageMotion(EmailCheck):
    """No picture loses its movement: mails show the first frame of an animation in the image library."""

    label = gettext_lazy("Images stand still")
    level = Level.HINT

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for picture in _each_once(facts):
            if is_animated(picture.image):
                yield self.finding(
                    _("The image “%(title)s” moves on the site, and stands still in the mail.")
                    % {"title": picture.image.title},
                    _("Choose one whose first frame says it all."),
                    block=facts.block(picture.block_id),
                )


@email_checks.register("image_format")
class ImageFormat(EmailCheck):
    """Pictures from elsewhere have a format that mail programs show; those of the library are made JPEG or PNG."""

    label = gettext_lazy("Formats of images")

    def run(self, facts: EmailFacts) -> Iterator[Finding]:
        for source in dict.fromkeys(str(image.get("src", "")) for image in facts.soup.find_all("img")):
            feature = image_feature(source)
            if feature and (names := breaking(feature)):
                yield self.finding(
                    _("%(format)s, which %(clients)s does not show: %(name)s")
                    % {"format": feature.name, "clients": names, "name": _name(source)},
                    _(feature.note),
                )


def file_size(rendition: AbstractRendition) -> int:
    """Return the bytes of a file, 0 when it is missing; asked of the storage once a day, for it may be far away."""
    key = f"wagtail_precise_mail.bytes.{rendition.pk}.{rendition.file.name}"
    known = cache.get(key)
    if known is None:
        try:
            known = rendition.file.size
        except OSError:
            return 0
        cache.set(key, known, _A_DAY)
    return int(known)


def is_animated(image: Any) -> bool:
    """Whether the original of an image moves; asked of its file once a day."""
    if not image.file.name.lower().endswith(_MAY_MOVE):
        return False
    key = f"wagtail_precise_mail.moves.{image.pk}.{image.file.name}"
    known = cache.get(key)
    if known is None:
        try:
            # Willow says False with Pillow whatever the file.
            with image.open_file() as file, PillowImage.open(file) as opened:
                known = bool(getattr(opened, "is_animated", False))
        except Exception:
            logger.info("The image %s cannot be looked into.", image.pk)
            return False
        cache.set(key, known, _A_DAY)
    return bool(known)


def _each_once(facts: EmailFacts) -> Iterator[UsedPicture]:
    """The heaviest file of each image: one finding is enough."""
    heaviest: dict[int, UsedPicture] = {}
    for picture in facts.context.shared.pictures:
        known = heaviest.get(picture.image.pk)
        if known is None or picture.rendition.width > known.rendition.width:
            heaviest[picture.image.pk] = picture
    yield from heaviest.values()


def _undescribed(block: Any, value: Any) -> Iterator[str]:
    """The titles of the images in a value that lack their description, in lists and groups of fields, too."""
    if value is None:
        return
    if isinstance(block, ImageBlock):
        if not getattr(value, "decorative", False) and not (getattr(value, "contextual_alt_text", "") or "").strip():
            yield value.title
    elif isinstance(block, StructBlock):
        for name, child in block.child_blocks.items():
            if isinstance(child, ImageChooserBlock) and not isinstance(child, ImageBlock):
                yield from _undescribed_choice(block, value, value.get(name))
            else:
                yield from _undescribed(child, value.get(name))
    elif isinstance(block, ListBlock):
        for item in value:
            yield from _undescribed(block.child_block, item)


def _undescribed_choice(block: StructBlock, value: Any, image: Any) -> Iterator[str]:
    """A chooser of images has no description of its own; the block beside it has one, or writes it itself."""
    names = [name for name in _ALT_NAMES if name in block.child_blocks]
    if (
        image
        and names
        and not value.get("decorative")
        and not any(str(value.get(name) or "").strip() for name in names)
    ):
        yield image.title


def _name(source: str) -> str:
    if source.startswith("data:"):
        return source[:30]
    return source.partition("?")[0].rpartition("/")[2][:80] or source[:80]
