"""What visitors of the shop see: reads over the plugin's own product tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from wagtail_precise_mail.commerce.models import Category, Product

_SHOWN = Q(kind=Product.Kind.PRODUCT, is_published=True)


def shown_products() -> QuerySet[Product]:
    """Products on sale, with their pictures."""
    return (
        Product.objects.filter(_SHOWN)
        .select_related("category", "image")
        .prefetch_related("image__renditions")
        .order_by("category_id", "pk")
    )


def shown_categories() -> QuerySet[Category]:
    """Categories that have something to sell, with the count of it."""
    shown = Q(products__kind=Product.Kind.PRODUCT, products__is_published=True)
    return (
        Category.objects.annotate(product_count=Count("products", filter=shown))
        .filter(product_count__gt=0)
        .order_by("pk")
    )


def shop_window() -> list[Product]:
    """A little of everything: one product of each category."""
    chosen: dict[int | None, Product] = {}
    for product in shown_products().exclude(stock_count=0):
        chosen.setdefault(product.category_id, product)
    return list(chosen.values())


def favorites(size: int = 8, *, per_category: int = 2) -> list[Product]:
    """What sold best in the last three months, but not tea only."""
    recent = Q(order_lines__order__kind="sale", order_lines__order__placed_at__gte=timezone.now() - timedelta(days=90))
    sold = shown_products().annotate(sold=Sum("order_lines__quantity", filter=recent)).filter(sold__gt=0)
    chosen: list[Product] = []
    for product in sold.order_by("-sold", "sku"):
        if [other.category_id for other in chosen].count(product.category_id) < per_category:
            chosen.append(product)
    return chosen[:size]


def by_sku(skus: Iterable[str]) -> dict[str, Product]:
    """Products on sale by their SKU."""
    return {product.sku: product for product in shown_products().filter(sku__in=list(skus))}
