"""Learning from orders what sells and what is bought together, once a day, so that no mail has to."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, QuerySet, Sum
from django.utils import timezone

from wagtail_precise_mail.commerce.catalog import sold_lines
from wagtail_precise_mail.commerce.models import Order, OrderLine, Product, ProductPair

logger = logging.getLogger(__name__)

DAYS = 365
"""How far back orders count."""

SUPPORT = 3
"""In how many orders two products must stand together: fewer are chance."""

LEAST_LIFT = 1.1
"""Below it, two products are bought together hardly more often than any two."""

COMPANIONS = 20
"""Learned pairs kept per product."""

BASKET_LIMIT = 60
"""Lines of an order above which it says nothing: a reseller's order pairs everything with everything."""

_CHUNK = 200


def learn_popularity(*, at: datetime | None = None) -> int:
    """Count what was sold of each product within a year; return for how many the figure changed."""
    rows = sold_lines(at or timezone.now(), DAYS).values("product_id").annotate(pieces=Sum("quantity"))
    sold = dict(rows.values_list("product_id", "pieces"))
    changed = []
    for product in Product.objects.order_by("pk").only("popularity").iterator(chunk_size=2000):
        pieces = max(0, sold.get(product.pk, 0))
        if product.popularity != pieces:
            product.popularity = pieces
            changed.append(product)
    Product.objects.bulk_update(changed, ["popularity"], batch_size=500)
    return len(changed)


def learn_pairs(*, at: datetime | None = None, days: int = DAYS, support: int = SUPPORT) -> int:
    """Replace the learned pairs by what the orders of the last days say; those said by a person stay.

    The lift of two products is how many times as often they stand in one order as they would by chance:
    orders with both, times all orders, by orders with the one, by orders with the other.

    Returns:
        How many pairs were learned.

    Source: Brin, Motwani, Ullman, Tsur, "Dynamic itemset counting" (1997), where lift is called interest.
    """
    at = at or timezone.now()
    orders = _orders(at, days)
    order_count = orders.count()
    counts = _orders_by_product(orders)
    often = sorted(pk for pk, count in counts.items() if count >= support)
    learned = 0
    for start in range(0, len(often), _CHUNK):
        chunk = often[start : start + _CHUNK]
        learned += _replace(chunk, _pairs(orders, chunk, counts, order_count, support))
    ProductPair.objects.filter(is_manual=False).exclude(product__in=often).delete()
    logger.info("Learned %d pairs of products from %d orders.", learned, order_count)
    return learned


def _orders(at: datetime, days: int) -> QuerySet[Order]:
    sales = Order.objects.filter(kind=Order.Kind.SALE, placed_at__lte=at, placed_at__gt=at - timedelta(days=days))
    return sales.annotate(line_count=Count("lines")).filter(line_count__lte=BASKET_LIMIT).order_by()


def _lines(orders: QuerySet[Order]) -> QuerySet[OrderLine]:
    lines = OrderLine.objects.filter(order__in=orders.values("pk"), quantity__gt=0)
    return lines.filter(product__kind=Product.Kind.PRODUCT).order_by()


def _orders_by_product(orders: QuerySet[Order]) -> Counter[int]:
    rows = _lines(orders).values("product_id").annotate(count=Count("order_id", distinct=True))
    return Counter(dict(rows.values_list("product_id", "count")))


def _pairs(
    orders: QuerySet[Order], chunk: list[int], counts: Counter[int], order_count: int, support: int
) -> list[ProductPair]:
    """Return the best pairs of some products."""
    rows = (
        _lines(orders)
        .filter(product__in=chunk)
        .annotate(other=F("order__lines__product_id"))
        .exclude(other=F("product_id"))
        .values("product_id", "other")
        .annotate(both=Count("order_id", distinct=True))
        .filter(both__gte=support)
    )
    found: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
    for product_id, other, both in rows.values_list("product_id", "other", "both"):
        # Charges stand in the counts of nobody.
        lift = both * order_count / (counts[product_id] * counts[other]) if counts[other] else 0
        if lift >= LEAST_LIFT:
            found[product_id].append((-lift, other, both))
    return [
        ProductPair(product_id=product_id, companion_id=other, order_count=both, lift=-minus_lift)
        for product_id, ranked in found.items()
        for minus_lift, other, both in sorted(ranked)[:COMPANIONS]
    ]


@transaction.atomic
def _replace(product_ids: list[int], pairs: list[ProductPair]) -> int:
    ProductPair.objects.filter(product__in=product_ids, is_manual=False).delete()
    # What a person said has the place already.
    ProductPair.objects.bulk_create(pairs, ignore_conflicts=True, batch_size=1000)
    return len(pairs)
