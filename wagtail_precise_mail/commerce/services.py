"""Writes of products and orders."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from wagtail_precise_mail.commerce.models import Order, OrderLine, Product, normalize_sku
from wagtail_precise_mail.commerce.signals import order_recorded
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.services import upsert_contact

if TYPE_CHECKING:
    from wagtail_precise_mail.commerce.sources import Source

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class OrderLineData:
    """A line of an order, as a source tells it.

    Attributes:
        quantity: negative in refunds.
        position: its place in the order, from 1; None counts on from the line before.
    """

    sku: str
    quantity: int
    unit_price: Decimal
    name: str = ""
    position: int | None = None


@dataclass(frozen=True)
class RecordedOrder:
    """What :func:`record_order` did; ``changed`` is False for one that was new."""

    order: Order
    created: bool
    changed: bool


@dataclass(frozen=True)
class PulledOrders:
    """What :func:`pull` did."""

    product_count: int
    order_count: int
    created_count: int
    changed_count: int


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
    is_historical: bool = False,
    at: datetime | None = None,
) -> RecordedOrder:
    """Keep an order; the same one again changes nothing, a corrected one corrects.

    An order is known by its source and number. Lines that it lacks the second time are removed.

    Args:
        contact: who ordered; None with ``email`` finds or makes the contact, without it the order has none.
        placed_at: aware.
        is_historical: history is kept without announcing it.
        at: the moment of recording; now when left out.

    Raises:
        InvalidAddress: mail could not be sent to ``email``.
        ValueError: no lines, two at one position, a naive moment, or an unknown kind.
    """
    positioned = _positioned(lines)
    if timezone.is_naive(placed_at):
        raise ValueError("placed_at must be aware.")
    contact = contact or (upsert_contact(email, source=source) if email else None)
    head: dict[str, Any] = {"kind": Order.Kind(kind), "placed_at": placed_at, "currency": currency}
    # What the source leaves out this time is kept.
    head |= {name: value for name, value in {"contact": contact, "country": country}.items() if value}
    order, created = Order.objects.get_or_create(
        source=source,
        number=number,
        defaults={**head, "is_historical": is_historical, "recorded_at": at or timezone.now()},
    )
    if not created:  # two requests with the same order take turns
        order = Order.objects.select_for_update(of=("self",)).get(pk=order.pk)
    has_new_head = _assign(order, head)
    has_new_lines = _store_lines(order, positioned)
    if has_new_head or has_new_lines:
        order.total = sum((line.unit_price * line.quantity for line in positioned.values()), Decimal(0))
        order.save()
    _fill_country(contact, country)
    if created:
        logger.info("Recorded order %s of %s.", number, source)
        if order.kind == Order.Kind.SALE and not is_historical:
            transaction.on_commit(partial(_announce, order))
    return RecordedOrder(order, created, not created and (has_new_head or has_new_lines))


def upsert_product(sku: str, **fields: Any) -> Product:
    """Return the product of a SKU, made when there is none, with the given fields set.

    Args:
        fields: values of ``Product``; None and "" leave what is there.
    """
    given = {name: value for name, value in fields.items() if value not in (None, "")}
    product, created = Product.objects.get_or_create(sku=normalize_sku(sku), defaults=given)
    changed = [name for name, value in given.items() if getattr(product, name) != value]
    if changed and not created:
        for name in changed:
            setattr(product, name, given[name])
        product.save()
    return product


def pull(
    source: Source, *, name: str, since: datetime | None = None, is_historical: bool = False, at: datetime | None = None
) -> PulledOrders:
    """Take over the products and orders of a source. Each is stored on its own, so that a break loses nothing.

    Args:
        name: under which the orders are kept; with their number it is their key.
        since: only what was changed or placed from then on.
        is_historical: True for the first time, when the orders are old news.

    Raises:
        SourceError: the source failed; what came before is stored.
    """
    product_count = created_count = changed_count = order_count = 0
    for product in source.products(since=since):
        upsert_product(product.sku, **product.fields())
        product_count += 1
    for order in source.orders(since=since):
        done = record_order(
            source=name,
            number=order.number,
            lines=order.lines,
            placed_at=order.placed_at,
            currency=order.currency,
            email=order.email,
            kind=order.kind,
            country=order.country,
            is_historical=is_historical,
            at=at,
        )
        order_count += 1
        created_count += done.created
        changed_count += done.changed
    return PulledOrders(product_count, order_count, created_count, changed_count)


def _positioned(lines: Sequence[OrderLineData]) -> dict[int, OrderLineData]:
    if not lines:
        raise ValueError("An order needs a line.")
    found: dict[int, OrderLineData] = {}
    position = 0
    for line in lines:
        position = position + 1 if line.position is None else line.position
        if position in found or position < 1:
            raise ValueError(f"Position {position} of the lines is taken or below 1.")
        found[position] = line
    return found


def _assign(order: Order, head: dict[str, Any]) -> bool:
    changed = [name for name, value in head.items() if getattr(order, name) != value]
    for name in changed:
        setattr(order, name, head[name])
    return bool(changed)


def _store_lines(order: Order, positioned: dict[int, OrderLineData]) -> bool:
    products = _products(order, positioned)
    wanted = {
        position: OrderLine(
            order=order,
            position=position,
            product=products[normalize_sku(line.sku)],
            description=line.name[:250],
            quantity=line.quantity,
            unit_price=line.unit_price,
            total=line.unit_price * line.quantity,
        )
        for position, line in positioned.items()
    }
    stored = {line.position: line for line in order.lines.all()}
    changed = [line for position, line in wanted.items() if not _is_same(stored.get(position), line)]
    OrderLine.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["order", "position"],
        update_fields=["product", "description", "quantity", "unit_price", "total"],
    )
    surplus, _models = order.lines.exclude(position__in=wanted).delete()
    return bool(changed or surplus)


def _is_same(stored: OrderLine | None, wanted: OrderLine) -> bool:
    names = ["product_id", "description", "quantity", "unit_price"]
    return stored is not None and all(getattr(stored, name) == getattr(wanted, name) for name in names)


def _products(order: Order, positioned: dict[int, OrderLineData]) -> dict[str, Product]:
    lines = {normalize_sku(line.sku): line for line in positioned.values()}
    products = {product.sku: product for product in Product.objects.filter(sku__in=lines)}
    for sku, line in lines.items():
        if sku not in products:
            price = line.unit_price if line.unit_price > 0 else None
            products[sku] = upsert_product(sku, name=line.name[:250], price=price, currency=order.currency)
    return products


def _fill_country(contact: Contact | None, country: str) -> None:
    if contact and country and not contact.country:
        contact.country = country
        contact.save(update_fields=["country", "updated_at"])


def _announce(order: Order) -> None:
    for receiver, error in order_recorded.send_robust(sender=Order, order=order, created=True):
        if isinstance(error, Exception):  # a listener must not undo the order, nor keep others from hearing
            logger.error("%r failed on order %s.", receiver, order.number, exc_info=error)
