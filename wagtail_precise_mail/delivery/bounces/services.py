"""Writes of what came back: keep it once, and draw the consequences."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.former import find_contact
from wagtail_precise_mail.contacts.models import SuppressionReason
from wagtail_precise_mail.contacts.services import suppress, unsubscribe
from wagtail_precise_mail.delivery.bounces.counting import comes_back_too_often
from wagtail_precise_mail.delivery.bounces.kinds import BOUNCES, Kind
from wagtail_precise_mail.delivery.bounces.matching import match, may_have_left, unsubscribe_tokens
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.bounces.parsing import Report, parse
from wagtail_precise_mail.delivery.inbound.services import keep_reply
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.outcomes import settle_unknown
from wagtail_precise_mail.delivery.signals import bounced, complained
from wagtail_precise_mail.exceptions import InvalidTransition

logger = logging.getLogger(__name__)

_ORIGIN = "outbox_message"


class Outcome(StrEnum):
    """What became of a mail in the bounce mailbox."""

    RECORDED = "recorded"
    UNSUBSCRIBED = "unsubscribed"
    KNOWN = "known"  # it was here before
    UNRECOGNIZED = "unrecognized"  # nobody knows what it is, or which message it is about
    ANSWERED = "answered"  # a person wrote it


def process_mail(raw: bytes, *, source: str = "mailbox", at: datetime | None = None) -> Outcome:
    """Find out what a mail is, and keep what it says about messages of ours. The same mail twice counts once.

    Args:
        raw: the whole mail, as it came; of a very large one, the beginning is read.
        at: now.
    """
    at = at or timezone.now()
    report = parse(raw)
    if _unsubscribe(unsubscribe_tokens(report), at=at):
        return Outcome.UNSUBSCRIBED
    happened_at = min(report.at or at, at)
    found = match(report, at=happened_at)
    if not found:
        return _keep_answer(raw, report, at=happened_at)
    news = []
    with transaction.atomic():
        for message, entry in found:
            _bounce, is_new = _keep(
                message,
                kind=entry.kind,
                diagnostic=entry.diagnostic,
                at=happened_at,
                address=entry.recipient,
                status=entry.status,
                reply_code=entry.reply,
                is_final=entry.is_final,
                source=source,
                key=_key(report.key, message.pk),
            )
            news.append(is_new)
    return Outcome.RECORDED if any(news) else Outcome.KNOWN


def _keep_answer(raw: bytes, report: Report, *, at: datetime) -> Outcome:
    answer = None if report.entries else keep_reply(raw, report, at=at)
    if answer is None:
        return Outcome.UNRECOGNIZED
    _reply, is_new = answer
    return Outcome.ANSWERED if is_new else Outcome.KNOWN


def record_bounce(
    message: OutboxMessage,
    *,
    kind: Kind,
    diagnostic: str,
    at: datetime,
    address: str = "",
    status: str = "",
    reply_code: str = "",
    is_final: bool = True,
    source: str = "mailbox",
    key: str = "",
) -> Bounce:
    """Keep a bounce, and suppress the address when writing again is pointless.

    A hard bounce suppresses at once, and others as :mod:`.counting` says. Complaints suppress, and blocks and refusals
    of content or by policy never do. What comes back tells the end of a message of unknown outcome, too: it is rejected
    when it was not delivered, and accepted else.

    Args:
        kind: already translated from the provider's own words.
        diagnostic: the server's reply, such as "550 5.1.1 user unknown", or "".
        at: when the server answered (aware, UTC), not when we heard of it.
        address: that was refused, where it is another than the message's.
        is_final: False for a warning that the server goes on trying; it has no consequences.
        source: how we heard of it, such as "mailbox" or the key of a provider.
        key: the name of the event with its source; "" takes what is told.

    Returns:
        The stored bounce; the earlier one when this event came before.

    Raises:
        InvalidTransition: the message was never sent.

    Source: RFC 3463, where class 5 is permanent and class 4 is not.
    """
    bounce, _is_new = _keep(
        message,
        kind=kind,
        diagnostic=diagnostic,
        at=at,
        address=address,
        status=status,
        reply_code=reply_code,
        is_final=is_final,
        source=source,
        key=_key(f"{source} {key or f'{kind} {at.isoformat()} {diagnostic}'}", message.pk),
    )
    return bounce


@transaction.atomic
def _keep(
    message: OutboxMessage,
    *,
    kind: Kind,
    diagnostic: str,
    at: datetime,
    address: str,
    status: str,
    reply_code: str,
    is_final: bool,
    source: str,
    key: str,
) -> tuple[Bounce, bool]:
    if not may_have_left(message):
        raise InvalidTransition(
            _("Nothing can come back: the message is %(state)s.") % {"state": message.get_state_display()}
        )
    bounce, is_new = Bounce.objects.get_or_create(
        key=key,
        defaults={
            "message": message,
            "contact_id": message.contact_id,
            # After an erasure nothing personal comes in by the back door.
            "address": (address or message.address)[:254] if message.address else "",
            "recipient_key": message.recipient_key,
            "kind": kind,
            "status": status[:12],
            "reply_code": reply_code[:3],
            "diagnostic": _words(diagnostic) if message.address else "",
            "is_final": is_final,
            "source": source,
            "happened_at": at,
        },
    )
    if is_new:
        is_refusal = is_final and kind in BOUNCES
        state = OutboxMessage.State.REJECTED if is_refusal else OutboxMessage.State.ACCEPTED
        settle_unknown(message, state=state, reply=bounce.diagnostic if is_refusal else "")
        if is_final:
            _draw_consequences(bounce, message)
        _announce(bounce)
        logger.info("Message %s came back: %s %s", message.pk, kind, status)
    return bounce, is_new


def _draw_consequences(bounce: Bounce, message: OutboxMessage) -> None:
    # Seeds are mailboxes of our own: a suppression would be counted as a contact who is lost.
    if not message.address or message.send.origin_kind == Send.SEED:
        return
    if bounce.kind == Kind.HARD:
        _suppress(bounce, message, SuppressionReason.HARD_BOUNCE, bounce.diagnostic)
    elif bounce.kind == Kind.COMPLAINT:
        _suppress(bounce, message, SuppressionReason.COMPLAINT, "")
    elif bounce.kind == Kind.UNSUBSCRIBE and message.contact:
        unsubscribe(message.contact, origin_kind=_ORIGIN, origin_id=message.pk, at=bounce.happened_at)
    elif comes_back_too_often(bounce, message):
        detail = _("It came back too often. The last time: %(reply)s") % {"reply": bounce.diagnostic or bounce.status}
        _suppress(bounce, message, SuppressionReason.HARD_BOUNCE, detail)


def _suppress(bounce: Bounce, message: OutboxMessage, reason: SuppressionReason, detail: str) -> None:
    suppress(
        message.address,
        reason=reason,
        detail=detail,
        origin_kind=_ORIGIN,
        origin_id=message.pk,
        at=bounce.happened_at,
    )


def _announce(bounce: Bounce) -> None:
    signal = complained if bounce.kind == Kind.COMPLAINT else bounced if bounce.kind in BOUNCES else None
    if signal:
        transaction.on_commit(partial(signal.send_robust, sender=Bounce, bounce=bounce))


def _unsubscribe(tokens: Iterable[tuple[int, int]], *, at: datetime) -> bool:
    """Unsubscribe whom the tokens name; a token of nobody, as in a test, is one all the same."""
    is_any = False
    for contact_id, message_id in tokens:
        contact = find_contact(contact_id)
        if contact:
            unsubscribe(contact, origin_kind=_ORIGIN if message_id else "", origin_id=message_id or None, at=at)
        is_any = True
    return is_any


def _words(diagnostic: str) -> str:
    return " ".join(diagnostic.replace("\x00", "").split())[:500]


def _key(name: str, message_pk: int) -> str:
    return hashlib.sha256(f"{name}\n{message_pk}".encode("utf-8", "replace")).hexdigest()
