"""Deleting orders, with all that was derived from them."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import transaction

from wagtail_precise_mail.commerce.currencies import base_currency
from wagtail_precise_mail.commerce.due import mark_due
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.rates import rate_orders
from wagtail_precise_mail.commerce.signals import announce, order_deleted

logger = logging.getLogger(__name__)

_CHUNK = 1000


def delete_order(source: str, number: str) -> bool:
    """Delete an order with its lines, coupons and conversion; return whether there was one.

    Refunds of it stay, and so does the cart that became it: both no longer name it.
    """
    return delete_orders(source, [number]) == 1


def delete_orders(source: str, numbers: Iterable[str]) -> int:
    """Delete orders of a source as :func:`delete_order` does, each thousand in a transaction; return how many."""
    wanted, count = sorted(set(numbers)), 0
    for start in range(0, len(wanted), _CHUNK):
        count += _delete(source, wanted[start : start + _CHUNK])
    return count


@transaction.atomic
def _delete(source: str, numbers: list[str]) -> int:
    orders = Order.objects.filter(source=source, number__in=numbers).order_by("pk")
    gone = list(orders.select_for_update(of=("self",)).values_list("pk", "number", "contact_id", "refund_of_id"))
    if not gone:
        return 0
    base = base_currency()
    Order.objects.filter(pk__in=[row[0] for row in gone]).delete()
    mark_due(row[2] for row in gone)
    if base_currency() != base:  # it was that of the first order, which is gone
        rate_orders()
    for pk, number, contact_id, sale_id in gone:
        facts = {"order_id": pk, "number": number, "contact_id": contact_id, "refund_of_id": sale_id}
        announce(order_deleted, source=source, **facts)
    logger.info("Deleted %d orders of %s.", len(gone), source)
    return len(gone)
