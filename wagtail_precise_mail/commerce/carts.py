"""Writes of carts: what somebody put together, until it is ordered or given up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from wagtail_precise_mail.commerce.checking import checked_currency, checked_moment, checked_money
from wagtail_precise_mail.commerce.lines import check_sku, resolve
from wagtail_precise_mail.commerce.models import Cart, CartLine, Order, normalize_sku
from wagtail_precise_mail.commerce.order_data import CartData, CartLineData
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.services import upsert_contact
from wagtail_precise_mail.exceptions import InvalidRecord

_CHUNK = 5000


@transaction.atomic
def record_cart(
    *,
    source: str,
    key: str,
    lines: Sequence[CartLineData],
    currency: str,
    contact: Contact | None = None,
    email: str = "",
    url: str = "",
    changed_at: datetime | None = None,
    at: datetime | None = None,
) -> Cart:
    """Keep a cart as it is now; the same again changes nothing. A cart is known by its source and key.

    A cart without lines is given up, and closed. One that was ordered stays so, whatever is told of it later; one that
    was given up is open again when it has lines.

    Args:
        contact: whose it is; None with ``email`` finds or makes the contact, without it the cart has none.
        url: where it can be taken up again.
        changed_at: when somebody last touched it; ``at`` when left out.
        at: now when left out.

    Raises:
        InvalidAddress: mail could not be sent to ``email``.
        InvalidRecord: a value makes no sense. It is a ``ValueError``.
    """
    at = at or timezone.now()
    moment = checked_moment(changed_at or at, at=at, place="changed_at")
    wanted = _checked(lines)
    code = checked_currency(currency)
    if not source or len(source) > 50 or not key or len(key) > 100 or len(url) > 500:
        raise InvalidRecord("A cart needs a source of 50, a key of 100 and a link of 500 characters at the most.")
    contact = contact or (upsert_contact(email, source=source) if email else None)
    cart, _created = Cart.objects.get_or_create(
        source=source,
        key=key,
        defaults={"contact": contact, "currency": code, "started_at": moment, "changed_at": moment},
    )
    cart = Cart.objects.select_for_update(of=("self",)).get(pk=cart.pk)
    if cart.order_id is not None or moment < cart.changed_at:  # news that was overtaken
        return cart
    head: dict[str, Any] = {"currency": code, "contact": contact or cart.contact, "url": url or cart.url}
    head |= {"closed_at": None if wanted else cart.closed_at or moment}
    has_new_lines = _store_lines(cart, wanted, code)
    changed = [name for name, value in head.items() if getattr(cart, name) != value]
    if changed or has_new_lines:
        for name in changed:
            setattr(cart, name, head[name])
        cart.changed_at = moment
        cart.total = sum((line.unit_price * line.quantity for line in wanted), Decimal(0))
        cart.save()
    return cart


def record_told_cart(source: str, cart: CartData, *, at: datetime | None = None) -> Cart:
    """Keep a cart as a source tells it; see :func:`record_cart`."""
    kept = record_cart(
        source=source,
        key=cart.key,
        lines=cart.lines,
        currency=cart.currency,
        email=cart.email,
        url=cart.url,
        changed_at=cart.changed_at,
        at=at,
    )
    if cart.closed_at and kept.closed_at is None:
        close_cart(source, cart.key, at=cart.closed_at)
        kept.closed_at = cart.closed_at
    return kept


def close_cart(source: str, key: str, *, order: Order | None = None, at: datetime | None = None) -> bool:
    """Close a cart that is open; return whether there was one.

    Args:
        order: what it became; None says that it was given up.
        at: when; now when left out.
    """
    carts = Cart.objects.filter(source=source, key=key, closed_at__isnull=True)
    return bool(carts.update(closed_at=at or timezone.now(), order=order))


def close_carts_of(order: Order, *, key: str = "", at: datetime) -> int:
    """Close the carts that an order ends: the one with a key, and those of its contact in that shop from before ``at``.

    Returns:
        How many were open, or had been thought to be given up.
    """
    ended = Cart.objects.filter(source=order.source)
    named = ended.filter(key=key, order__isnull=True) if key else ended.none()
    count = named.update(closed_at=order.placed_at, order=order)
    if order.contact_id is not None:
        theirs = ended.filter(contact=order.contact_id, closed_at__isnull=True, changed_at__lte=at)
        count += theirs.update(closed_at=order.placed_at, order=order)
    return count


def close_carts_with(source: str, order_ids: Iterable[int]) -> int:
    """Close the open carts that orders from a file have ended, in a few statements; return how many there were."""
    carts = Cart.objects.filter(source=source, closed_at__isnull=True, contact__isnull=False)
    if not carts.exists():
        return 0
    pks, count = sorted(order_ids), 0
    for start in range(0, len(pks), _CHUNK):
        theirs = Order.objects.filter(pk__in=pks[start : start + _CHUNK], contact=OuterRef("contact"))
        theirs = theirs.filter(kind=Order.Kind.SALE, placed_at__gte=OuterRef("changed_at")).order_by("placed_at", "pk")
        found = carts.filter(Exists(theirs))
        count += found.update(
            closed_at=Subquery(theirs.values("placed_at")[:1]), order=Subquery(theirs.values("pk")[:1])
        )
    return count


def _checked(lines: Sequence[CartLineData]) -> list[CartLineData]:
    for number, line in enumerate(lines):
        place = f"lines[{number}]"
        check_sku(line.sku, place)
        if not 0 < line.quantity <= 1_000_000:
            raise InvalidRecord(f"{line.quantity} pieces are not believable.", place=f"{place}.quantity")
        checked_money(line.unit_price, place=f"{place}.unit_price")
        checked_money(line.unit_price * line.quantity, place=f"{place}.quantity")
    return list(lines)


def _store_lines(cart: Cart, lines: Sequence[CartLineData], currency: str) -> bool:
    sold = resolve(lines, currency=currency)
    wanted = [
        CartLine(
            cart=cart,
            position=position,
            product=sold[normalize_sku(line.sku)].product,
            variant=sold[normalize_sku(line.sku)].variant,
            quantity=line.quantity,
            unit_price=line.unit_price,
        )
        for position, line in enumerate(lines, 1)
    ]
    if [_facts(line) for line in cart.lines.order_by("position")] == [_facts(line) for line in wanted]:
        return False
    cart.lines.all().delete()
    CartLine.objects.bulk_create(wanted)
    return True


def _facts(line: CartLine) -> tuple[Any, ...]:
    return (line.product_id, line.variant_id, line.quantity, line.unit_price)
