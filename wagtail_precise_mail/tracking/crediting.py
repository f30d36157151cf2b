"""Which click a sale belongs to: asked anew, for many at once, when clicks arrive late or prove to be a machine's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.tracking.conversions import worth
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.turns import count_alone

Kind = MessageEvent.Kind

# bulk_update writes a CASE for each row, and its time grows with their square.
_AT_ONCE = 100

_OF_CLICK = ("message_id", "send_id", "url", "link_index", "block_id")


def clicks_before(placed_at: Any, *, contact: Any) -> QuerySet[MessageEvent]:
    """Return the clicks that a sale of a contact may belong to, the one that it does first.

    Args:
        placed_at: a moment, or a reference to one in an outer query, as ``contact`` may be.
    """
    window = timedelta(days=options().conversion_window_days)
    clicks = MessageEvent.objects.filter(
        contact=contact, kind=Kind.CLICK, is_machine=False, happened_at__range=(placed_at - window, placed_at)
    )
    return clicks.order_by("-happened_at", "-pk")


def conversion_of(order: Order, click: MessageEvent) -> MessageEvent:
    """Return the conversion by which a sale belongs to a click, not saved."""
    return MessageEvent(
        kind=Kind.CONVERSION,
        contact_id=order.contact_id,
        happened_at=order.placed_at,
        order=order,
        value=worth(order),
        currency=order.currency,
        **{name: getattr(click, name) for name in _OF_CLICK},
    )


def sales_led_to(clicks: Iterable[MessageEvent]) -> set[int]:
    """Return the sales that came within the window after clicks by people: their keys, in one query."""
    moments: dict[int, list[datetime]] = {}
    for click in clicks:
        if click.kind == Kind.CLICK and not click.is_machine and click.contact_id:
            moments.setdefault(click.contact_id, []).append(click.happened_at)
    if not moments:
        return set()
    window = timedelta(days=options().conversion_window_days)
    every = [moment for some in moments.values() for moment in some]
    sales = Order.objects.filter(
        contact__in=moments,
        kind=Order.Kind.SALE,
        is_historical=False,
        placed_at__range=(min(every), max(every) + window),
    )
    return {
        pk
        for pk, contact_id, placed_at in sales.values_list("pk", "contact_id", "placed_at")
        if any(moment <= placed_at <= moment + window for moment in moments[contact_id or 0])
    }


def sales_credited_to(clicks: Iterable[MessageEvent]) -> set[int]:
    """Return the sales that belong to one of some clicks: their keys, in one query."""
    links = {(click.message_id, click.link_index) for click in clicks if click.kind == Kind.CLICK}
    if not links:
        return set()
    # Where the contact is gone, so is whose the earlier clicks were: those figures stay as they are.
    conversions = MessageEvent.objects.filter(
        kind=Kind.CONVERSION,
        message__in={message_id for message_id, _index in links},
        order__isnull=False,
        contact__isnull=False,
    )
    rows = conversions.values_list("order", "message", "link_index")
    return {order_id or 0 for order_id, message_id, index in rows if (message_id, index) in links}


@transaction.atomic
def credit_anew(order_ids: Collection[int]) -> int:
    """Let each of some sales belong to the last click by a person within the window before it, or to nobody.

    The same few queries for one sale or for many, and one for every hundred that move; nothing changes when it is done
    again.

    Returns:
        How many conversions came, went or moved.
    """
    if not order_ids:
        return 0
    count_alone()
    clicks = _last_clicks(order_ids)
    known = MessageEvent.objects.filter(kind=Kind.CONVERSION, order__in=order_ids).order_by("pk")
    gone, moved = [], []
    missing = set(clicks)
    for conversion in known:
        order_id = conversion.order_id or 0
        missing.discard(order_id)
        if (click := clicks.get(order_id)) is None:
            gone.append(conversion.pk)
        elif not _is_of(conversion, click):
            for name in (*_OF_CLICK, "contact_id"):
                setattr(conversion, name, getattr(click, name))
            moved.append(conversion)
    if gone:
        MessageEvent.objects.filter(pk__in=gone).delete()
    changed = ["message", "send", "url", "link_index", "block_id", "contact"]
    MessageEvent.objects.bulk_update(moved, changed, batch_size=_AT_ONCE)
    return len(gone) + len(moved) + _credit_first({order_id: clicks[order_id] for order_id in missing})


def _last_clicks(order_ids: Collection[int]) -> dict[int, MessageEvent]:
    sales = Order.objects.filter(
        pk__in=order_ids, kind=Order.Kind.SALE, is_historical=False, contact__is_tracking_allowed=True
    )
    last = Subquery(clicks_before(OuterRef("placed_at"), contact=OuterRef("contact")).values("pk")[:1])
    found: dict[int, int] = dict(sales.order_by().values_list("pk", last))
    clicks = MessageEvent.objects.in_bulk({pk for pk in found.values() if pk})
    return {order_id: clicks[pk] for order_id, pk in found.items() if pk in clicks}


def _is_of(conversion: MessageEvent, click: MessageEvent) -> bool:
    return all(getattr(conversion, name) == getattr(click, name) for name in ("message_id", "link_index", "contact_id"))


def _credit_first(clicks: dict[int, MessageEvent]) -> int:
    if not clicks:
        return 0
    orders = Order.objects.filter(pk__in=clicks).order_by("pk").prefetch_related("refunds")
    conversions = [conversion_of(order, clicks[order.pk]) for order in orders]
    return len(MessageEvent.objects.bulk_create(conversions))
