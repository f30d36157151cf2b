"""Writes of what providers tell: each event once, and where it belongs."""

from __future__ import annotations

import hashlib
import logging
from functools import partial

from django.db import transaction
from django.db.models import Q

from wagtail_precise_mail.contacts.addresses import address_hash, normalize_address
from wagtail_precise_mail.delivery.bounces.matching import MAY_HAVE_LEFT
from wagtail_precise_mail.delivery.bounces.services import record_bounce
from wagtail_precise_mail.delivery.mime import read_message_id
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.outcomes import settle_unknown
from wagtail_precise_mail.delivery.signals import clicked, delivered, opened
from wagtail_precise_mail.delivery.webhooks.events import Told
from wagtail_precise_mail.delivery.webhooks.models import ProviderEvent
from wagtail_precise_mail.exceptions import InvalidAddress, InvalidToken

logger = logging.getLogger(__name__)

Kind = ProviderEvent.Kind

_CAME_BACK = (Kind.BOUNCED, Kind.REJECTED, Kind.COMPLAINED, Kind.UNSUBSCRIBED, Kind.ANSWERED)


def record_event(told: Told) -> ProviderEvent | None:
    """Keep what a provider told of a message, with its consequences. The same event twice counts once.

    A bounce or a complaint has those of its kind, whatever way it comes by; opens and clicks are announced to the rooms
    above. A message of unknown outcome gets its end.

    Returns:
        None when nothing is kept: nobody knows the message, or the event came before.
    """
    message = _find(told)
    if message is None:
        # Hashes, for the provider's words name people.
        logger.info("%s tells of a message that is not ours: %s", told.provider, _hashed(told.provider_id))
        return None
    with transaction.atomic():
        event, is_new = ProviderEvent.objects.get_or_create(
            key=told.key, defaults={"message": message, "kind": told.kind, "happened_at": told.at}
        )
        if not is_new:
            return None
        _draw_consequences(message, told)
    logger.info("%s: message %s %s", told.provider, message.pk, told.kind)
    return event


def _draw_consequences(message: OutboxMessage, told: Told) -> None:
    if told.kind in _CAME_BACK:
        _record_bounce(message, told)
        return
    # Whatever else it tells, the provider has the message.
    settle_unknown(message, state=OutboxMessage.State.ACCEPTED)
    signal = {Kind.DELIVERED: delivered, Kind.OPENED: opened, Kind.CLICKED: clicked}.get(told.kind)
    if signal is None:
        return
    details = {"message": message, "at": told.at}
    if told.kind != Kind.DELIVERED:
        details["user_agent"] = told.user_agent
    if told.kind == Kind.CLICKED:
        details["url"] = told.url
    transaction.on_commit(partial(signal.send_robust, sender=OutboxMessage, **details))


def _record_bounce(message: OutboxMessage, told: Told) -> None:
    verdict = told.verdict()
    record_bounce(
        message,
        kind=verdict.kind,
        diagnostic=told.words,
        at=told.at,
        status=verdict.status,
        reply_code=verdict.reply,
        source=told.provider[:30],
        key=told.key,
    )


def _find(told: Told) -> OutboxMessage | None:
    """Return the message by our signed reference, else by the provider's name for it and the hash of the address."""
    messages = OutboxMessage.objects.filter(MAY_HAVE_LEFT).select_related("send")
    try:
        return messages.filter(pk=read_message_id(told.reference)).first() if told.reference else _by_name(told)
    except (InvalidToken, OverflowError):
        return None


def _by_name(told: Told) -> OutboxMessage | None:
    if not told.provider_id:
        return None
    try:
        named = read_message_id(told.provider_id)  # providers that keep our Message-ID tell that
    except InvalidToken:
        named = None
    known = Q(pk=named) if named else Q(provider_id=told.provider_id[:250])
    found = OutboxMessage.objects.filter(MAY_HAVE_LEFT, known).select_related("send").order_by("-pk")
    if named:
        return found.first()
    # A provider's own names are not signed: whoever is told of must be whom the message went to.
    return found.filter(recipient_key=_key_of(told.address)).first()


def _key_of(address: str) -> str:
    try:
        return address_hash(normalize_address(address))
    except InvalidAddress:
        return "-"


def _hashed(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:12]
