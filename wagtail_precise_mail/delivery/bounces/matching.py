"""Which outbox message a report is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.contacts.former import find_by_hash
from wagtail_precise_mail.contacts.tokens import read_unsubscribe_token
from wagtail_precise_mail.delivery.bounces.parsing import Entry, Report
from wagtail_precise_mail.delivery.bounces.verp import read_return_path
from wagtail_precise_mail.delivery.mime import read_message_id
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.replies import ReplyClass
from wagtail_precise_mail.exceptions import InvalidAddress, InvalidToken

# Servers give up after five days (RFC 5321); some people read their spam folder on Sundays only.
_DAYS = timedelta(days=14)

SENT_STATES = (
    OutboxMessage.State.HANDOFF,
    OutboxMessage.State.ACCEPTED,
    OutboxMessage.State.REJECTED,
    OutboxMessage.State.UNKNOWN,
)
"""Of a message in another state, nothing can come back, but for one that may have left and waits to leave again."""

_WAITING = (OutboxMessage.State.DEFERRED, OutboxMessage.State.PENDING, OutboxMessage.State.CLAIMED)
MAY_HAVE_LEFT = Q(state__in=SENT_STATES) | Q(state__in=_WAITING, reply_class=ReplyClass.UNKNOWN)

_TOKEN = re.compile(r"(?<![\w-])[\w-]{22}\.[\w-]{22}(?![\w-])", re.ASCII)


def may_have_left(message: OutboxMessage) -> bool:
    """Whether something can come back of a message."""
    is_repeated = message.state in _WAITING and message.reply_class == ReplyClass.UNKNOWN
    return message.state in SENT_STATES or is_repeated


def match(report: Report, *, at: datetime) -> list[tuple[OutboxMessage, Entry]]:
    """Return the messages that a report is about, each with what it says of it.

    A signed return path or Message-ID is certain; else it is the last message to the address that is named.
    """
    message = named_message(report)
    if message:
        return [(message, _entry_about(message, report.entries))] if report.entries else []
    found = [(_last_message(entry, at), entry) for entry in report.entries]
    return [(message, entry) for message, entry in found if message]


def unsubscribe_tokens(report: Report) -> Iterator[tuple[int, int]]:
    """Yield contact and message of the unsubscribe tokens that a mail brings, in its subject or in its address."""
    for text in (report.subject, *report.sent_to):
        for token in _TOKEN.findall(text):
            try:
                yield read_unsubscribe_token(token)
            except InvalidToken:
                continue


def named_message(report: Report) -> OutboxMessage | None:
    """Return the message that a mail names by a token of ours, or None."""
    for pk in _named_ids(report):
        message = OutboxMessage.objects.filter(MAY_HAVE_LEFT, pk=pk).select_related("send").first()
        if message:
            return message
    return None


def _named_ids(report: Report) -> Iterator[int]:
    readers = [(read_return_path, report.envelope), (read_message_id, [*report.marks, *report.references])]
    for read, values in readers:
        for value in values:
            try:
                pk = read(value)
            except InvalidToken:
                continue
            if 0 < pk < 2**63:
                yield pk


def _entry_about(message: OutboxMessage, entries: tuple[Entry, ...]) -> Entry:
    """Return what is said about the address of a message; a mail that is passed on may name others only."""
    for entry in entries:
        if message.address and message.address.lower() in (one.lower() for one in (entry.recipient, *entry.aliases)):
            return entry
    return entries[0]


def _last_message(entry: Entry, at: datetime) -> OutboxMessage | None:
    return last_message_to([entry.recipient, *entry.aliases], at=at)


def last_message_to(addresses: Sequence[str], *, at: datetime) -> OutboxMessage | None:
    """Return the last message to some addresses, through its contact: messages have no index by address alone."""
    keys = [key for address in addresses if (key := _key(address))]
    contacts = [contact for key in keys if (contact := find_by_hash(key))]
    if not contacts:
        return None
    messages = OutboxMessage.objects.filter(
        MAY_HAVE_LEFT,
        contact__in=contacts,
        recipient_key__in=keys,
        handed_off_at__range=(at - _DAYS, at + timedelta(hours=1)),  # clocks differ
    )
    return messages.select_related("send").order_by("-handed_off_at", "-pk").first()


def _key(address: str) -> str:
    try:
        return address_hash(normalize_address(address)) if address else ""
    except InvalidAddress:
        return ""
