"""Writes of events: what became of a message after it left."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.tracking.conversions import machine_conversions, worth, wrong_conversions
from wagtail_precise_mail.tracking.counting import count_hits
from wagtail_precise_mail.tracking.crediting import clicks_before, conversion_of, credit_anew
from wagtail_precise_mail.tracking.hits import Hit
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.turns import wait_for_counting

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact

logger = logging.getLogger(__name__)

Kind = MessageEvent.Kind

_CHUNK = 500


def record_open(
    message_id: int, *, at: datetime | None = None, user_agent: str = "", is_prefetch: bool = False
) -> MessageEvent | None:
    """Keep that a message was opened, at most once a minute. For one open; requests go through the buffer of hits.

    Args:
        user_agent: as the header says; "" is unknown and counts as a person.
        is_prefetch: whether the request says that nobody looks yet.

    Returns:
        None when nothing is kept: the message is gone or a test, its contact is gone or not tracked, or it is too soon.
    """
    return count_hits([Hit(Kind.OPEN, message_id, _seconds(at), user_agent, is_prefetch)])[0]


def record_click(
    message_id: int,
    *,
    link_index: int | None,
    url: str,
    block_id: str = "",
    at: datetime | None = None,
    user_agent: str = "",
    method: str = "GET",
    is_prefetch: bool = False,
) -> MessageEvent | None:
    """Keep a click. When it completes a scanner's burst, the whole burst is marked, earlier clicks included.

    Args:
        link_index: which link of the compiled email; None when a provider saw the click, which does not know that.
        method: of the request; only GET is a click (scanners ask with HEAD).

    Returns:
        None when nothing is kept, for the reasons of :func:`record_open`.
    """
    if method != "GET":
        return None
    hit = Hit(Kind.CLICK, message_id, _seconds(at), user_agent, is_prefetch, link_index, url, block_id)
    return count_hits([hit])[0]


def record_scan(message_id: int, *, at: datetime | None = None, user_agent: str = "") -> MessageEvent | None:
    """Keep that somebody followed the hidden link of a message: opens and clicks around it are a scanner's."""
    return count_hits([Hit(Kind.SCAN, message_id, _seconds(at), user_agent, is_machine=True)])[0]


def _seconds(at: datetime | None) -> float:
    return (at or timezone.now()).timestamp()


def record_unsubscribe(
    message_id: int, contact: Contact, *, reason: str = "", at: datetime | None = None
) -> MessageEvent | None:
    """Keep that a contact left by this message, once; a reason that comes later is filled in.

    Returns:
        None when the message is gone or a test.
    """
    message = OutboxMessage.objects.filter(pk=message_id, send__is_test=False).first()
    if message is None:
        return None
    event, created = MessageEvent.objects.get_or_create(
        message=message,
        kind=Kind.UNSUBSCRIBE,
        defaults={
            "send_id": message.send_id,
            "contact": contact,
            "detail": reason,
            "happened_at": at or timezone.now(),
        },
    )
    if reason and not created and not event.detail:
        event.detail = reason
        event.save(update_fields=["detail"])
    return event


def forget_unsubscribe(message_id: int) -> None:
    """Take an unsubscription out of the figures: it was a mistake. The consent ledger keeps the story."""
    MessageEvent.objects.filter(message=message_id, kind=Kind.UNSUBSCRIBE).delete()


def record_passed_on(message_id: int, *, kind: str, via: str, at: datetime | None = None) -> MessageEvent | None:
    """Keep that a contact passed a message on, once per message and kind.

    Args:
        kind: ``FORWARD`` or ``SHARE``.
        via: the way or the network; a later one of the same kind replaces nothing.

    Returns:
        None when nothing is kept: the message is gone or a test, or its contact is gone or not tracked.
    """
    message = _find_message(message_id)
    if message is None:
        return None
    event, _created = MessageEvent.objects.get_or_create(
        message=message,
        kind=kind,
        defaults={
            "send_id": message.send_id,
            "contact_id": message.contact_id,
            "detail": via,
            "happened_at": at or timezone.now(),
        },
    )
    return event


def record_reached_goal(
    message_id: int, *, name: str = "", url: str = "", block_id: str = "", at: datetime | None = None
) -> MessageEvent | None:
    """Keep that the contact of a message reached the goal of a landing page, once per message.

    Args:
        name: of the goal, such as the title of the page; a later one replaces nothing.
        url: the page where it was reached.

    Returns:
        None when nothing is kept, for the reasons of :func:`record_open`.
    """
    message = _find_message(message_id)
    if message is None:
        return None
    event, _created = MessageEvent.objects.get_or_create(
        message=message,
        kind=Kind.GOAL,
        defaults={
            "send_id": message.send_id,
            "contact_id": message.contact_id,
            "detail": name[:250].replace("\x00", ""),
            "url": url[:2000].replace("\x00", ""),
            "block_id": block_id[:40],
            "happened_at": at or timezone.now(),
        },
    )
    return event


def attribute_order(order: Order) -> MessageEvent | None:
    """Credit a sale to the last click of a person within the conversion window before it, once.

    Refunds, imported history, and orders of contacts who are not tracked belong to nobody.

    Returns:
        The conversion, the earlier one when this order was attributed before, or None.
    """
    contact = order.contact
    if order.kind != Order.Kind.SALE or order.is_historical or contact is None or not contact.is_tracking_allowed:
        return None
    known = MessageEvent.objects.filter(order=order, kind=Kind.CONVERSION)
    try:
        with transaction.atomic():
            wait_for_counting()
            if earlier := known.first():
                return earlier
            click = clicks_before(order.placed_at, contact=contact).first()
            if click is None:
                return None
            conversion = conversion_of(order, click)
            conversion.save()
            return conversion
    except IntegrityError:  # the same order came twice at once
        return known.first()


@transaction.atomic
def correct_conversion(order: Order) -> None:
    """Let the conversion of an order say what the order and its refunds say now; one that is nobody's is taken away.

    An order that went to another contact is credited anew, to a click of theirs. One that lost its contact with time,
    as its clicks did, stays where it is.
    """
    wait_for_counting()
    known = MessageEvent.objects.filter(order=order, kind=Kind.CONVERSION).first()
    if known is None:
        return
    if order.kind != Order.Kind.SALE or known.contact_id not in (None, order.contact_id):
        known.delete()
        attribute_order(order)
        return
    wanted = {"value": worth(order), "currency": order.currency, "happened_at": order.placed_at}
    MessageEvent.objects.filter(pk=known.pk).update(**wanted)


def correct_conversions() -> int:
    """Let every conversion say what its order says now, and belong to a person; return how many were looked at.

    Changes are heard of one by one. This is for what nobody announces, such as imported refunds of known sales.
    """
    by_machines = list(machine_conversions().values_list("order_id", flat=True))
    for start in range(0, len(by_machines), _CHUNK):
        credit_anew([pk for pk in by_machines[start : start + _CHUNK] if pk])
    wrong = list(wrong_conversions().values_list("order_id", flat=True))
    for order in Order.objects.filter(pk__in=wrong).select_related("contact").iterator(chunk_size=_CHUNK):
        correct_conversion(order)
    return len(by_machines) + len(wrong)


def _find_message(message_id: int) -> OutboxMessage | None:
    """The message, if what happens to it may be kept: the contact may have said no after it was sent."""
    if not options().is_tracking_enabled:
        return None
    return OutboxMessage.objects.filter(pk=message_id, send__is_test=False, contact__is_tracking_allowed=True).first()
