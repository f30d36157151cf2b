"""The last look before a message leaves: may this contact still be written to?

What is asked here is asked of the whole audience before, in :func:`~.freezing.skip_reason`. Both must always say the
same; a test compares them, reason by reason. Two things are asked here alone, for they are about the send and not about
its audience: whether its time is over, and whether whoever wrote to one person still may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from wagtail_precise_mail.among import Among
from wagtail_precise_mail.contacts.models import (
    Cadence,
    Consent,
    ConsentStatus,
    Contact,
    Suppression,
    SuppressionReason,
)
from wagtail_precise_mail.delivery.aging import PermissionRule
from wagtail_precise_mail.delivery.digests.entries import choose_entries
from wagtail_precise_mail.delivery.digests.keeping import collects
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.pace import find_too_soon
from wagtail_precise_mail.delivery.writers import may_still_leave

SkipReason = OutboxMessage.SkipReason


@dataclass(frozen=True)
class Verdict:
    """Whether a message may leave: ``reason`` is "" or a ``SkipReason``. Test mails may have no contact."""

    message: OutboxMessage
    contact: Contact | None
    reason: str


@dataclass(frozen=True)
class _Known:
    """What was looked up for some messages.

    Attributes:
        suppressions: reasons by address hash, as far as they hold this send back.
        may_leave: whether who wrote to one person may still do so; True for all other mail.
        consents: states by contact id.
        permission: why contacts are skipped who heard nothing for long, by their ids.
        too_soon: ids of contacts who had a mail of the topic within the time that they asked for; where the send goes
            into digests, of all who want one.
        untold: of digests, why there is nothing in them that may be sent, or "", by the id of the message.
    """

    suppressions: dict[str, str]
    may_leave: bool
    consents: dict[int, str] = field(default_factory=dict)
    permission: dict[int, str] = field(default_factory=dict)
    too_soon: set[int] = field(default_factory=set)
    untold: dict[int, str] = field(default_factory=dict)


def judge(send: Send, messages: Sequence[OutboxMessage], *, at: datetime) -> list[Verdict]:
    """Look everything up again: at most six queries, and those for a writer's permissions, however many messages."""
    ids = [message.contact_id for message in messages if message.contact_id]
    contacts = {contact.pk: contact for contact in Contact.objects.filter(Among("pk", ids)).defer("updated_at")}
    known = _look_up(send, messages, contacts, at)
    verdicts = []
    for message in messages:
        contact = contacts.get(message.contact_id) if message.contact_id else None
        if send.is_test:
            reason = _reason_in_test(known.suppressions.get(message.recipient_key))
        else:
            reason = _reason(send, message, contact, known, at)
        verdicts.append(Verdict(message, contact, reason))
    return verdicts


def _look_up(send: Send, messages: Sequence[OutboxMessage], contacts: dict[int, Contact], at: datetime) -> _Known:
    # The address was kept when the audience was gathered; the contact may have another one by now.
    hashes = {message.recipient_key for message in messages} | {c.address_hash for c in contacts.values()}
    holding = Suppression.objects.holding_back(is_marketing=send.is_marketing, at=at)
    known = _Known(
        suppressions=dict(holding.filter(Among("address_hash", hashes)).values_list("address_hash", "reason")),
        may_leave=may_still_leave(send),
    )
    if send.origin_kind == Send.DIGEST:
        chosen = choose_entries([message.pk for message in messages], at=at)
        return replace(known, untold={pk: one.skip_reason for pk, one in chosen.items()})
    if send.topic_id is None:
        return known
    rows = Consent.objects.filter(Among("contact_id", contacts), topic=send.topic_id)
    return replace(
        known,
        consents=dict(rows.values_list("contact_id", "status")),
        permission=PermissionRule.of(send).find(contacts.values(), except_send=send.pk, at=at),
        too_soon=_who_waits(send, send.topic_id, contacts, at),
    )


def _who_waits(send: Send, topic_id: int, contacts: dict[int, Contact], at: datetime) -> set[int]:
    if collects(send):  # whoever wants it less often gets all of it in a digest, however long ago the last mail was
        return {one.pk for one in contacts.values() if one.cadence != Cadence.EVERY}
    return find_too_soon(contacts.values(), topic_id, except_send=send.pk, at=at)


def _reason(send: Send, message: OutboxMessage, contact: Contact | None, known: _Known, at: datetime) -> str:
    if contact is None:
        return SkipReason.ERASED
    if send.send_before and at > send.send_before:
        return SkipReason.EXPIRED
    if not known.may_leave:
        return SkipReason.WRITER
    suppressed = known.suppressions.get(message.recipient_key) or known.suppressions.get(contact.address_hash)
    # Whoever left and signs up again is asked by mail whether it was them; nobody else reaches them.
    is_asked_back = send.origin_kind == Send.SIGN_UP and suppressed == SuppressionReason.UNSUBSCRIBED
    if suppressed and not is_asked_back:
        return SkipReason.UNSUBSCRIBED if suppressed == SuppressionReason.UNSUBSCRIBED else SkipReason.SUPPRESSED
    if contact.quarantined_at is not None:
        return SkipReason.QUARANTINED
    if send.origin_kind == Send.DIGEST:
        return known.untold[message.pk] or (SkipReason.PAUSED if _is_paused(contact, at) else "")
    return "" if send.topic_id is None else _reason_of_topic(send, contact, known, at)


def _reason_of_topic(send: Send, contact: Contact, known: _Known, at: datetime) -> str:
    """What holds back mail about a topic only: an order is confirmed to whoever pauses the newsletter."""
    consent = known.consents.get(contact.pk)
    if consent != ConsentStatus.GRANTED:
        return SkipReason.UNSUBSCRIBED if consent == ConsentStatus.WITHDRAWN else SkipReason.NO_CONSENT
    if contact.pk in known.permission:
        return known.permission[contact.pk]
    if _is_paused(contact, at):
        return SkipReason.PAUSED
    if contact.pk not in known.too_soon:
        return ""
    return SkipReason.KEPT if collects(send) else SkipReason.CADENCE


def _is_paused(contact: Contact, at: datetime) -> bool:
    return contact.paused_until is not None and contact.paused_until > at


def _reason_in_test(suppressed: str | None) -> str:
    """A colleague needs no consent to see a test; an address that does not exist gets nothing all the same."""
    return SkipReason.SUPPRESSED if suppressed == SuppressionReason.HARD_BOUNCE else ""
