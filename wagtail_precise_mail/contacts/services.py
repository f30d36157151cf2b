"""Writes of contacts; those of consent and of suppressed addresses are in files of their own."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.contacts.consents import (
    RESUBSCRIBE_SOURCE,
    UNSUBSCRIBE_SOURCE,
    change_consent,
    grant_in_bulk,
    subscribe,
    undo_unsubscribe,
    unsubscribe,
    withdraw,
)
from wagtail_precise_mail.contacts.fields import ContactField
from wagtail_precise_mail.contacts.former import find_by_hash
from wagtail_precise_mail.contacts.models import (
    Contact,
    ServiceNote,
)
from wagtail_precise_mail.contacts.suppressing import lift_suppression, suppress
from wagtail_precise_mail.contacts.values import read_value
from wagtail_precise_mail.contacts.writing import announce, lock_contact
from wagtail_precise_mail.exceptions import InvalidValue

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

__all__ = [
    "RESUBSCRIBE_SOURCE",
    "UNSUBSCRIBE_SOURCE",
    "announce",
    "change_consent",
    "grant_in_bulk",
    "lift_suppression",
    "link_user",
    "lock_contact",
    "record_service_note",
    "set_attribute",
    "set_field",
    "subscribe",
    "suppress",
    "undo_unsubscribe",
    "unsubscribe",
    "upsert_contact",
    "withdraw",
]


def upsert_contact(email: str, *, source: str = "", **fields: Any) -> Contact:
    """Return the contact of an address, made when there is none, with the given fields filled in.

    The address of somebody who was merged into another contact finds that one.

    Args:
        source: where a new contact came from; an old one keeps its own.
        fields: values of ``Contact``; empty ones never wipe out what is known.

    Raises:
        InvalidAddress: no mail could be sent there.
    """
    key = address_hash(normalize_address(email))
    given = {name: value for name, value in fields.items() if value not in (None, "")}
    contact = find_by_hash(key)
    if contact is None:
        try:
            with transaction.atomic():
                return Contact.objects.create(email=email.strip(), source=source, **given)
        except IntegrityError:  # somebody else was quicker
            contact = Contact.objects.get(address_hash=key)
    changed = [name for name, value in given.items() if getattr(contact, name) != value]
    for name in changed:
        setattr(contact, name, given[name])
    if changed:
        contact.save(update_fields=[*changed, "updated_at"])
    return contact


def set_attribute(contact: Contact, key: str, value: Any) -> bool:
    """Keep what a contact answered in one of the further fields, whatever else is written at the same moment.

    A value that does not fit the type of its field is left out, and logged: somebody answered, and nobody is there to
    correct it. Use :func:`set_field` where there is.

    Returns:
        Whether the value was kept.
    """
    try:
        set_field(contact, key, value)
    except InvalidValue as error:
        logger.warning("Kept nothing in the field %s of contact %s: %s", key, contact.pk, error)
        return False
    return True


@transaction.atomic
def set_field(contact: Contact, key: str, value: Any) -> None:
    """Write one of a contact's further fields; nothing (None, "" or no choice) takes it away.

    Args:
        key: of a :class:`ContactField`, which says what fits, or of a field that nobody described: then anything does.

    Raises:
        InvalidValue: the value does not fit the type of the field.
    """
    field = ContactField.objects.filter(key=key).first()
    kept = read_value(field, value) if field else value
    lock_contact(contact)
    contact.refresh_from_db(fields=["attributes"])
    known = contact.attributes if isinstance(contact.attributes, dict) else {}
    changed = {**known, key: kept}
    if kept in (None, ""):
        del changed[key]
    if changed != known:
        contact.attributes = changed
        contact.save(update_fields=["attributes", "updated_at"])


@transaction.atomic
def link_user(contact: Contact, user: User | None) -> None:
    """Say whose account on the site a contact has; None ends it.

    Raises:
        InvalidValue: the account belongs to another contact.
    """
    other = Contact.objects.filter(user=user).exclude(pk=contact.pk).first() if user else None
    if other:
        message = _("The account “%(account)s” belongs to another contact: %(contact)s.")
        raise InvalidValue(message % {"account": user, "contact": other})
    contact.user = user
    contact.save(update_fields=["user", "updated_at"])


def record_service_note(
    contact: Contact,
    *,
    subject: str,
    kind: str = ServiceNote.Kind.NOTE,
    body: str = "",
    source: str = "admin",
    external_id: str = "",
    at: datetime | None = None,
) -> ServiceNote:
    """Keep something from customer service; the same source and number again updates it.

    Args:
        kind: a value of ``ServiceNote.Kind``.
        external_id: the number in the other system, or "".
        at: when it happened.
    """
    values = {"contact": contact, "kind": kind, "subject": subject[:250], "body": body}
    at = at or timezone.now()
    if not external_id:
        return ServiceNote.objects.create(**values, source=source, noted_at=at)
    note, _created = ServiceNote.objects.update_or_create(
        source=source, external_id=external_id, defaults=values, create_defaults={**values, "noted_at": at}
    )
    return note
