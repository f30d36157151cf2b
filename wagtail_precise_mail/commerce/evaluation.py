"""How well recommendations do: learned from orders until a moment, tested on those of the days after it.

The hit rate at N is the share of contacts who bought at least one of the first N products that a list would have shown
them. It is asked of contacts who had bought before the moment and bought again within the days. All programs leave out
the same: what cannot be shown, and what the contact owned and would not buy again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from wagtail_precise_mail.commerce import catalog
from wagtail_precise_mail.commerce.for_you import for_you
from wagtail_precise_mail.commerce.knowledge import Knowledge, PastKnowledge
from wagtail_precise_mail.commerce.models import Order, OrderLine, Product, RecommenderRun
from wagtail_precise_mail.commerce.models.evaluations import BASELINE, MAIN_SIZE, RECOMMENDER
from wagtail_precise_mail.commerce.recommendations import Choice, Choices, Why, bought_together, owned_products
from wagtail_precise_mail.conf import options

SIZES = (5, MAIN_SIZE, 20)
"""Lengths of lists that are looked at."""

TEST_DAYS = 30
"""How many days of orders the lists are held against."""

BEST_SELLING_DAYS = 90
"""Of how many days the best sellers are: as in lists in mails that say nothing else."""

SAMPLE = 5000
"""Contacts that are looked at, at the most; evenly spread over all."""

PROGRAMS = (RECOMMENDER, "bought_together", "popular", BASELINE)

_BATCH = 500


@dataclass
class _Result:
    """What one program did."""

    hits: dict[str, int] = field(default_factory=lambda: {str(size): 0 for size in SIZES})
    covered: int = 0
    products: set[int] = field(default_factory=set)

    def add(self, choices: Sequence[Choice], bought: set[int]) -> None:
        for size in SIZES:
            self.hits[str(size)] += any(one.product_id in bought for one in choices[:size])
        self.covered += any(one.why != Why.POPULAR for one in choices[:MAIN_SIZE])
        self.products.update(one.product_id for one in choices[:MAIN_SIZE])

    def to_json(self) -> dict[str, Any]:
        return {"hits": self.hits, "covered": self.covered, "products": len(self.products)}


def evaluate(*, at: datetime | None = None, days: int = TEST_DAYS) -> RecommenderRun:
    """Test all programs on the orders of the last days, and keep what came out.

    Learning as of the past holds a row per product and its pairs in memory; contacts are walked in batches.
    """
    at = at or timezone.now()
    until = at - timedelta(days=days)
    contact_ids = _sample(_tested(until, at))
    known = PastKnowledge(until)
    best_sellers = _best_sellers(known, until)
    results = {name: _Result() for name in PROGRAMS}
    for start in range(0, len(contact_ids), _BATCH):
        batch = contact_ids[start : start + _BATCH]
        bought = _bought_in(batch, until, at)
        for name, choices in lists_at(batch, known, best_sellers, until):
            for pk in batch:
                results[name].add(choices.get(pk, ()), bought[pk])
    return RecommenderRun.objects.create(
        evaluated_at=at,
        trained_until=until,
        test_days=days,
        contact_count=len(contact_ids),
        results={name: result.to_json() for name, result in results.items()},
    )


def lists_at(
    contact_ids: Sequence[int], known: Knowledge, best_sellers: Sequence[int], at: datetime
) -> Iterator[tuple[str, Choices]]:
    """Yield each program by its name with what it would have shown to contacts."""
    longest = SIZES[-1]
    owned = owned_products(contact_ids, at=at)
    most = max((len(one) for one in owned.values()), default=0)
    yield RECOMMENDER, for_you(contact_ids, longest, at=at, known=known)
    yield "bought_together", bought_together(contact_ids, longest, at=at, known=known)
    yield "popular", _same_for_all(contact_ids, [fact.product_id for fact in known.best(longest + most)], owned)
    yield BASELINE, _same_for_all(contact_ids, best_sellers, owned)


def falls_back() -> bool:
    """Whether lists show best sellers instead of the recommender: the site wants it to win, and it last did not."""
    if not options().recommender_must_win:
        return False
    last = RecommenderRun.objects.first()
    return last is not None and not last.is_better


def _tested(until: datetime, at: datetime) -> list[int]:
    sales = Order.objects.filter(kind=Order.Kind.SALE, contact__isnull=False)
    lines = _lines().filter(order__placed_at__gt=until, order__placed_at__lte=at)
    before = sales.filter(placed_at__lte=until, contact__in=lines.values("order__contact"))
    return sorted(set(before.order_by().values_list("contact_id", flat=True).distinct()))


def _sample(contact_ids: list[int]) -> list[int]:
    step = -(-len(contact_ids) // SAMPLE) or 1
    return contact_ids[::step]


def _best_sellers(known: Knowledge, at: datetime) -> list[int]:
    ranking = catalog.best_selling(at=at, days=BEST_SELLING_DAYS)
    there = known.facts(ranking)
    return [pk for pk in ranking if pk in there]


def _lines() -> Any:
    return OrderLine.objects.filter(
        order__kind=Order.Kind.SALE, quantity__gt=0, product__kind=Product.Kind.PRODUCT
    ).order_by()


def _bought_in(contact_ids: Sequence[int], until: datetime, at: datetime) -> dict[int, set[int]]:
    lines = _lines().filter(order__contact__in=contact_ids, order__placed_at__gt=until, order__placed_at__lte=at)
    found: dict[int, set[int]] = defaultdict(set)
    for contact_id, product_id in lines.values_list("order__contact_id", "product_id").distinct():
        found[contact_id].add(product_id)
    return found


def _same_for_all(
    contact_ids: Iterable[int], product_ids: Sequence[int], owned: Mapping[int, set[int]]
) -> dict[int, list[Choice]]:
    found = {}
    for pk in contact_ids:
        fresh = (one for one in product_ids if one not in owned.get(pk, ()))
        found[pk] = [Choice(one, None, Why.POPULAR) for one, _place in zip(fresh, range(SIZES[-1]), strict=False)]
    return found
