"""Orders of contacts in a window that ends at the moment of evaluation: what the conditions here read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.commerce.models import Order, OrderLine
from wagtail_precise_mail.segments.conditions import Count

PURCHASES = gettext_lazy("Purchases")

SALE = [Order.Kind.SALE]
NET = [Order.Kind.SALE, Order.Kind.REFUND]

Days = Annotated[
    int | None,
    Count(
        label=gettext_lazy("Within days"),
        help_text=gettext_lazy("Counted back from the moment of evaluation, to the second. Empty: ever."),
        minimum=1,
        maximum=36_500,
    ),
]


def orders_of_contacts(
    at: datetime, days: int | None = None, *, kinds: list[Order.Kind] = SALE, currency: str = ""
) -> QuerySet[Order]:
    """Return the orders of contacts in the window that ends at ``at``."""
    kind = {"kind": kinds[0]} if len(kinds) == 1 else {"kind__in": kinds}
    wanted: dict[str, Any] = {"contact__isnull": False, "placed_at__lte": at, **kind}
    if days is not None:
        wanted["placed_at__gte"] = at - timedelta(days=days)
    if currency:
        wanted["currency"] = currency.upper()
    return Order.objects.order_by().filter(**wanted)


def lines_of_contacts(at: datetime, days: int | None = None) -> QuerySet[OrderLine]:
    """Return the lines of the sales among :func:`orders_of_contacts`."""
    wanted: dict[str, Any] = {"order__contact__isnull": False, "order__kind": Order.Kind.SALE}
    if days is not None:
        wanted["order__placed_at__gte"] = at - timedelta(days=days)
    return OrderLine.objects.order_by().filter(order__placed_at__lte=at, **wanted)


def orders_in_words(orders: QuerySet[Order]) -> str:
    """Return "5 orders: ... 570001, 570002, 570003"."""
    numbers = list(orders.order_by("placed_at").values_list("number", flat=True))
    count = ngettext("%(count)s order", "%(count)s orders", len(numbers)) % {"count": len(numbers)}
    latest = ", ".join(numbers[-3:])
    return f"{count}: {'... ' if len(numbers) > 3 else ''}{latest}" if numbers else count
