"""Orders whose money is in no figure, because nobody said what their currency is worth."""

from __future__ import annotations

from django.db.models import Count

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.reports.periods import Period


def unrated_orders(period: Period) -> dict[str, int]:
    """Return how many sales and refunds of contacts in a period have no rate, by currency."""
    orders = Order.objects.filter(
        kind__in=[Order.Kind.SALE, Order.Kind.REFUND],
        contact__isnull=False,
        base_total__isnull=True,
        placed_at__gte=period.since,
        placed_at__lt=period.until,
    )
    return dict(orders.order_by("currency").values_list("currency").annotate(Count("pk")))
