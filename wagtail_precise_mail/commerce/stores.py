"""Shops that one can walk into, and which of them is near a contact: by the profile, never by tracking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.images import get_image_model_string

from wagtail_precise_mail.contacts.models import Contact

HOURS_LINES = 7
_PLACES = ("city", "region", "country")


class Store(models.Model):
    """A shop with an address."""

    name = models.CharField(_("name"), max_length=150)
    address = models.TextField(_("address"), max_length=300, help_text=_("Street and number, a line each."))
    city = models.CharField(_("city"), max_length=100, help_text=_("Written as in the profiles of contacts."))
    region = models.CharField(_("region"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, help_text=_("ISO 3166 code, such as GB."))
    opening_hours = models.TextField(
        _("opening hours"), blank=True, max_length=500, help_text=_("Up to seven lines, such as “Mo–Fr 9–18”.")
    )
    url = models.CharField(_("link"), max_length=500, blank=True, help_text=_("A page about the shop, or a map."))
    image = models.ForeignKey(
        get_image_model_string(), models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("image")
    )

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"

    def clean(self) -> None:
        super().clean()
        self.country = self.country.strip().upper()
        if len(self.hours) > HOURS_LINES:
            raise ValidationError({"opening_hours": _("Write seven lines at the most.")})

    @property
    def hours(self) -> list[str]:
        """The lines of the opening hours."""
        return [line.strip() for line in self.opening_hours.splitlines() if line.strip()]


class NearestStores:
    """Finds the store of a contact among all of them: that of their city, else of their region, else of their country.

    Of two in one place the first by name. What is known of both must agree: the Paris of Texas is not that of France.
    """

    def __init__(self, stores: Iterable[Store]) -> None:
        self._by_place: dict[tuple[str, str], list[Store]] = defaultdict(list)
        for store in stores:
            for level in _PLACES:
                if place := _plain(getattr(store, level)):
                    self._by_place[level, place].append(store)

    def of(self, contact: Contact) -> Store | None:
        """Return the store of a contact, or None: there is none in their country, or nobody knows where they live."""
        for number, level in enumerate(_PLACES):
            for store in self._by_place.get((level, _plain(getattr(contact, level))), ()):
                if all(_agree(store, contact, wider) for wider in _PLACES[number + 1 :]):
                    return store
        return None


def _agree(store: Store, contact: Contact, level: str) -> bool:
    ours, theirs = _plain(getattr(store, level)), _plain(getattr(contact, level))
    return not ours or not theirs or ours == theirs


def _plain(place: str) -> str:
    return " ".join(place.casefold().split())
