"""Orders and lines of contacts in a window: what the conditions here read, in which money, and how they show it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import DecimalField, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Round
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from wagtail_precise_mail.commerce.models import Order, OrderLine
from wagtail_precise_mail.segments.conditions import Amount, Count, Text, Window
from wagtail_precise_mail.segments.conditions.tallies import MakeFigure

PURCHASES = gettext_lazy("Purchases")
ORDER_DETAILS = gettext_lazy("Order details")
SUMS = gettext_lazy("Spend, margin and refunds")
RHYTHM = gettext_lazy("Rhythm and cart")
STANDING = gettext_lazy("Value and stage")

SALES = "sales"
"""The history of what contacts bought, for tallies over it; see :class:`~.tallies.Beginning`."""

SALE = (Order.Kind.SALE,)
REFUND = (Order.Kind.REFUND,)
NET = (Order.Kind.SALE, Order.Kind.REFUND)

Currency = Annotated[
    str,
    Text(
        label=gettext_lazy("Currency"),
        help_text=gettext_lazy(
            "Such as GBP: only orders in it. Empty: every order, in the base currency, as far as its rate is known."
        ),
        max_length=3,
        is_aside=True,
    ),
]
AtLeast = Annotated[Decimal | None, Amount(label=gettext_lazy("At least"))]
Over = Annotated[Decimal | None, Amount(label=gettext_lazy("More than"))]
AtMost = Annotated[Decimal | None, Amount(label=gettext_lazy("At most"))]
MinPercent = Annotated[int | None, Count(label=gettext_lazy("At least percent"), maximum=1000)]
MaxPercent = Annotated[int | None, Count(label=gettext_lazy("At most percent"), maximum=1000)]

# Wide enough for a sum of orders, with the decimals of the rate.
_MONEY: DecimalField[Any, Any] = DecimalField(max_digits=30, decimal_places=10)


def orders_of_contacts(
    at: datetime, window: Window | None = None, *, kinds: tuple[Order.Kind, ...] = SALE
) -> QuerySet[Order]:
    """Return the orders of contacts in a window, as of ``at``."""
    lookups = (window or Window()).lookups(at)
    return Order.objects.order_by().filter(_of_kinds("kind", kinds), contact__isnull=False, **lookups)


def lines_of_contacts(
    at: datetime, window: Window | None = None, *, kinds: tuple[Order.Kind, ...] = SALE
) -> QuerySet[OrderLine]:
    """Return the lines of :func:`orders_of_contacts`."""
    lookups = (window or Window()).lookups(at, "order__placed_at")
    wanted = _of_kinds("order__kind", kinds)
    return OrderLine.objects.order_by().filter(wanted, order__contact__isnull=False, **lookups)


def _of_kinds(field: str, kinds: tuple[Order.Kind, ...]) -> Q:
    return Q(**{field: kinds[0]}) if len(kinds) == 1 else Q(**{f"{field}__in": kinds})


def in_currency(currency: str, path: str = "") -> Q:
    """Return which orders a sum is about: those in a currency, or all of them."""
    return Q(**{f"{path}currency": currency.upper()}) if currency else Q()


def money_of(field: str, currency: str, path: str = "") -> Any:
    """Return an amount of an order in a currency, or in the base currency: NULL where there is no rate.

    Args:
        path: from the row to the order, such as "order__".
    """
    if currency:
        return F(field)
    if field == "total" and not path:
        return F("base_total")
    return F(field) * F(f"{path}base_rate")


def sum_of(amount: Any) -> MakeFigure:
    """Return the figure that adds an amount up; 0 without rows."""

    def make(only: Q | None) -> Any:
        # Rounded because SQLite adds in binary; PostgreSQL is exact with four decimals anyway.
        total = Round(Sum(amount, filter=only, output_field=_MONEY), 4, output_field=_MONEY)
        return Coalesce(total, Value(Decimal(0)), output_field=_MONEY)

    return make


def in_words(currency: str) -> str:
    """Return " GBP" with its space, or "" for the base currency."""
    return f" {currency.upper()}" if currency else ""


def order_in_words(order: Order | None) -> str:
    """Return "order 536365 on Dec. 1, 2010"."""
    if order is None:
        return _("no orders")
    return _("order %(number)s on %(day)s") % {"number": order.number, "day": shown_moment(order.placed_at)}


def orders_in_words(orders: QuerySet[Order]) -> str:
    """Return "5 orders: ... 570001 on June 1, 2011, 570002 on June 9, 2011"; the latest come last."""
    latest = list(orders.order_by("-placed_at", "-pk").values_list("number", "placed_at")[:4])
    if not latest:
        return _("no orders")
    total = len(latest) if len(latest) < 4 else orders.count()
    count = ngettext("%(count)s order", "%(count)s orders", total) % {"count": total}
    shown = ", ".join(
        _("%(number)s on %(day)s") % {"number": number, "day": shown_moment(placed_at)}
        for number, placed_at in reversed(latest[:3])
    )
    return f"{count}: {'... ' if total > 3 else ''}{shown}"


def shown_moment(moment: datetime) -> str:
    """Return the day of a moment, in the time zone of the site."""
    return date_format(localtime(moment), "DATE_FORMAT")
