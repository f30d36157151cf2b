"""Writes of consent: a yes and a no, one by one and by import, with their entries in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from wagtail_precise_mail.contacts.departures import record_departure, record_return
from wagtail_precise_mail.contacts.grades import Actor, ConsentBasis, is_stronger, reaches
from wagtail_precise_mail.contacts.models import (
    Consent,
    ConsentChange,
    ConsentStatus,
    Contact,
    Suppression,
    SuppressionReason,
    Topic,
)
from wagtail_precise_mail.contacts.proofs import NOTHING_SHOWN, Shown
from wagtail_precise_mail.contacts.signals import consent_changed, resubscribed, unsubscribed
from wagtail_precise_mail.contacts.suppressing import end_by_own_yes, suppress
from wagtail_precise_mail.contacts.writing import announce, lock_contact

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# How an unsubscription signs its entries in the ledger, so that taking it back finds them.
UNSUBSCRIBE_SOURCE = "unsubscribe"
RESUBSCRIBE_SOURCE = "unsubscribe taken back"

_RENEWS_AFTER = timedelta(days=28)


def subscribe(
    contact: Contact,
    topic: Topic,
    *,
    source: str,
    evidence: str = "",
    at: datetime | None = None,
    by: User | None = None,
    basis: str = "",
    shown: Shown = NOTHING_SHOWN,
) -> Consent:
    """Record a contact's own yes to a topic, which also ends an earlier unsubscription.

    Where the consent is granted already, on the same grade or a better one, the ledger gets an entry only when the
    last yes is some weeks old: then this one renews it. A yes that is weaker than its topic asks for stays pending.

    Args:
        source: where the yes was given, such as "sign-up form".
        evidence: what proves it, such as the wording and the address it came from.
        by: the colleague who recorded it, when it was not the contact.
        basis: a value of ``ConsentBasis``; "" takes a colleague's record with ``by``, else single opt-in.
        shown: what the contact read when they said yes.
    """
    basis = basis or (ConsentBasis.STAFF if by else ConsentBasis.SINGLE)
    with transaction.atomic():
        consent = change_consent(
            contact, topic, ConsentStatus.GRANTED, source, evidence, at, by, basis=basis, shown=shown
        )
        if end_by_own_yes(contact.address_hash):
            record_return(contact, at=at or timezone.now())
    return consent


def withdraw(
    contact: Contact,
    topic: Topic,
    *,
    source: str,
    evidence: str = "",
    at: datetime | None = None,
    by: User | None = None,
) -> Consent:
    """Record a contact's no to a topic. Nothing is written when it is a no already."""
    return change_consent(contact, topic, ConsentStatus.WITHDRAWN, source, evidence, at, by)


@transaction.atomic
def change_consent(
    contact: Contact,
    topic: Topic,
    status: ConsentStatus,
    source: str,
    evidence: str = "",
    at: datetime | None = None,
    by: User | None = None,
    *,
    basis: str = "",
    shown: Shown = NOTHING_SHOWN,
    actor: str = "",
) -> Consent:
    """Write where a contact stands with a topic, and an entry of the ledger; the verbs above are what others call.

    Nothing is written that is known already: the same status, on the same grade or a better one. An old yes that is
    said again is news, and gets an entry in the ledger.

    Args:
        basis: the grade of a yes; one that is not enough for the topic makes it pending.
        actor: a value of ``Actor``; "" is a colleague with ``by``, else the contact.
    """
    at = at or timezone.now()
    if status == ConsentStatus.GRANTED and not reaches(basis, topic.minimum_basis):
        status = ConsentStatus.PENDING
    lock_contact(contact)
    consent = Consent.objects.filter(contact=contact, topic=topic).first()
    is_known = consent is not None and consent.status == status and not is_stronger(basis, than=consent.basis)
    if consent and is_known and not (status == ConsentStatus.GRANTED and _is_old_yes(contact, topic, at)):
        return consent
    consent = consent or Consent(contact=contact, topic=topic)
    is_new_status = consent.status != status
    if not is_known:
        consent.status, consent.basis, consent.is_asked_again = status, basis, False
        if is_new_status:
            consent.changed_at = at
        consent.save()
    ConsentChange.objects.create(
        contact=contact,
        topic=topic,
        status=status,
        basis=basis,
        source=source,
        evidence=evidence,
        changed_at=at,
        changed_by=by,
        actor=actor or (Actor.COLLEAGUE if by else Actor.CONTACT),
        **shown.columns(),
    )
    if is_new_status:
        announce(consent_changed, contact=contact, topic=topic, status=status, at=at)
    return consent


def _is_old_yes(contact: Contact, topic: Topic, at: datetime) -> bool:
    recent = contact.consent_changes.filter(status=ConsentStatus.GRANTED, changed_at__gt=at - _RENEWS_AFTER)
    return not recent.filter(topic=topic).exists()


def grant_in_bulk(
    contact_ids: Iterable[int],
    topic: Topic,
    *,
    source: str,
    evidence: str = "",
    at: datetime | None = None,
    by: User | None = None,
) -> int:
    """Record the yes of many contacts at once, for imports; announces nothing.

    A withdrawn consent stays withdrawn, and one that a new policy asks for again stays pending: only the person's own
    :func:`subscribe` ends that, so that importing an old file again cannot undo what happened since. Where an imported
    yes is not enough for the topic, it is kept as pending.

    Args:
        by: who imports.

    Returns:
        How many consents were granted that were not before.
    """
    at = at or timezone.now()
    count = 0
    ids = list(dict.fromkeys(contact_ids))
    for start in range(0, len(ids), 5000):
        with transaction.atomic():
            count += _grant_chunk(ids[start : start + 5000], topic, source, evidence, at, by)
    return count


def _grant_chunk(ids: list[int], topic: Topic, source: str, evidence: str, at: datetime, by: User | None) -> int:
    basis = ConsentBasis.IMPORTED
    status = ConsentStatus.GRANTED if reaches(basis, topic.minimum_basis) else ConsentStatus.PENDING
    known = {
        row["contact_id"]: row
        for row in Consent.objects.filter(topic=topic, contact__in=ids).values(
            "contact_id", "status", "basis", "is_asked_again"
        )
    }
    pending = [pk for pk in ids if pk in known and _is_open(known[pk], status)]
    missing = [pk for pk in ids if pk not in known]
    Consent.objects.filter(topic=topic, contact__in=pending).update(status=status, basis=basis, changed_at=at)
    Consent.objects.bulk_create(
        [Consent(contact_id=pk, topic=topic, status=status, basis=basis, changed_at=at) for pk in missing],
        batch_size=1000,
    )
    ConsentChange.objects.bulk_create(
        [
            ConsentChange(
                contact_id=pk,
                topic=topic,
                status=status,
                basis=basis,
                source=source,
                evidence=evidence,
                changed_at=at,
                changed_by=by,
                actor=Actor.IMPORT,
            )
            for pk in (*pending, *missing)
        ],
        batch_size=1000,
    )
    return len(pending) + len(missing) if status == ConsentStatus.GRANTED else 0


def _is_open(known: Mapping[str, Any], status: str) -> bool:
    """Whether an imported yes adds anything to what is known of a contact and a topic."""
    if known["status"] != ConsentStatus.PENDING or known["is_asked_again"]:
        return False
    return status == ConsentStatus.GRANTED or not known["basis"]


@transaction.atomic
def unsubscribe(
    contact: Contact,
    *,
    origin_kind: str = "",
    origin_id: int | None = None,
    reason: str = "",
    comment: str = "",
    at: datetime | None = None,
) -> bool:
    """Withdraw a contact's consent to every topic, and suppress the address.

    A second call changes nothing, except that it may bring the reason that the first one of the same origin lacked.

    Args:
        origin_kind: where the contact asked, such as "outbox_message", with its id in ``origin_id``.
        reason: a value of ``UnsubscribeReason``, or "".
        comment: why, in their own words, or "".

    Returns:
        Whether anything was new.
    """
    at = at or timezone.now()
    lock_contact(contact)
    before = Suppression.objects.in_force(at).filter(address_hash=contact.address_hash).first()
    evidence = f"{origin_kind} {origin_id}" if origin_kind else ""
    granted = contact.consents.exclude(status=ConsentStatus.WITHDRAWN).select_related("topic")
    withdrawn = [
        change_consent(contact, consent.topic, ConsentStatus.WITHDRAWN, UNSUBSCRIBE_SOURCE, evidence, at)
        for consent in granted
    ]
    suppress(
        contact.email,
        reason=SuppressionReason.UNSUBSCRIBED,
        detail=reason,
        origin_kind=origin_kind,
        origin_id=origin_id,
        at=at,
    )
    record_departure(contact, reason=reason, comment=comment, origin_kind=origin_kind, origin_id=origin_id, at=at)
    is_new = before is None or bool(withdrawn) or _fill_reason(before, origin_kind, origin_id, reason)
    if is_new:
        announce(unsubscribed, contact=contact, origin_kind=origin_kind, origin_id=origin_id, reason=reason, at=at)
    return is_new


def _fill_reason(before: Suppression, origin_kind: str, origin_id: int | None, reason: str) -> bool:
    """Keep a reason that is given after the unsubscription, once."""
    same = (before.reason, before.origin_kind, before.origin_id) == (
        SuppressionReason.UNSUBSCRIBED,
        origin_kind,
        origin_id,
    )
    if not (reason and same and not before.detail):
        return False
    before.detail = reason
    before.save(update_fields=["detail"])
    return True


@transaction.atomic
def undo_unsubscribe(
    contact: Contact, *, origin_kind: str = "", origin_id: int | None = None, at: datetime | None = None
) -> bool:
    """Take an unsubscription back: grant again what it withdrew, and lift its suppression.

    Topics that the contact left on their own stay left, and a suppression for any other reason stays.

    Returns:
        Whether the address was suppressed by an unsubscription.
    """
    at = at or timezone.now()
    lock_contact(contact)
    lifted, _by_model = Suppression.objects.filter(
        address_hash=contact.address_hash, reason=SuppressionReason.UNSUBSCRIBED
    ).delete()
    if not lifted:
        return False
    record_return(contact, at=at)
    evidence = f"{origin_kind} {origin_id}" if origin_kind else ""
    for consent in contact.consents.filter(status=ConsentStatus.WITHDRAWN).select_related("topic"):
        last, before = _last_two(contact, consent.topic)
        if last and last.source == UNSUBSCRIBE_SOURCE and before and before.status != ConsentStatus.WITHDRAWN:
            status = ConsentStatus(before.status)
            change_consent(contact, consent.topic, status, RESUBSCRIBE_SOURCE, evidence, at, basis=before.basis)
    announce(resubscribed, contact=contact, origin_kind=origin_kind, origin_id=origin_id, at=at)
    return True


def _last_two(contact: Contact, topic: Topic) -> list[ConsentChange | None]:
    entries = list(contact.consent_changes.filter(topic=topic).order_by("-pk")[:2])
    return [*entries, None, None][:2]
