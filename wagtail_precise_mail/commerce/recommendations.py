"""What suits a contact, from what they bought and looked at, in a constant number of queries for any number of them.

What is popular and what goes together is learned once a day (see :mod:`.learning`), not for every mail.

Nobody is asked here whether they allow it: callers leave out contacts who do not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import merge
from itertools import islice

from django.db.models import Count, F, Max, QuerySet, Window
from django.db.models.functions import RowNumber

from wagtail_precise_mail.commerce.catalog import newest_first, showable
from wagtail_precise_mail.commerce.knowledge import Knowledge, LiveKnowledge
from wagtail_precise_mail.commerce.models import Order, OrderLine, Product
from wagtail_precise_mail.commerce.said import said_companions, said_of_categories
from wagtail_precise_mail.commerce.viewed import ProductView, since

FAVORITE_CATEGORIES = 2
"""Of how many categories a contact sees the best sellers as favorites."""


class Why(StrEnum):
    """Why a product was chosen."""

    BOUGHT = "bought"
    """It goes with what they bought."""
    DUE = "due"
    """They bought it, and it is used up by now."""
    CATEGORY = "category"
    """They buy from its category."""
    NEW = "new"
    """It is new in a category that they buy from."""
    VIEWED = "viewed"
    """Whoever looked at what they looked at looks at it, too."""
    POPULAR = "popular"
    """It sells well."""


@dataclass(frozen=True)
class Choice:
    """A product for a contact.

    Attributes:
        because_of: the product that they bought or looked at, which brought this one up; None where it was not a
            single one.
        why: None where the list as a whole says it.
        category_id: the one that the reason names.
    """

    product_id: int
    because_of: int | None = None
    why: Why | None = None
    category_id: int | None = None


Choices = Mapping[int, Sequence[Choice]]
"""By contact, the best first; contacts for whom nothing was found are missing."""


@dataclass
class LastOrder:
    """What a contact bought last; ``categories`` are those of the products, each once."""

    product_ids: list[int] = field(default_factory=list)
    categories: dict[int, int] = field(default_factory=dict)
    """A product of the order by the category's id."""


def owned_products(
    contact_ids: Sequence[int], *, at: datetime, with_replenishable: bool = False
) -> dict[int, set[int]]:
    """Return what contacts bought and would not buy again, by contact.

    Args:
        with_replenishable: also what they would.
    """
    lines = bought_lines(contact_ids, at)
    if not with_replenishable:
        lines = lines.filter(product__is_replenishable=False)
    owned: dict[int, set[int]] = defaultdict(set)
    for contact_id, product_id in lines.values_list("order__contact_id", "product_id").distinct():
        owned[contact_id].add(product_id)
    return owned


def last_orders(contact_ids: Sequence[int], *, at: datetime) -> dict[int, LastOrder]:
    """Return the latest sale of each contact: one query."""
    sales = Order.objects.filter(contact__in=contact_ids, kind=Order.Kind.SALE, placed_at__lte=at)
    latest = Window(RowNumber(), partition_by="contact_id", order_by=[F("placed_at").desc(), F("pk").desc()])
    ids = sales.annotate(place=latest).filter(place=1).order_by().values("pk")
    lines = OrderLine.objects.filter(order__in=ids, quantity__gt=0, product__kind=Product.Kind.PRODUCT)
    found: dict[int, LastOrder] = defaultdict(LastOrder)
    rows = lines.order_by("order_id", "position").values_list("order__contact_id", "product_id", "product__category_id")
    for contact_id, product_id, category_id in rows:
        if product_id not in found[contact_id].product_ids:
            found[contact_id].product_ids.append(product_id)
        if category_id is not None:
            found[contact_id].categories.setdefault(category_id, product_id)
    return found


def related_to_last_order(contact_ids: Sequence[int], limit: int, *, at: datetime, min_margin: int = 0) -> Choices:
    """Return the best sellers of the categories of each contact's last order, without what they have."""
    orders = last_orders(contact_ids, at=at)
    owned = owned_products(list(orders), at=at)
    avoided = {pk: owned.get(pk, set()) | set(order.product_ids) for pk, order in orders.items()}
    categories = {one for order in orders.values() for one in order.categories}
    ranks = _ranks(categories, limit + _most(avoided), min_margin)
    return {
        pk: [
            Choice(product_id, order.categories[category_id])
            for product_id, category_id in _best_of(order.categories, ranks, avoided[pk], limit)
        ]
        for pk, order in orders.items()
    }


def favorites_not_bought(contact_ids: Sequence[int], limit: int, *, at: datetime, min_margin: int = 0) -> Choices:
    """Return the best sellers of the categories from which each contact buys most, without all they ever bought."""
    favorites = _favorite_categories(contact_ids, at)
    owned = owned_products(list(favorites), at=at, with_replenishable=True)
    ranks = _ranks({one for categories in favorites.values() for one in categories}, limit + _most(owned), min_margin)
    return {
        pk: [Choice(one) for one, _category in _best_of(categories, ranks, owned.get(pk, set()), limit)]
        for pk, categories in favorites.items()
    }


def new_in_categories_bought(
    contact_ids: Sequence[int], limit: int, *, at: datetime, days: int, min_margin: int = 0
) -> Choices:
    """Return what is new since some days in the categories from which each contact ever bought, the newest first.

    Contacts who bought from no category with something new are missing, or have nothing.
    """
    bought: dict[int, set[int]] = defaultdict(set)
    lines = bought_lines(contact_ids, at).filter(product__category__isnull=False)
    for contact_id, category_id in lines.values_list("order__contact_id", "product__category_id").distinct():
        bought[contact_id].add(category_id)
    owned = owned_products(list(bought), at=at, with_replenishable=True)
    arrivals = arrivals_of(set().union(*bought.values()), limit + _most(owned), at, days, min_margin)
    found = {}
    for pk, categories in bought.items():
        ranked = merge(*(arrivals.get(one, ()) for one in categories))
        fresh = (product_id for _age, _rank, product_id in ranked if product_id not in owned.get(pk, set()))
        found[pk] = [Choice(product_id) for product_id in islice(fresh, limit)]
    return found


def bought_together(
    contact_ids: Sequence[int], limit: int, *, at: datetime, min_margin: int = 0, known: Knowledge | None = None
) -> Choices:
    """Return what stands with the products of each contact's last order in one order more often than chance has it.

    Pairs said by a person come first, those of products before those of categories; then the learned ones by their lift
    (see :mod:`.learning`).

    Args:
        known: what is known about products; as of now, unless it is a test.
    """
    known = known or LiveKnowledge(min_margin)
    orders = last_orders(contact_ids, at=at)
    owned = owned_products(list(orders), at=at)
    companions = _Companions(known, {one for order in orders.values() for one in order.product_ids})
    found = {}
    for pk, order in orders.items():
        avoided = owned.get(pk, set()) | set(order.product_ids)
        best: dict[int, int] = {}
        for _level, _lift, companion_id, seed in companions.ranked(order):
            if companion_id not in avoided:
                best.setdefault(companion_id, seed)
        found[pk] = [Choice(product_id, seed) for product_id, seed in list(best.items())[:limit]]
    return found


def buy_again(contact_ids: Sequence[int], limit: int, *, at: datetime, days: int, min_margin: int = 0) -> Choices:
    """Return what each contact uses up and has not bought for some days, what they bought most often first."""
    shown = showable(min_margin=min_margin).order_by().values("pk")
    lines = bought_lines(contact_ids, at).filter(product__is_replenishable=True, product__in=shown)
    rows = (
        lines.values("order__contact_id", "product_id")
        .annotate(times=Count("order_id", distinct=True), last=Max("order__placed_at"))
        .filter(last__lte=at - timedelta(days=days))
        .order_by("-times", "last", "product_id")
        .values_list("order__contact_id", "product_id")
    )
    found: dict[int, list[Choice]] = defaultdict(list)
    for contact_id, product_id in rows:
        if len(found[contact_id]) < limit:
            found[contact_id].append(Choice(product_id, product_id))
    return found


def recently_viewed(contact_ids: Sequence[int], limit: int, *, at: datetime, min_margin: int = 0) -> Choices:
    """Return what each contact looked at in the shop and does not have, the latest first."""
    owned = owned_products(contact_ids, at=at)
    views = ProductView.objects.filter(contact__in=contact_ids, viewed_at__lte=at, viewed_at__gte=since(at))
    views = views.filter(product__in=showable(min_margin=min_margin).order_by())
    place = Window(RowNumber(), partition_by="contact_id", order_by=[F("viewed_at").desc(), F("pk").desc()])
    rows = views.annotate(place=place).filter(place__lte=limit + _most(owned)).order_by("contact_id", "place")
    found: dict[int, list[Choice]] = defaultdict(list)
    for contact_id, product_id in rows.values_list("contact_id", "product_id"):
        if product_id not in owned.get(contact_id, set()) and len(found[contact_id]) < limit:
            found[contact_id].append(Choice(product_id))
    return found


class _Companions:
    """What is shown to those who bought some products: five queries."""

    def __init__(self, known: Knowledge, product_ids: set[int]) -> None:
        self._learned = known.companions(product_ids)
        self._said, self._said_of_categories = said_companions(product_ids), said_of_categories()
        learned = {companion_id for pairs in self._learned.values() for companion_id, _lift in pairs}
        said = {one for named in (self._said, self._said_of_categories) for ids in named.values() for one in ids}
        self._there = known.facts(learned | said)

    def ranked(self, order: LastOrder) -> list[tuple[int, float, int, int]]:
        """Return level (0 said of products, 1 said of categories, 2 learned), minus the lift, companion and seed."""
        pairs = [(0, 0.0, one, seed) for seed in order.product_ids for one in self._said.get(seed, ())]
        for category_id, seed in order.categories.items():
            pairs += [(1, 0.0, one, seed) for one in self._said_of_categories.get(category_id, ())]
        for seed in order.product_ids:
            pairs += [(2, -lift, companion_id, seed) for companion_id, lift in self._learned.get(seed, ())]
        return sorted(pair for pair in pairs if pair[2] in self._there)


def bought_lines(contact_ids: Sequence[int], at: datetime) -> QuerySet[OrderLine]:
    lines = OrderLine.objects.filter(order__contact__in=contact_ids, order__kind=Order.Kind.SALE, quantity__gt=0)
    return lines.filter(order__placed_at__lte=at, product__kind=Product.Kind.PRODUCT).order_by()


def _favorite_categories(contact_ids: Sequence[int], at: datetime) -> dict[int, list[int]]:
    rows = (
        bought_lines(contact_ids, at)
        .filter(product__category__isnull=False)
        .values("order__contact_id", "product__category_id")
        .annotate(times=Count("order_id", distinct=True), last=Max("order__placed_at"))
        .order_by("-times", "-last", "product__category_id")
        .values_list("order__contact_id", "product__category_id")
    )
    found: dict[int, list[int]] = defaultdict(list)
    for contact_id, category_id in rows:
        if len(found[contact_id]) < FAVORITE_CATEGORIES:
            found[contact_id].append(category_id)
    return found


Ranks = Mapping[int, Sequence[tuple[int, int, int]]]
"""By category: minus the popularity, the product, and the category, the best first."""


def _ranks(category_ids: Iterable[int], limit: int, min_margin: int) -> Ranks:
    """Return the best sellers of each category: one query."""
    products = showable(min_margin=min_margin).filter(category__in=list(category_ids))
    place = Window(RowNumber(), partition_by="category_id", order_by=[F("popularity").desc(), F("pk").asc()])
    rows = products.annotate(place=place).filter(place__lte=limit).order_by("place")
    found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for category_id, pk, popularity in rows.values_list("category_id", "pk", "popularity"):
        found[category_id].append((-popularity, pk, category_id))
    return found


def arrivals_of(
    category_ids: Iterable[int], limit: int, at: datetime, days: int, min_margin: int
) -> dict[int, list[tuple[timedelta, int, int]]]:
    """Return what is new in each category as age, minus the id and the id, the newest first: one query."""
    products = newest_first(showable(min_margin=min_margin).filter(category__in=list(category_ids)))
    products = products.filter(since__gt=at - timedelta(days=days), since__lte=at)
    place = Window(RowNumber(), partition_by="category_id", order_by=[F("since").desc(), F("pk").desc()])
    rows = products.annotate(place=place).filter(place__lte=limit).order_by("-since", "-pk")
    found: dict[int, list[tuple[timedelta, int, int]]] = defaultdict(list)
    for category_id, pk, new_since in rows.values_list("category_id", "pk", "since"):
        found[category_id].append((at - new_since, -pk, pk))
    return found


def _best_of(category_ids: Iterable[int], ranks: Ranks, avoided: set[int], limit: int) -> list[tuple[int, int]]:
    """Return products with their categories, the best sellers of all of them first."""
    ranked = merge(*(ranks.get(category_id, ()) for category_id in category_ids))
    fresh = ((pk, category_id) for _minus_popularity, pk, category_id in ranked if pk not in avoided)
    return list(islice(fresh, limit))


def _most(avoided: Mapping[int, set[int]]) -> int:
    return max((len(one) for one in avoided.values()), default=0)
