"""Orders, carts and viewed products on a contact's timeline, and what a contact spent among the key facts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Count, F, Max, Min, Q, Sum
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.models import Cart, Order
from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.timeline import (
    ContactFact,
    ContactFactSource,
    TimelineEntry,
    TimelineSource,
    contact_facts,
    timeline_sources,
)

# What customers did; bookkeeping adjustments are not theirs.
_THEIRS = (Order.Kind.SALE, Order.Kind.REFUND)


@timeline_sources.register("order")
class OrderTimeline(TimelineSource):
    """Sales and refunds."""

    label = _("Orders")
    icon = "clipboard-list"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        orders = (
            Order.objects.filter(contact=contact, kind__in=_THEIRS)
            .annotate(line_count=Count("lines"))
            .order_by("-placed_at", "-pk")[:limit]
        )
        return [self._entry(order, order.line_count) for order in orders]

    def _entry(self, order: Order, line_count: int) -> TimelineEntry:
        is_refund = order.kind == Order.Kind.REFUND
        title = gettext("Refund %(number)s") if is_refund else gettext("Order %(number)s")
        lines = ngettext("%(count)s line", "%(count)s lines", line_count) % {"count": line_count}
        return TimelineEntry(
            order.placed_at,
            "order",
            title % {"number": order.number},
            detail=f"{format_money(order.total, order.currency)}, {lines}",
            icon="rotate" if is_refund else "clipboard-list",
        )


@timeline_sources.register("cart")
class CartTimeline(TimelineSource):
    """Carts, each once, when it was touched last."""

    label = _("Carts")
    icon = "download"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        carts = (
            Cart.objects.filter(contact=contact)
            .annotate(piece_count=Sum("lines__quantity"), order_number=F("order__number"))
            .order_by("-changed_at", "-pk")[:limit]
        )
        return [self._entry(cart, cart.piece_count or 0, cart.order_number) for cart in carts]

    def _entry(self, cart: Cart, count: int, number: str | None) -> TimelineEntry:
        title = ngettext("Put %(count)s thing into a cart", "Put %(count)s things into a cart", count)
        if number:
            state = gettext("ordered as %(number)s") % {"number": number}
        else:
            state = gettext("given up") if cart.closed_at else gettext("open")
        detail = f"{format_money(cart.total, cart.currency)}, {state}"
        return TimelineEntry(cart.changed_at, "cart", title % {"count": count}, detail=detail)


@timeline_sources.register("product_view")
class ProductViewTimeline(TimelineSource):
    """Products that the contact looked at, each once, when they did last."""

    label = _("Viewed products")
    icon = "view"

    def entries(self, contact: Contact, *, limit: int) -> list[TimelineEntry]:
        views = contact.product_views.select_related("product").order_by("-viewed_at", "-pk")[:limit]
        title = gettext("Looked at “%(product)s”")
        return [TimelineEntry(view.viewed_at, "product_view", title % {"product": view.product}) for view in views]


@contact_facts.register("purchases")
class PurchaseFacts(ContactFactSource):
    """Orders, net spend by currency, first and last order."""

    def facts(self, contact: Contact) -> list[ContactFact]:
        sale = Q(kind=Order.Kind.SALE)
        rows = list(
            Order.objects.filter(contact=contact, kind__in=_THEIRS)
            .order_by()
            .values("currency")
            .annotate(
                count=Count("pk", filter=sale),
                net=Sum("total"),
                first=Min("placed_at", filter=sale),
                last=Max("placed_at", filter=sale),
            )
            .order_by("-net")
        )
        count = sum(row["count"] for row in rows)
        moments = [row[name] for row in rows for name in ("first", "last") if row[name]]
        facts = [
            ContactFact(gettext("Orders"), str(count)),
            ContactFact(
                gettext("Net spend"),
                _spend((row["net"], row["currency"]) for row in rows),
                gettext("refunds taken off"),
            ),
        ]
        if moments:
            facts += [
                ContactFact(gettext("First order"), date_format(localtime(min(moments)), "DATE_FORMAT")),
                ContactFact(gettext("Last order"), date_format(localtime(max(moments)), "DATE_FORMAT")),
            ]
        return facts


def _spend(amounts: Iterable[tuple[Decimal, str]]) -> str:
    return " + ".join(format_money(amount, currency) for amount, currency in amounts) or "–"
