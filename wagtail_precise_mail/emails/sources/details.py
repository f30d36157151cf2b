"""What we know of each reader, line by line, for them to confirm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.text import capfirst

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.languages import babel_locale
from wagtail_precise_mail.emails.readers import Item, ItemSource, Occasion, Spec, item_sources

UNKNOWN = "–"
"""What stands where nothing is known."""


@item_sources.register("own_details")
class OwnDetails(ItemSource):
    """One item for each field in the spec's "fields", in the order of the spec; only the reader may see them."""

    def load(
        self, spec: Spec, contacts: Sequence[Contact], *, limit: int, occasion: Occasion
    ) -> Mapping[int, Sequence[Item]]:
        """Return the details of each contact: no query, for contacts are there already."""
        return {contact.pk or 0: details_of(contact, spec["fields"], occasion.language) for contact in contacts}


def details_of(contact: Contact, names: Sequence[str], language: str) -> list[Item]:
    """Return what is known of a contact as lines with "label" and "value"."""
    return [{"label": field_label(name), "value": _written(contact, name, language) or UNKNOWN} for name in names]


def field_label(name: str) -> str:
    """Return what a field of contacts is called, at the beginning of a line."""
    names = {one.name: one.verbose_name for one in Contact._meta.concrete_fields}
    return str(capfirst(str(names[name])))


def _written(contact: Contact, name: str, language: str) -> str:
    value = str(getattr(contact, name) or "")
    return babel_locale(language).territories.get(value, value) if name == "country" else value
