"""What is known about products when somebody is recommended something: as of now, or as of a past moment for a test."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from wagtail_precise_mail.commerce.catalog import showable
from wagtail_precise_mail.commerce.learning import pairs_of_orders, pieces_sold, recent_orders
from wagtail_precise_mail.commerce.models import Product, ProductPair


@dataclass(frozen=True)
class Fact:
    """A product that can be shown.

    Attributes:
        recent: orders with it of late.
        popularity: pieces sold within a year.
    """

    product_id: int
    sku: str
    category_id: int | None
    recent: int
    popularity: int

    @property
    def tie(self) -> tuple[int, str]:
        """What decides between equals: the popular one first, then by SKU."""
        return (-self.popularity, self.sku)


Companions = Mapping[int, Sequence[tuple[int, float]]]
"""Learned companions and their lift, by product."""


class Knowledge(ABC):
    """Facts for one batch of contacts, each in a constant number of queries."""

    @abstractmethod
    def companions(self, product_ids: Iterable[int]) -> Companions:
        """Return the learned companions of products."""

    @abstractmethod
    def facts(self, product_ids: Iterable[int]) -> dict[int, Fact]:
        """Return those of the products that can be shown."""

    @abstractmethod
    def best_of_categories(self, category_ids: Iterable[int], limit: int) -> dict[int, list[Fact]]:
        """Return what sells best of late in each category."""

    @abstractmethod
    def best(self, limit: int) -> list[Fact]:
        """Return what sells best of late."""


_FIELDS = ("pk", "sku", "category_id", "recent_order_count", "popularity")
_BEST_FIRST = (F("recent_order_count").desc(), F("popularity").desc(), F("sku").asc())


class LiveKnowledge(Knowledge):
    """What was learned last night, of what can be bought now."""

    def __init__(self, min_margin: int = 0) -> None:
        self._products = showable(min_margin=min_margin)

    def companions(self, product_ids: Iterable[int]) -> Companions:
        pairs = ProductPair.objects.filter(product__in=set(product_ids), is_manual=False)
        found: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for product_id, companion_id, lift in pairs.values_list("product_id", "companion_id", "lift"):
            found[product_id].append((companion_id, lift))
        return found

    def facts(self, product_ids: Iterable[int]) -> dict[int, Fact]:
        return {fact.product_id: fact for fact in _read(self._products.filter(pk__in=set(product_ids)).order_by())}

    def best_of_categories(self, category_ids: Iterable[int], limit: int) -> dict[int, list[Fact]]:
        place = Window(RowNumber(), partition_by="category_id", order_by=list(_BEST_FIRST))
        products = self._products.filter(category__in=set(category_ids)).annotate(place=place).filter(place__lte=limit)
        found: dict[int, list[Fact]] = defaultdict(list)
        for fact in _read(products.order_by("place")):
            found[fact.category_id or 0].append(fact)
        return found

    def best(self, limit: int) -> list[Fact]:
        return _read(self._products.order_by(*_BEST_FIRST)[:limit])


class PastKnowledge(Knowledge):
    """What would have been learned at a past moment, of what can be bought now. Holds a row for each product."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    @cached_property
    def _facts(self) -> dict[int, Fact]:
        sold, recent = pieces_sold(self._at), recent_orders(self._at)
        rows = showable().order_by().values_list("pk", "sku", "category_id")
        return {pk: Fact(pk, sku, category, recent.get(pk, 0), sold.get(pk, 0)) for pk, sku, category in rows}

    @cached_property
    def _pairs(self) -> dict[int, list[tuple[int, float]]]:
        found: dict[int, list[tuple[int, float]]] = defaultdict(list)
        with pairs_of_orders(self._at) as pairs:
            for product_id, companion_id, lift in pairs:
                found[product_id].append((companion_id, lift))
        return dict(found)

    @cached_property
    def _ranking(self) -> list[Fact]:
        return sorted(self._facts.values(), key=lambda fact: (-fact.recent, fact.tie))

    def companions(self, product_ids: Iterable[int]) -> Companions:
        return {pk: self._pairs[pk] for pk in product_ids if pk in self._pairs}

    def facts(self, product_ids: Iterable[int]) -> dict[int, Fact]:
        return {pk: self._facts[pk] for pk in product_ids if pk in self._facts}

    def best_of_categories(self, category_ids: Iterable[int], limit: int) -> dict[int, list[Fact]]:
        found: dict[int, list[Fact]] = {pk: [] for pk in category_ids}
        for fact in self._ranking:
            if fact.category_id in found and len(found[fact.category_id]) < limit:
                found[fact.category_id].append(fact)
        return found

    def best(self, limit: int) -> list[Fact]:
        return self._ranking[:limit]


def _read(products: QuerySet[Product, Any]) -> list[Fact]:
    return [Fact(*row) for row in products.values_list(*_FIELDS)]
