"""Learning what sells, what goes together and what is used up when: once a day, so that no mail has to."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from operator import itemgetter
from statistics import median

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from wagtail_precise_mail.commerce import pair_learning
from wagtail_precise_mail.commerce.baskets import LearnedPairs, learned_pairs
from wagtail_precise_mail.commerce.catalog import sold_lines
from wagtail_precise_mail.commerce.models import Order, OrderLine, Product, ViewedPair
from wagtail_precise_mail.commerce.viewed import ProductView, since

logger = logging.getLogger(__name__)

DAYS = 365
"""How far back orders count."""

RECENT_DAYS = 30
"""Of how many days an order says what sells just now."""

SUPPORT = 3
"""In how many orders two products must stand together, or how many contacts must look at both: fewer are chance."""

VIEW_LIMIT = 200
"""Products that one contact looked at above which it says nothing: that is a machine, or a colleague."""

CYCLE_DAYS, LEAST_CYCLES = 730, 5
"""How far back purchases say after how long a product is bought again, and how many repeats it takes."""


def pieces_sold(at: datetime) -> dict[int, int]:
    """Return how many pieces of each product were sold within a year, less what came back."""
    rows = sold_lines(at, DAYS).values("product_id").annotate(pieces=Sum("quantity"))
    return {pk: pieces for pk, pieces in rows.values_list("product_id", "pieces") if pieces > 0}


def recent_orders(at: datetime) -> dict[int, int]:
    """Return in how many orders of the last :data:`RECENT_DAYS` each product stands."""
    lines = sold_lines(at, RECENT_DAYS).filter(order__kind=Order.Kind.SALE, quantity__gt=0)
    rows = lines.values("product_id").annotate(count=Count("order_id", distinct=True))
    return dict(rows.values_list("product_id", "count"))


def learn_popularity(*, at: datetime | None = None) -> int:
    """Count what was sold of each product within a year, and lately; return for how many a figure changed."""
    at = at or timezone.now()
    sold, recent = pieces_sold(at), recent_orders(at)
    changed = []
    for product in Product.objects.order_by("pk").only("popularity", "recent_order_count").iterator(chunk_size=2000):
        figures = sold.get(product.pk, 0), recent.get(product.pk, 0)
        if figures != (product.popularity, product.recent_order_count):
            product.popularity, product.recent_order_count = figures
            changed.append(product)
    Product.objects.bulk_update(changed, ["popularity", "recent_order_count"], batch_size=500)
    return len(changed)


def learn_pairs(*, at: datetime | None = None, days: int = DAYS, support: int = SUPPORT) -> int:
    """Replace the learned pairs by what the orders of the last days say; those said by a person stay.

    Returns:
        How many pairs were learned. The best :data:`.baskets.COMPANIONS` of each product are kept, by their lift.
    """
    return pair_learning.learn(at or timezone.now(), days=days, support=support)


def pairs_of_orders(at: datetime, *, days: int = DAYS, support: int = SUPPORT) -> AbstractContextManager[LearnedPairs]:
    """Return the pairs that the orders of the days before a moment teach, without keeping them."""
    sales = pair_learning.sales_that_teach(at, days)
    return learned_pairs(pair_learning.baskets_of(sales), sales.count(), support=support)


def learn_viewed_pairs(*, at: datetime | None = None, support: int = SUPPORT) -> int:
    """Replace what is viewed together by what contacts looked at of late; return how many pairs there are.

    Contacts who do not allow tracking or profiling teach nothing, also by what they looked at when they did.
    """
    at = at or timezone.now()
    views = _allowed_views(at)
    busy = views.values("contact_id").annotate(count=Count("pk")).filter(count__gt=VIEW_LIMIT)
    views = views.exclude(contact__in=busy.values("contact_id"))
    viewer_count = views.values("contact_id").distinct().count()
    with learned_pairs(views.values_list("contact_id", "product_id"), viewer_count, support=support) as pairs:
        learned = pairs.publish(ViewedPair.objects.all(), "viewer_count")
    logger.info("Learned %d pairs of products from views.", learned)
    return learned


def _allowed_views(at: datetime) -> QuerySet[ProductView]:
    views = ProductView.objects.filter(viewed_at__lte=at, viewed_at__gte=since(at), product__kind=Product.Kind.PRODUCT)
    return views.filter(contact__is_tracking_allowed=True, contact__is_profiling_allowed=True).order_by()


def learn_cycles(*, at: datetime | None = None) -> int:
    """Keep the median days after which customers bought each replenishable product again; return how many have one.

    Several orders on one day are one purchase. Below :data:`LEAST_CYCLES` repeats of all customers nothing is kept.
    """
    at = at or timezone.now()
    cycles = dict(_cycles(at))
    changed = []
    products = Product.objects.filter(Q(is_replenishable=True) | Q(learned_replenish_days__isnull=False))
    for product in products.only("learned_replenish_days").order_by("pk").iterator(chunk_size=2000):
        if product.learned_replenish_days != cycles.get(product.pk):
            product.learned_replenish_days = cycles.get(product.pk)
            changed.append(product)
    Product.objects.bulk_update(changed, ["learned_replenish_days"], batch_size=500)
    return len(cycles)


def _cycles(at: datetime) -> list[tuple[int, int]]:
    lines = OrderLine.objects.filter(
        product__is_replenishable=True,
        quantity__gt=0,
        order__kind=Order.Kind.SALE,
        order__contact__isnull=False,
        order__placed_at__lte=at,
        order__placed_at__gt=at - timedelta(days=CYCLE_DAYS),
    )
    days = lines.annotate(day=TruncDate("order__placed_at")).values_list("product_id", "order__contact_id", "day")
    rows = days.distinct().order_by("product_id", "order__contact_id", "day").iterator(chunk_size=5000)
    found = []
    for product_id, purchases in groupby(rows, itemgetter(0)):
        gaps = [(after[2] - before[2]).days for before, after in pairwise(purchases) if before[1] == after[1]]
        if len(gaps) >= LEAST_CYCLES:
            found.append((product_id, max(1, round(median(gaps)))))
    return found
