"""The fields that merge tags can name, in two registries: of the contact, and of the brand.

A field of the contact is filled in for each contact; a field of the brand is the same in a whole send, and is written
into the email when it is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.emails.languages import babel_locale
from wagtail_precise_mail.registry import Registry

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact
    from wagtail_precise_mail.emails.brand import Brand

_ATTRIBUTE = re.compile(r"contact\.attributes\.([A-Za-z0-9_-]+)\Z")


@dataclass(frozen=True)
class MergeField:
    """Something that a merge tag can show.

    Attributes:
        label: what editors read.
        value: returns the text for a contact, or for a brand.
        is_always_filled: whether it is never empty, so that a tag needs no fallback.
    """

    label: str | Promise
    value: Callable[[Any], str]
    is_always_filled: bool = False


contact_fields: Registry[MergeField] = Registry("merge field of contacts")
brand_fields: Registry[MergeField] = Registry("merge field of the brand")


def find_field(name: str) -> MergeField | None:
    """Return the field that a tag names, such as "contact.city", or None."""
    if match := _ATTRIBUTE.match(name):
        return attribute_field(match[1])
    root, _dot, key = name.partition(".")
    registry = {"contact": contact_fields, "brand": brand_fields}.get(root)
    return registry.get(key) if registry is not None and key in registry else None


def attribute_field(key: str) -> MergeField:
    """Return the field for one of a contact's further fields; only plain values are shown."""
    return MergeField(key, lambda contact: _plain(contact.attributes.get(key)))


def contact_values(contact: Contact) -> dict[str, str]:
    """Return everything that merge tags can say about a contact, by the name of the field."""
    values = {f"contact.{key}": field.value(contact) for key, field in contact_fields.items()}
    further = contact.attributes if isinstance(contact.attributes, dict) else {}
    return values | {f"contact.attributes.{key}": _plain(value) for key, value in further.items()}


def brand_values(brand: Brand) -> dict[str, str]:
    """Return everything that merge tags can say about a brand, by the name of the field."""
    return {f"brand.{key}": field.value(brand) for key, field in brand_fields.items()}


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _country(contact: Contact) -> str:
    names = babel_locale(contact.locale or settings.LANGUAGE_CODE).territories
    return str(names.get(contact.country.upper(), contact.country))


for _key, _field in {
    "first_name": MergeField(_("First name"), lambda contact: contact.first_name),
    "last_name": MergeField(_("Last name"), lambda contact: contact.last_name),
    "full_name": MergeField(_("First and last name"), lambda contact: contact.full_name),
    "email": MergeField(_("Email address"), lambda contact: contact.email, is_always_filled=True),
    "city": MergeField(_("City"), lambda contact: contact.city),
    "country": MergeField(_("Country"), _country),
    "organization": MergeField(_("Organization"), lambda contact: contact.organization),
    "job_title": MergeField(_("Job"), lambda contact: contact.job_title),
}.items():
    contact_fields.register(_key)(_field)

for _key, _field in {
    "company_name": MergeField(_("Company"), lambda brand: brand.company_name),
    "sender_name": MergeField(_("Sender name"), lambda brand: brand.sender_name),
}.items():
    brand_fields.register(_key)(_field)
