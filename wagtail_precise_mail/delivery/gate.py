"""The last look before a message leaves: may this contact still be written to?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from wagtail_precise_mail.contacts.models import Consent, ConsentStatus, Contact, Suppression, SuppressionReason
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

SkipReason = OutboxMessage.SkipReason


@dataclass(frozen=True)
class Verdict:
    """Whether a message may leave: ``reason`` is "" or a ``SkipReason``. Test mails may have no contact."""

    message: OutboxMessage
    contact: Contact | None
    reason: str


def judge(send: Send, messages: Sequence[OutboxMessage], *, at: datetime) -> list[Verdict]:
    """Look up contacts, suppressed addresses and consent again: three queries, whatever the number of messages."""
    contacts = Contact.objects.in_bulk([message.contact_id for message in messages if message.contact_id])
    # The address was kept when the audience was gathered; the contact may have another one by now.
    hashes = {message.recipient_key for message in messages} | {c.address_hash for c in contacts.values()}
    suppressions = dict(Suppression.objects.filter(address_hash__in=hashes).values_list("address_hash", "reason"))
    consents: dict[int, str] = {}
    if send.topic_id:
        rows = Consent.objects.filter(topic=send.topic_id, contact__in=contacts)
        consents = dict(rows.values_list("contact_id", "status"))
    verdicts = []
    for message in messages:
        contact = contacts.get(message.contact_id) if message.contact_id else None
        if send.is_test:
            reason = _reason_in_test(suppressions.get(message.recipient_key))
        else:
            reason = _reason(send, message, contact, suppressions, consents, at)
        verdicts.append(Verdict(message, contact, reason))
    return verdicts


def _reason(
    send: Send,
    message: OutboxMessage,
    contact: Contact | None,
    suppressions: dict[str, str],
    consents: dict[int, str],
    at: datetime,
) -> str:
    if contact is None:
        return SkipReason.ERASED
    if send.send_before and at > send.send_before:
        return SkipReason.EXPIRED
    suppressed = suppressions.get(message.recipient_key) or suppressions.get(contact.address_hash)
    # Whoever left and signs up again is asked by mail whether it was them; nobody else reaches them.
    is_asked_back = send.origin_kind == Send.SIGN_UP and suppressed == SuppressionReason.UNSUBSCRIBED
    if suppressed and not is_asked_back:
        return SkipReason.UNSUBSCRIBED if suppressed == SuppressionReason.UNSUBSCRIBED else SkipReason.SUPPRESSED
    if send.topic_id is None:
        return ""
    consent = consents.get(contact.pk)
    if consent == ConsentStatus.GRANTED:
        return ""
    return SkipReason.UNSUBSCRIBED if consent == ConsentStatus.WITHDRAWN else SkipReason.NO_CONSENT


def _reason_in_test(suppressed: str | None) -> str:
    """A colleague needs no consent to see a test; an address that does not exist gets nothing all the same."""
    return SkipReason.SUPPRESSED if suppressed == SuppressionReason.HARD_BOUNCE else ""
