"""Reads of the catalog: what can be shown to everybody, in an order that does not depend on who looks.

Every queryset here is ordered to the last row, so that the same facts give the same list.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce, Round

from wagtail_precise_mail.commerce.models import Category, Order, OrderLine, Product


def for_sale() -> QuerySet[Product]:
    """Return what can be bought now: the same as ``Product.is_available``."""
    products = Product.objects.filter(kind=Product.Kind.PRODUCT, is_published=True)
    return products.filter(Q(stock_count__isnull=True) | Q(stock_count__gt=0)).order_by("pk")


def showable(*, min_margin: int = 0) -> QuerySet[Product]:
    """Return what can be bought now and has a picture.

    Args:
        min_margin: percent of the price that must be left after the cost. A product whose cost or price is unknown is
            left out then: nobody can say that it is not sold at a loss. 0 asks nothing.
    """
    products = for_sale().filter(Q(image__isnull=False) | ~Q(image_url=""))
    if not min_margin:
        return products
    # Rounded to the digits of the columns: SQLite reckons with floats.
    cost, most = Round(F("cost") * 100, precision=4), Round(F("price") * (100 - min_margin), precision=4)
    return (
        products.filter(price__gt=0, cost__isnull=False)
        .alias(wpm_cost=cost, wpm_most=most)
        .filter(wpm_cost__lte=F("wpm_most"))
    )


def category_and_below(category_id: int) -> set[int]:
    """Return the ids of a category and of all below it, in one query; a ring of parents ends where it began."""
    below: dict[int | None, list[int]] = {}
    for pk, parent_id in Category.objects.order_by("pk").values_list("pk", "parent_id"):
        below.setdefault(parent_id, []).append(pk)
    found, pending = set(), [category_id]
    while pending:
        pk = pending.pop()
        if pk not in found:
            found.add(pk)
            pending += below.get(pk, [])
    return found


def in_category(category_id: int, limit: int, *, min_margin: int = 0) -> list[int]:
    """Return the products of a category and of those below it, the newest first."""
    products = showable(min_margin=min_margin).filter(category__in=category_and_below(category_id))
    return _ids(newest_first(products), limit)


def newest(limit: int, *, min_margin: int = 0) -> list[int]:
    """Return the newest products."""
    return _ids(newest_first(showable(min_margin=min_margin)), limit)


def on_offer(limit: int, *, min_margin: int = 0) -> list[int]:
    """Return the products whose price is below the one before, the greatest discount first."""
    offers = showable(min_margin=min_margin).filter(price__gte=0, compare_at_price__gt=F("price"))
    # As floats: SQLite would divide whole numbers as such.
    share = Cast("price", FloatField()) / Cast("compare_at_price", FloatField())
    return _ids(offers.annotate(share=share).order_by("share", "pk"), limit)


def picked(product_ids: Iterable[int], *, min_margin: int = 0) -> list[int]:
    """Return those of the products that can be shown, in the order given."""
    wanted = list(dict.fromkeys(product_ids))
    there = set(showable(min_margin=min_margin).filter(pk__in=wanted).values_list("pk", flat=True))
    return [pk for pk in wanted if pk in there]


def best_selling(*, at: datetime, days: int) -> list[int]:
    """Return what was sold in the last days, less what came back, the most pieces first; sold out or not."""
    return list(
        sold_lines(at, days)
        .values("product_id")
        .annotate(pieces=Sum("quantity"))
        .filter(pieces__gt=0)
        .order_by("-pieces", "product_id")
        .values_list("product_id", flat=True)
    )


def sold_lines(at: datetime, days: int) -> QuerySet[OrderLine]:
    """Return the lines of sales and refunds of the days before ``at``."""
    kinds = [Order.Kind.SALE, Order.Kind.REFUND]
    lines = OrderLine.objects.filter(order__kind__in=kinds, order__placed_at__lte=at)
    lines = lines.filter(product__kind=Product.Kind.PRODUCT)
    return lines.filter(order__placed_at__gt=at - timedelta(days=days)).order_by()


def newest_first(products: QuerySet[Product]) -> QuerySet[Any]:
    """Return products with ``since``, the moment from which each is new, the latest first."""
    return products.annotate(since=Coalesce("published_at", "created_at")).order_by("-since", "-pk")


def _ids(products: QuerySet[Product], limit: int) -> list[int]:
    return list(products.values_list("pk", flat=True)[:limit])
