"""The fields that merge tags can name, in three registries: of the contact, of the brand, and of a digest.

A field of the contact is filled in for each contact; a field of the brand is the same in a whole send, and is written
into the email when it is compiled. A field of a digest is filled in by whoever knows what is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Expression, F, Q, Value
from django.db.models.functions import Concat, Trim
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.fields import blocked_keys
from wagtail_precise_mail.emails.merge_attributes import attribute_is_empty, attribute_key, plain
from wagtail_precise_mail.emails.merge_filters import Kind
from wagtail_precise_mail.exceptions import RegistrationError
from wagtail_precise_mail.registry import Registry

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact
    from wagtail_precise_mail.emails.brand import Brand


_CONTACT = _("Contact")


@dataclass(frozen=True)
class MergeField:
    """Something that a merge tag can show. It has a ``value`` or a ``load``.

    Attributes:
        label: what editors read.
        value: returns the text for a contact, or for a brand: dates in ISO 8601, numbers plain.
        is_always_filled: whether it is never empty, so that a tag needs no fallback.
        kind: what the text holds, which decides how tags can write it out.
        load: returns the texts for many contacts by their ids, for what is not on the contact's own row. It asks the
            database as often for a thousand contacts as for one; contacts that it leaves out have none.
        is_empty: a condition on contacts that is true where the field is empty, for counting; None is not counted.
        group: under what editors find it.
        example: the text of somebody made up.
    """

    label: str | Promise
    value: Callable[[Any], str] | None = None
    is_always_filled: bool = False
    kind: Kind = Kind.TEXT
    load: Callable[[Sequence[Contact]], Mapping[int, str]] | None = None
    is_empty: Q | Expression | None = None
    group: str | Promise = _CONTACT
    example: str = ""

    def __post_init__(self) -> None:
        if (self.value is None) == (self.load is None):
            raise RegistrationError(f"The merge field “{self.label}” needs a value or a load, and not both.")


contact_fields: Registry[MergeField] = Registry("merge field of contacts")
brand_fields: Registry[MergeField] = Registry("merge field of the brand")
digest_fields: Registry[MergeField] = Registry("merge field of digests")

roots: dict[str, Registry[MergeField]] = {"contact": contact_fields, "brand": brand_fields, "digest": digest_fields}
"""The registries by what tags write in front of the dot."""


def find_field(name: str) -> MergeField | None:
    """Return the field that a tag names, such as "contact.city", or None."""
    if key := attribute_key(name):
        return attribute_field(key)
    root, _dot, key = name.partition(".")
    registry = roots.get(root)
    return registry.get(key) if registry is not None and key in registry else None


def field_names() -> list[str]:
    """Return the names of all registered fields, as tags write them."""
    return [f"{root}.{key}" for root, fields in roots.items() for key in fields]


def attribute_field(key: str) -> MergeField:
    """Return the field for one of a contact's further fields; only plain values are shown.

    Whether it is sensitive is asked where values are read and tags are parsed, once for many.
    """
    return MergeField(
        key,
        lambda contact: plain(_attributes(contact).get(key)),
        kind=Kind.ANY,
        is_empty=attribute_is_empty(key),
        group=_("Further fields"),
    )


def values_of(contacts: Sequence[Contact], names: Collection[str]) -> dict[int, dict[str, str]]:
    """Return what merge tags say about contacts, by id and by the name of the field.

    Asks the database once per field that needs it, however many contacts there are.

    Args:
        contacts: stored ones.
        names: the fields to read, such as those of a payload; others than the contact's own are left out.
    """
    blocked = _blocked(names)
    further = {name: key for name in names if name not in blocked and (key := attribute_key(name))}
    values = {contact.pk: _further_values(contact, further) for contact in contacts}
    for name in names:
        field = find_field(name) if name.startswith("contact.") and name not in further else None
        if field is None or name in blocked:
            continue
        loaded = field.load(contacts) if field.load else {}
        for contact in contacts:
            values[contact.pk][name] = field.value(contact) if field.value else loaded.get(contact.pk, "")
    return values


def contact_values(contact: Contact, names: Collection[str] | None = None) -> dict[str, str]:
    """Return what merge tags can say about one contact, by the name of the field.

    Args:
        names: the fields to read; all that there are, when left out.
    """
    if names is None:
        further = [f"contact.attributes.{key}" for key in _attributes(contact)]
        names = [*(f"contact.{key}" for key in contact_fields), *further]
    if contact.pk is None:  # nothing can be loaded for somebody who is not stored
        return dict(_own_values(contact, names))
    return values_of([contact], names)[contact.pk]


def made_up_values() -> dict[str, str]:
    """Return what merge tags say about somebody made up."""
    return {name: field.example for name, field in _filled_later()}


def values_of_nobody() -> dict[str, str]:
    """Return what is said where nothing is known: only fields that are never empty have a text, a made up one."""
    return {name: field.example for name, field in _filled_later() if field.is_always_filled}


def _filled_later() -> Iterator[tuple[str, MergeField]]:
    """Yield the fields that are not written when an email is compiled, by their names."""
    for root in ("contact", "digest"):
        for key, field in roots[root].items():
            yield f"{root}.{key}", field


def brand_values(brand: Brand) -> dict[str, str]:
    """Return everything that merge tags can say about a brand, by the name of the field."""
    return {f"brand.{key}": field.value(brand) for key, field in brand_fields.items() if field.value}


def _own_values(contact: Contact, names: Collection[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if (field := find_field(name)) and field.value:
            yield name, field.value(contact)


def _blocked(names: Collection[str]) -> set[str]:
    """Return the names of sensitive fields: what was compiled when they were allowed says nothing once they are not."""
    keys = {key: name for name in names if (key := attribute_key(name))}
    return {keys[key] for key in blocked_keys(keys)} if keys else set()


def _further_values(contact: Contact, keys: dict[str, str]) -> dict[str, str]:
    """Return what further fields say about a contact, by name; most are texts, of which nothing is asked."""
    given = _attributes(contact)
    found = ((name, given.get(key)) for name, key in keys.items())
    return {name: value if type(value) is str else plain(value) for name, value in found}


def _attributes(contact: Contact) -> dict[str, Any]:
    return contact.attributes if isinstance(contact.attributes, dict) else {}


def _blank(*fields: str) -> Q:
    text = Concat(*fields) if len(fields) > 1 else F(fields[0])
    return Q(Exact(Trim(text), Value("")))


def _text(label: Promise, name: str, example: str, **options: Any) -> MergeField:
    return MergeField(
        label, lambda contact: getattr(contact, name), example=example, **{"is_empty": _blank(name), **options}
    )


def _since(contact: Contact) -> str:
    return timezone.localdate(contact.created_at).isoformat() if contact.created_at else ""


def _birthday(contact: Contact) -> str:
    return contact.birthday_on.isoformat() if contact.birthday_on else ""


for _key, _field in {
    "first_name": _text(_("First name"), "first_name", "Alex"),
    "last_name": _text(_("Last name"), "last_name", "Sample"),
    "full_name": _text(
        _("First and last name"), "full_name", "Alex Sample", is_empty=_blank("first_name", "last_name")
    ),
    "email": _text(_("Email address"), "email", "alex@example.com", is_always_filled=True),
    "city": _text(_("City"), "city", "London"),
    "region": _text(_("Region"), "region", "Greater London"),
    "country": _text(_("Country"), "country", "GB", kind=Kind.COUNTRY),
    "locale": _text(_("Language"), "locale", "en", kind=Kind.LANGUAGE),
    "gender": _text(_("Gender"), "gender", "diverse"),
    "birthday_on": MergeField(
        _("Birthday"), _birthday, kind=Kind.DATE, is_empty=Q(birthday_on__isnull=True), example="1990-05-12"
    ),
    "organization": _text(_("Organization"), "organization", "Sample & Sons"),
    "job_title": _text(_("Job"), "job_title", "Gardener"),
    "created_on": MergeField(_("Contact since"), _since, kind=Kind.DATE, is_always_filled=True, example="2025-03-01"),
}.items():
    contact_fields.register(_key)(_field)

for _key, _field in {
    "company_name": MergeField(
        _("Company"), lambda brand: brand.company_name, group=_("Email brand"), example="Sample & Sons"
    ),
    "sender_name": MergeField(
        _("Sender name"), lambda brand: brand.sender_name, group=_("Email brand"), example="Sample & Sons"
    ),
}.items():
    brand_fields.register(_key)(_field)
