"""Audiences for advertising elsewhere: hashes of addresses, and only of people who agreed to it (C038).

Meta and Google ask for the SHA-256 of the address, without spaces around it and in lower case, in hex. A hash is not
anonymous: who has the address can find it. So it needs consent, and is logged as every export.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from wagtail_precise_mail.contacts.models import Contact, Suppression, Topic
from wagtail_precise_mail.contacts.queries import ContactQuerySet

_CHUNK = 2000

HEADING = "email"
"""As the importers of both call the column, hashed or not."""


def advertisable(contacts: ContactQuerySet, topic: Topic, *, at: datetime) -> ContactQuerySet:
    """Return those of some contacts who may be advertised to elsewhere.

    They agreed to the topic, allow profiling and tracking, and are neither suppressed (for whatever mail) nor in
    quarantine.
    """
    held = Suppression.objects.holding_back(is_marketing=True, at=at).filter(address_hash=OuterRef("address_hash"))
    allowed = Contact.objects.with_consent(topic.pk).filter(
        ~Q(Exists(held)), quarantined_at__isnull=True, is_profiling_allowed=True, is_tracking_allowed=True
    )
    return contacts.filter(pk__in=allowed.values("pk"))


def hashed_rows(contacts: ContactQuerySet) -> Iterator[list[str]]:
    """Yield the heading, and then the hash of each address; encrypted addresses are read first."""
    yield [HEADING]
    for email in contacts.order_by("pk").values_list("email", flat=True).iterator(chunk_size=_CHUNK):
        yield [hash_for_advertising(email)]


def hash_for_advertising(email: str) -> str:
    """Return the SHA-256 of an address as Meta and Google normalize it.

    Source: "Customer information parameters" of Meta's Conversions API, and "Customer Match" of Google Ads: trimmed,
    lower case, UTF-8. It is not the key by which we find addresses, which may be keyed.
    """
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()
