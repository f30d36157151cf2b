"""Looking for contacts who may be one person. Nothing is merged here: somebody looks at each pair."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.contacts.lookalikes import MAILBOX_DOMAINS, mailbox_of, skeleton_of
from wagtail_precise_mail.contacts.merges import DuplicatePair, DuplicateReason
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.encryption import is_encrypting
from wagtail_precise_mail.exceptions import InvalidAddress

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Reason = DuplicateReason
Found = Iterator[tuple[int, int, str]]

# Keys of further fields that hold these, in the spellings that shops use.
PHONE_KEYS = ("phone", "telephone", "mobile", "phone_number")
POSTCODE_KEYS = ("postcode", "postal_code", "zip", "zip_code")

# More would not be looked at; the first reasons are the surest.
MOST_PAIRS = 20_000
_CHUNK = 5000


def find_duplicates(*, at: datetime | None = None) -> int:
    """Bring the open pairs up to date: new ones are added, those that are none any more go, dismissed ones stay so.

    Reads each contact that could be concerned once, in batches; keeps a number per contact in memory.

    Returns:
        How many pairs are new.
    """
    at = at or timezone.now()
    found: dict[tuple[int, int], str] = {}
    for search in (_same_mailbox, _lookalike, _same_account, _same_person):
        for one, other, reason in search():
            if one != other and len(found) < MOST_PAIRS:
                found.setdefault((min(one, other), max(one, other)), reason)
    return _store(found, at)


@transaction.atomic
def _store(found: dict[tuple[int, int], str], at: datetime) -> int:
    known = {(pair.first_id, pair.second_id): pair for pair in DuplicatePair.objects.all()}
    gone = [pair.pk for key, pair in known.items() if key not in found and pair.dismissed_at is None]
    for start in range(0, len(gone), _CHUNK):
        DuplicatePair.objects.filter(pk__in=gone[start : start + _CHUNK]).delete()
    new = [key for key in found if key not in known]
    # Somebody may have been erased since they were read.
    alive = set(Contact.objects.filter(pk__in={pk for key in new for pk in key}).values_list("pk", flat=True))
    pairs = [
        DuplicatePair(first_id=first, second_id=second, reason=found[first, second], found_at=at)
        for first, second in new
        if first in alive and second in alive
    ]
    DuplicatePair.objects.bulk_create(pairs, batch_size=1000)
    return len(pairs)


def dismiss(pair: DuplicatePair, *, by: User | None, at: datetime | None = None) -> None:
    """Say that these are two people; the pair does not come again."""
    pair.dismissed_at, pair.dismissed_by = at or timezone.now(), by
    pair.save(update_fields=["dismissed_at", "dismissed_by"])


def _same_mailbox() -> Found:
    at_providers = Q()
    for domain in MAILBOX_DOMAINS:
        at_providers |= Q(email__iendswith=f"@{domain}")
    seen: dict[str, int] = {}
    for pk, address in _addresses(at_providers):
        mailbox = mailbox_of(address)
        if mailbox and (first := seen.setdefault(mailbox, pk)) != pk:
            yield first, pk, Reason.SAME_MAILBOX


def _lookalike() -> Found:
    """Addresses beyond ASCII, against each other and against all others."""
    seen: dict[str, int] = {}
    for pk, address in _addresses(Q(email__regex=r"[^\x01-\x7f]") | Q(email__icontains="xn--")):
        if address.isascii():  # met only where they are encrypted, and all are read
            continue
        skeleton = skeleton_of(address)
        if (first := seen.setdefault(skeleton, pk)) != pk:
            yield first, pk, Reason.LOOKALIKE
    yield from _matches({address_hash(skeleton): pk for skeleton, pk in seen.items()}, Reason.LOOKALIKE)


def _same_account() -> Found:
    linked = Contact.objects.filter(user__isnull=False).exclude(user__email="").values_list("pk", "user__email")
    hashes = {}
    for pk, email in linked.iterator(chunk_size=_CHUNK):
        try:
            hashes[address_hash(normalize_address(email))] = pk
        except InvalidAddress:
            continue
    yield from _matches(hashes, Reason.SAME_ACCOUNT)


def _same_person() -> Found:
    """The same name, and beside it the same birthday, telephone number or postcode."""
    further = Q(attributes__has_any_keys=[*PHONE_KEYS, *POSTCODE_KEYS])
    named = Contact.objects.exclude(first_name="").exclude(last_name="")
    rows = named.filter(Q(birthday_on__isnull=False) | further).order_by("pk")
    seen: dict[int, int] = {}
    columns = rows.values_list("pk", "first_name", "last_name", "birthday_on", "attributes")
    for pk, first_name, last_name, birthday, attributes in columns.iterator(chunk_size=_CHUNK):
        name = f"{first_name} {last_name}".casefold()
        for reason, value in _marks(birthday, attributes):
            # A number of 64 bits instead of the words: a million contacts have to fit.
            if (first := seen.setdefault(hash((name, reason, value)), pk)) != pk:
                yield first, pk, reason


def _marks(birthday: Any, attributes: Any) -> Iterator[tuple[str, str]]:
    held = attributes if isinstance(attributes, dict) else {}
    if birthday:
        yield Reason.NAME_AND_BIRTHDAY, birthday.isoformat()
    for key in PHONE_KEYS:
        if len(digits := re.sub(r"\D", "", str(held.get(key) or ""))) >= 7:
            # Without the country code in front: people write it, or leave it out.
            yield Reason.NAME_AND_PHONE, digits[-9:]
    for key in POSTCODE_KEYS:
        if code := re.sub(r"\W", "", str(held.get(key) or "")).casefold():
            yield Reason.NAME_AND_POSTCODE, code


def _addresses(which: Q) -> Iterator[tuple[int, str]]:
    """The addresses that fit, normalized; encrypted, all of them: the database cannot look into them."""
    rows = Contact.objects.filter(Q() if is_encrypting() else which).order_by("pk").values_list("pk", "email")
    for pk, email in rows.iterator(chunk_size=_CHUNK):
        try:
            yield pk, normalize_address(email)
        except InvalidAddress:  # from before these rules
            continue


def _matches(hashes: dict[str, int], reason: str) -> Found:
    keys = list(hashes)
    for start in range(0, len(keys), _CHUNK):
        rows = Contact.objects.filter(address_hash__in=keys[start : start + _CHUNK])
        for pk, key in rows.values_list("pk", "address_hash"):
            yield pk, hashes[key], reason
