"""What people said goes together: pairs of products, and products for all who buy from a category."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from wagtail_precise_mail.commerce.models import Category, CategoryPair, ProductPair


def said_companions(product_ids: Iterable[int]) -> dict[int, list[int]]:
    """Return the companions that people gave to products, the oldest first: one query."""
    found: dict[int, list[int]] = defaultdict(list)
    pairs = ProductPair.objects.filter(product__in=set(product_ids), is_manual=True)
    for product_id, companion_id in pairs.order_by("pk").values_list("product_id", "companion_id"):
        found[product_id].append(companion_id)
    return found


def said_of_categories() -> dict[int, list[int]]:
    """Return the companions that people gave to each category and to those above it, its own first: two queries."""
    own: dict[int, list[int]] = defaultdict(list)
    for category_id, companion_id in CategoryPair.objects.order_by("pk").values_list("category_id", "companion_id"):
        own[category_id].append(companion_id)
    parents: dict[int, int | None] = dict(Category.objects.order_by().values_list("pk", "parent_id")) if own else {}
    return {pk: list(dict.fromkeys(_with_those_above(pk, parents, own))) for pk in parents}


def _with_those_above(pk: int | None, parents: dict[int, int | None], own: dict[int, list[int]]) -> list[int]:
    found: list[int] = []
    seen: set[int] = set()
    # A ring of parents ends where it began.
    while pk is not None and pk not in seen:
        seen.add(pk)
        found += own.get(pk, [])
        pk = parents.get(pk)
    return found
