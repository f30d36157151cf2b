"""Whose the images are: credit, license and its end, so that mail shows nothing that it may not show."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.images import get_image_model_string
from wagtail.search import index

if TYPE_CHECKING:
    from wagtail.images.models import AbstractImage

    from wagtail_precise_mail.emails.context import RenderContext


class ImageRights(index.Indexed, models.Model):
    """What is known about the rights of one image of the library."""

    image = models.OneToOneField(
        get_image_model_string(), models.CASCADE, related_name="precise_mail_rights", verbose_name=_("image")
    )
    credit = models.CharField(
        _("credit"), max_length=250, blank=True, help_text=_("Shown below the image in mails, such as “Photo: Ada”.")
    )
    is_own = models.BooleanField(_("our own"), default=False, help_text=_("Made by us: needs no license."))
    license = models.CharField(
        _("license"), max_length=250, blank=True, help_text=_("Such as “CC BY 4.0”, or the number of a contract.")
    )
    source = models.CharField(
        _("source"), max_length=500, blank=True, help_text=_("Where it comes from: an address, or an agency.")
    )
    expires_on = models.DateField(
        _("last day"), null=True, blank=True, help_text=_("Of the license; empty has no end.")
    )

    search_fields = [index.SearchField("credit"), index.SearchField("source"), index.AutocompleteField("credit")]

    class Meta:
        verbose_name = _("image rights")
        verbose_name_plural = _("image rights")
        ordering = [models.F("expires_on").asc(nulls_last=True), "pk"]

    def __str__(self) -> str:
        return str(self.image)

    @property
    def is_licensed(self) -> bool:
        """Whether somebody wrote down why it may be used."""
        return self.is_own or bool(self.license.strip())

    def has_expired(self, *, on: date) -> bool:
        """Whether the license has ended before a day; the last day belongs to it."""
        return self.expires_on is not None and self.expires_on < on


def rights_of(images: Iterable[AbstractImage]) -> dict[int, ImageRights]:
    """Return what is known about images, by their keys, in one query."""
    keys = {image.pk for image in images}
    return {rights.image_id: rights for rights in ImageRights.objects.filter(image__in=keys)} if keys else {}


def credit_of(image: AbstractImage, context: RenderContext) -> str:
    """Return what stands below an image in mails, or ""; asked once per image and email.

    An image model with a ``credit`` of its own says it where nobody wrote down the rights.
    """
    known = context.shared.credits
    if image.pk not in known:
        rights = ImageRights.objects.filter(image=image.pk).only("credit").first()
        known[image.pk] = str((rights and rights.credit) or getattr(image, "credit", "") or "").strip()
    return known[image.pk]
