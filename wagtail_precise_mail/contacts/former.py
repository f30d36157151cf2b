"""Finding people by what they were known as before they were merged: links and addresses of old."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from wagtail_precise_mail.contacts.merges import FormerContact
from wagtail_precise_mail.contacts.models import Contact


def find_contact(pk: int) -> Contact | None:
    """Return the contact of an id, or whom it was merged into: the link in an old mail still finds the person."""
    if not 0 < pk < 2**63:
        return None
    contact = Contact.objects.filter(pk=pk).first()
    return contact or _current(FormerContact.objects.filter(former_id=pk))


def find_by_hash(address_hash: str) -> Contact | None:
    """Return the contact of an address, or whom the contact with that address was merged into."""
    contact = Contact.objects.filter(address_hash=address_hash).first()
    return contact or _current(FormerContact.objects.filter(address_hash=address_hash).order_by("-pk"))


def by_former_hash(hashes: Collection[str]) -> dict[str, Contact]:
    """Return the contacts that addresses were merged into, where no contact has the address now."""
    rows = FormerContact.objects.filter(address_hash__in=hashes).order_by("pk").select_related("contact")
    found = {row.address_hash: row.contact for row in rows}
    taken = Contact.objects.filter(address_hash__in=found).values_list("address_hash", flat=True) if found else ()
    for key in taken:
        del found[key]
    return found


def _current(rows: QuerySet[FormerContact]) -> Contact | None:
    former = rows.select_related("contact").first()
    return former.contact if former else None
