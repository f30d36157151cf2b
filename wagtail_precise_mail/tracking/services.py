"""Writes of events: what became of a message after it left."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.digests.clicks import note_click
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.encryption import is_encrypting
from wagtail_precise_mail.tracking.machines import find_burst, is_machine_agent, is_machine_open
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.personal_links import without_words, words_about

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact

logger = logging.getLogger(__name__)

Kind = MessageEvent.Kind

# Whoever reloads a mail, or means ill, fills no table: opens at most once a minute, and never more than this.
_OPEN_PAUSE = timedelta(minutes=1)
_MOST_EVENTS = 200


def record_open(
    message_id: int, *, at: datetime | None = None, user_agent: str = "", is_prefetch: bool = False
) -> MessageEvent | None:
    """Keep that a message was opened, at most once a minute.

    Args:
        user_agent: as the header says; "" is unknown and counts as a person.
        is_prefetch: whether the request says that nobody looks yet.

    Returns:
        None when nothing is kept: the message is gone or a test, its contact is gone or not tracked, or it is too soon.
    """
    at = at or timezone.now()
    message = _find_message(message_id)
    if message is None:
        return None
    is_machine = is_prefetch or is_machine_open(user_agent, handed_off_at=message.handed_off_at, at=at)
    earlier = message.events.filter(kind=Kind.OPEN)
    is_soon = earlier.filter(is_machine=is_machine, happened_at__gt=at - _OPEN_PAUSE, happened_at__lte=at).exists()
    if is_soon or earlier.count() >= _MOST_EVENTS:
        return None
    return _keep(message, Kind.OPEN, at=at, user_agent=user_agent, is_machine=is_machine)


def record_click(
    message_id: int,
    *,
    link_index: int,
    url: str,
    block_id: str = "",
    at: datetime | None = None,
    user_agent: str = "",
    method: str = "GET",
    is_prefetch: bool = False,
) -> MessageEvent | None:
    """Keep a click. When it completes a scanner's burst, the whole burst is marked, earlier clicks included.

    Args:
        link_index: which link of the compiled email.
        method: of the request; only GET is a click (scanners ask with HEAD).

    Returns:
        None when nothing is kept, for the reasons of :func:`record_open`.
    """
    at = at or timezone.now()
    message = _find_message(message_id) if method == "GET" else None
    if message is None or message.events.filter(kind=Kind.CLICK).count() >= _MOST_EVENTS:
        return None
    # Committed before the burst is looked for: of clicks that come at once, the last to look sees all of them.
    event = _keep(
        message,
        Kind.CLICK,
        at=at,
        url=_kept(url, message)[:2000],
        link_index=link_index,
        block_id=block_id[:40],
        user_agent=user_agent,
        is_machine=is_prefetch or is_machine_agent(user_agent),
    )
    event.is_machine = _mark_burst(message, event) or event.is_machine
    if not event.is_machine:
        note_click(message.pk, url, at=at)
    return event


def _kept(url: str, message: OutboxMessage) -> str:
    # What is encrypted in its own place must not stand in clear here. Reports need to count where links led.
    return without_words(url, words_about(message.contact)) if is_encrypting() and message.contact else url


def _mark_burst(message: OutboxMessage, event: MessageEvent) -> bool:
    window = timedelta(seconds=options().scanner_click_seconds)
    clicks = message.events.filter(
        kind=Kind.CLICK, happened_at__range=(event.happened_at - window, event.happened_at + window)
    ).order_by("happened_at", "pk")
    burst = find_burst(
        list(clicks.values_list("pk", "happened_at", "link_index")),
        count=options().scanner_click_count,
        seconds=options().scanner_click_seconds,
    )
    if burst:
        message.events.filter(pk__in=burst, is_machine=False).update(is_machine=True)
    return event.pk in burst


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
    known = MessageEvent.objects.filter(order=order, kind=Kind.CONVERSION).first()
    click = known or _last_click(contact, before=order.placed_at)
    if known or click is None:
        return known
    try:
        with transaction.atomic():
            return MessageEvent.objects.create(
                message_id=click.message_id,
                send_id=click.send_id,
                contact=contact,
                kind=Kind.CONVERSION,
                happened_at=order.placed_at,
                url=click.url,
                link_index=click.link_index,
                block_id=click.block_id,
                order=order,
                value=order.total,
                currency=order.currency,
            )
    except IntegrityError:  # the same order came twice at once
        return MessageEvent.objects.filter(order=order, kind=Kind.CONVERSION).first()


def _last_click(contact: Contact, *, before: datetime) -> MessageEvent | None:
    window = timedelta(days=options().conversion_window_days)
    return (
        MessageEvent.objects.filter(
            contact=contact, kind=Kind.CLICK, is_machine=False, happened_at__range=(before - window, before)
        )
        .order_by("-happened_at", "-pk")
        .first()
    )


def _find_message(message_id: int) -> OutboxMessage | None:
    """The message, if what happens to it may be kept: the contact may have said no after it was sent."""
    if not options().is_tracking_enabled:
        return None
    return OutboxMessage.objects.filter(pk=message_id, send__is_test=False, contact__is_tracking_allowed=True).first()


def _keep(
    message: OutboxMessage,
    kind: Kind,
    *,
    at: datetime,
    user_agent: str,
    is_machine: bool,
    url: str = "",
    link_index: int | None = None,
    block_id: str = "",
) -> MessageEvent:
    return MessageEvent.objects.create(
        message=message,
        send_id=message.send_id,
        contact_id=message.contact_id,
        kind=kind,
        happened_at=at,
        user_agent=user_agent[:250].replace("\x00", ""),
        is_machine=is_machine,
        url=url,
        link_index=link_index,
        block_id=block_id,
    )
