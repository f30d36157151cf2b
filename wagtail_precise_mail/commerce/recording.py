"""Recording orders: an order is known by its source and number, so that sending it again is always safe."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from wagtail_precise_mail.commerce.carts import close_carts_of
from wagtail_precise_mail.commerce.checking import checked_currency, checked_moment, checked_money
from wagtail_precise_mail.commerce.currencies import base_currency, rate_on
from wagtail_precise_mail.commerce.due import mark_due
from wagtail_precise_mail.commerce.lines import positioned, store_lines
from wagtail_precise_mail.commerce.models import Order, OrderCoupon, OrderLine
from wagtail_precise_mail.commerce.order_data import (
    OrderData,
    OrderLineData,
    RecordedOrder,
    RecordedOrders,
    RefusedOrder,
)
from wagtail_precise_mail.commerce.signals import announce, order_changed, order_recorded, refund_recorded
from wagtail_precise_mail.commerce.sums import keep_sums
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.services import upsert_contact
from wagtail_precise_mail.exceptions import InvalidAddress, InvalidRecord

logger = logging.getLogger(__name__)

_WORDS = {"channel": 50, "payment_method": 50, "shipping_method": 50}


@dataclass(frozen=True)
class Extras:
    """What an order may say beside its lines. None and "" leave what is known."""

    order_discount: Decimal | None = None
    shipping_total: Decimal | None = None
    coupons: Sequence[str] | None = None
    channel: str = ""
    payment_method: str = ""
    shipping_method: str = ""

    def head(self) -> dict[str, Any]:
        """The fields of ``Order`` that are given."""
        found: dict[str, Any] = {}
        for name in ("order_discount", "shipping_total"):
            if (amount := getattr(self, name)) is not None:
                found[name] = checked_money(amount, place=name)
        for name, length in _WORDS.items():
            if word := getattr(self, name).strip():
                if len(word) > length:
                    raise InvalidRecord(f"{name} has {length} characters at the most.", place=name)
                found[name] = word
        return found


@transaction.atomic
def record_order(
    *,
    source: str,
    number: str,
    lines: Sequence[OrderLineData],
    placed_at: datetime,
    currency: str,
    contact: Contact | None = None,
    email: str = "",
    kind: str = Order.Kind.SALE,
    country: str = "",
    order_discount: Decimal | None = None,
    shipping_total: Decimal | None = None,
    coupons: Sequence[str] | None = None,
    channel: str = "",
    payment_method: str = "",
    shipping_method: str = "",
    refund_of: str = "",
    cart_key: str = "",
    is_historical: bool = False,
    at: datetime | None = None,
) -> RecordedOrder:
    """Keep an order; the same one again changes nothing, a corrected one corrects.

    An order is known by its source and number: another order with a number that is taken corrects the first. Lines that
    it lacks the second time are removed. A SKU that is not known becomes a product, so that no sale is lost.

    Args:
        contact: who ordered; None with ``email`` finds or makes the contact, without it the order has none.
        placed_at: aware.
        order_discount: taken off the order, beside the discounts of its lines: positive in sales. None (as with all
            that follows) leaves what is known.
        shipping_total: what sending it cost the customer, where that is no line.
        coupons: the codes that were used; an empty list says that there was none.
        refund_of: number of the sale that a refund belongs to; one that is not known is logged, and the refund kept.
        cart_key: of the cart that became this order; it is closed, and so are those of the contact from before.
        is_historical: history is kept without announcing it.
        at: the moment of recording; now when left out.

    Raises:
        InvalidAddress: mail could not be sent to ``email``.
        InvalidRecord: no lines, two at one position, a naive moment, one more than a day ahead of ``at``, an unknown
            kind or currency, or an amount beyond belief. It is a ``ValueError``.
    """
    at = at or timezone.now()
    told = positioned(lines)
    head: dict[str, Any] = {
        "kind": _kind(kind),
        "placed_at": checked_moment(placed_at, at=at, place="placed_at"),
        "currency": checked_currency(currency),
    }
    extras = Extras(order_discount, shipping_total, coupons, channel, payment_method, shipping_method)
    head |= extras.head()
    _check_key(source, number)
    contact = contact or (upsert_contact(email, source=source) if email else None)
    sale = _sale(source, refund_of) if refund_of else None
    # What the source leaves out this time is kept.
    head |= {
        name: value for name, value in {"contact": contact, "country": country, "refund_of": sale}.items() if value
    }
    done = store_order(source, number, head, told, coupons=coupons, is_historical=is_historical, at=at)
    _fill_country(contact, country)
    if done.order.kind == Order.Kind.SALE and (done.created or cart_key):
        close_carts_of(done.order, key=cart_key, at=done.order.placed_at if is_historical else at)
    return done


def record_orders(
    source: str, orders: Iterable[OrderData], *, is_historical: bool = False, at: datetime | None = None
) -> RecordedOrders:
    """Keep many orders; one that makes no sense fails alone.

    Of two orders with one number in the same call, an equal one counts once, and another one is refused: nobody can say
    which is the right one.
    """
    recorded: list[RecordedOrder] = []
    refused: list[RefusedOrder] = []
    met: dict[str, OrderData] = {}
    for order in orders:
        try:
            if met.setdefault(order.number, order) != order:
                raise InvalidRecord("Two different orders have this number. The first is kept.", place="number")
            recorded.append(record_told_order(source, order, is_historical=is_historical, at=at))
        except (InvalidRecord, InvalidAddress) as error:
            place = error.place if isinstance(error, InvalidRecord) else "email"
            refused.append(RefusedOrder(order.number, str(error), place))
    return RecordedOrders(recorded, refused)


def record_told_order(
    source: str, order: OrderData, *, is_historical: bool = False, at: datetime | None = None
) -> RecordedOrder:
    """Keep an order as a source tells it; see :func:`record_order`."""
    return record_order(source=source, is_historical=is_historical, at=at, **vars(order))


def store_order(
    source: str,
    number: str,
    head: Mapping[str, Any],
    told: Mapping[int, OrderLineData],
    *,
    origins: Mapping[int, OrderLine] | None = None,
    coupons: Sequence[str] | None = None,
    is_historical: bool = False,
    at: datetime,
) -> RecordedOrder:
    """Write an order whose values are checked, with its lines and sums, and announce what became of it."""
    order, created = Order.objects.get_or_create(
        source=source, number=number, defaults={**head, "is_historical": is_historical, "recorded_at": at}
    )
    if not created:  # two requests with the same order take turns
        order = Order.objects.select_for_update(of=("self",)).get(pk=order.pk)
    owner, sale_before = order.contact_id, order.refund_of_id
    # After the first order is kept: its currency may be the base.
    rate = rate_on(head["currency"], head["placed_at"], base=base_currency())
    has_new_head = _assign(order, {**head, "base_rate": rate})
    rows, has_new_lines = store_lines(order, told, origins=origins)
    has_new_coupons = coupons is not None and _store_coupons(order, coupons)
    if created or has_new_head or has_new_lines:
        keep_sums(order, rows)
        order.save()
    changed = not created and (has_new_head or has_new_lines or has_new_coupons)
    if created or changed:
        mark_due([owner, order.contact_id])
    if created:
        logger.info("Recorded order %s of %s.", number, source)
    if created and order.kind == Order.Kind.SALE and not is_historical:
        announce(order_recorded, order=order, created=True)
    if created and order.kind == Order.Kind.REFUND and not is_historical:
        announce(refund_recorded, order=order)
    if changed:
        announce(order_changed, order=order, contact_id=owner, refund_of_id=sale_before)
    return RecordedOrder(order, created, changed)


def _kind(word: str) -> Order.Kind:
    try:
        return Order.Kind(word)
    except ValueError:
        raise InvalidRecord(f"{word!r} is none of {', '.join(Order.Kind.values)}.", place="kind") from None


def _check_key(source: str, number: str) -> None:
    for place, value, length in (("source", source, 50), ("number", number, 100)):
        if not value.strip() or len(value) > length:
            raise InvalidRecord(f"An order needs a {place} of 1 to {length} characters.", place=place)


def _sale(source: str, number: str) -> Order | None:
    sale = Order.objects.filter(source=source, number=number).first()
    if sale is None:
        logger.warning("A refund of %s belongs to order %s, which is not known.", source, number)
    return sale


def _assign(order: Order, head: Mapping[str, Any]) -> bool:
    changed = [name for name, value in head.items() if getattr(order, name) != value]
    for name in changed:
        setattr(order, name, head[name])
    return bool(changed)


def coupon_code(code: str) -> str:
    """Return a code as orders keep it: in capitals, without what is around it."""
    return code.strip().upper()[:100]


def _store_coupons(order: Order, codes: Sequence[str]) -> bool:
    wanted = {code for one in codes if (code := coupon_code(one))}
    stored = set(order.coupons.values_list("code", flat=True))
    if wanted == stored:
        return False
    order.coupons.exclude(code__in=wanted).delete()
    OrderCoupon.objects.bulk_create([OrderCoupon(order=order, code=code) for code in sorted(wanted - stored)])
    return True


def _fill_country(contact: Contact | None, country: str) -> None:
    if contact and country and not contact.country:
        contact.country = country
        contact.save(update_fields=["country", "updated_at"])
