"""The recommender: what one contact may want next, from all that they bought.

Four lists are mixed: what is due to be bought again; what people said goes with what they bought; what their history
makes likely; what is new where they like to buy. The third is scored, and the score can be said in one sentence: orders
with the product of late, times one and twice how much more often than chance it goes with what they bought, and twice
their share of purchases in its category. What is learned comes from :mod:`.learning`; how well it does is measured by
:mod:`.evaluation`; how the numbers were found stands in the docs (explanation/recommendations.md).

Nobody is asked here whether they allow it: callers leave out contacts who do not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice

from django.db.models import Count, Max, Min
from django.db.models.functions import TruncDate

from wagtail_precise_mail.commerce.knowledge import Companions, Fact, Knowledge, LiveKnowledge
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.recommendations import Choice, Choices, Why, arrivals_of, bought_lines
from wagtail_precise_mail.commerce.said import said_companions, said_of_categories

SEEDS = 100
"""Of how many products that a contact bought last companions are looked for; it bounds the cost of one contact."""

HALF_LIFE_DAYS = 180
"""After how many days a purchase says half as much."""

PAIR_WEIGHT, CATEGORY_WEIGHT = 2.0, 2.0
"""How much company and liking of a category add to the demand; of the first, see the docs for how it was found."""

FAVORITES = 3
"""Of how many categories a contact sees the best sellers and what is new."""

NEW_DAYS = 30
"""For how long something is new."""

DUE_FROM, DUE_UNTIL = 0.9, 3.0
"""From which part of its cycle on something is due, and after how many cycles it is given up."""


@dataclass(frozen=True)
class Bought:
    """A product that a contact bought: on how many days, first and last."""

    product_id: int
    category_id: int | None
    is_replenishable: bool
    cycle_days: int | None
    times: int
    first_at: datetime
    last_at: datetime

    @property
    def own_interval(self) -> float | None:
        """Mean days between their purchases of it, or None."""
        days = (self.last_at - self.first_at).total_seconds() / 86400
        return days / (self.times - 1) if self.times > 1 and days else None


Histories = Mapping[int, Sequence[Bought]]
"""By contact, what was bought last first."""


def for_you(
    contact_ids: Sequence[int], limit: int, *, at: datetime, min_margin: int = 0, known: Knowledge | None = None
) -> Choices:
    """Return what each contact may want next, best first; contacts without orders are missing.

    What they own is never among it, but for what is used up by now.

    Args:
        known: what is known about products; as of now, unless it is a test.
    """
    known = known or LiveKnowledge(min_margin)
    histories = histories_of(contact_ids, at)
    batch = _Batch(known, histories, limit, at, min_margin)
    return {pk: list(islice(batch.choices(pk, bought), limit)) for pk, bought in histories.items()}


def histories_of(contact_ids: Sequence[int], at: datetime) -> Histories:
    """Return what contacts ever bought: one query."""
    rows = (
        bought_lines(contact_ids, at)
        .values("order__contact_id", "product_id")
        .annotate(
            times=Count(TruncDate("order__placed_at"), distinct=True),
            first=Min("order__placed_at"),
            last=Max("order__placed_at"),
        )
        .order_by("-last", "product__sku")
        .values_list(
            "order__contact_id",
            "product_id",
            "product__category_id",
            "product__is_replenishable",
            "product__replenish_days",
            "product__learned_replenish_days",
            "times",
            "first",
            "last",
        )
    )
    found: dict[int, list[Bought]] = defaultdict(list)
    for contact_id, product_id, category_id, is_replenishable, said, learned, times, first, last in rows:
        cycle = said or learned
        found[contact_id].append(Bought(product_id, category_id, is_replenishable, cycle, times, first, last))
    return found


class _Batch:
    """All that is read for some contacts at once."""

    def __init__(self, known: Knowledge, histories: Histories, limit: int, at: datetime, min_margin: int) -> None:
        self._at, self._limit = at, limit
        self._shares = {pk: _category_shares(bought, at) for pk, bought in histories.items()}
        self._favorites = {pk: _favorites(shares) for pk, shares in self._shares.items()}
        seeds = {one.product_id for bought in histories.values() for one in bought[:SEEDS]}
        favorites = {one for categories in self._favorites.values() for one in categories}
        most = max((len(bought) for bought in histories.values()), default=0)
        self._companions: Companions = known.companions(seeds)
        self._said, self._said_of_categories = said_companions(seeds), said_of_categories()
        self._shelves = known.best_of_categories(favorites, limit + most)
        self._best = known.best(limit + most)
        self._arrivals = arrivals_of(favorites, limit + most, at, NEW_DAYS, min_margin) if favorites else {}
        self._intervals = _order_intervals(histories, at)
        self._facts = known.facts(self._all(histories))

    def _all(self, histories: Histories) -> set[int]:
        learned = (companion for pairs in self._companions.values() for companion, _lift in pairs)
        said = chain(*self._said.values(), *self._said_of_categories.values())
        shelves = (fact.product_id for facts in self._shelves.values() for fact in facts)
        used_up = (one.product_id for bought in histories.values() for one in bought if one.is_replenishable)
        best = (fact.product_id for fact in self._best)
        return {*learned, *said, *shelves, *used_up, *best}

    def choices(self, contact_id: int, bought: Sequence[Bought]) -> Iterator[Choice]:
        """Yield what suits one contact, each product once: due, two that go with it, new, and again."""
        owned = {one.product_id for one in bought}
        seen: set[int] = set()
        goes_with = chain(self._said_choices(bought, owned), self._scored(contact_id, bought, owned))
        queues = [iter(self._due(contact_id, bought)), goes_with, goes_with, self._new(contact_id, owned)]
        while queues:
            for queue in list(queues):
                choice = next((one for one in queue if one.product_id not in seen), None)
                if choice is None:
                    queues = [one for one in queues if one is not queue]
                else:
                    seen.add(choice.product_id)
                    yield choice

    def _due(self, contact_id: int, bought: Sequence[Bought]) -> list[Choice]:
        """Return what is used up by now, what became so last first."""
        due = []
        for one in bought:
            cycle = one.cycle_days or one.own_interval or self._intervals.get(contact_id)
            fact = self._facts.get(one.product_id)
            if one.is_replenishable and fact and cycle:
                cycles = (self._at - one.last_at).total_seconds() / 86400 / cycle
                if DUE_FROM <= cycles <= DUE_UNTIL:
                    due.append((cycles, fact.tie, one.product_id))
        return [Choice(pk, pk, Why.DUE) for _cycles, _tie, pk in sorted(due)]

    def _said_choices(self, bought: Sequence[Bought], owned: set[int]) -> Iterator[Choice]:
        """Yield what people gave to what was bought last, then to its category."""
        for one in bought[:SEEDS]:
            for companion_id in self._said.get(one.product_id, ()):
                if companion_id in self._facts and companion_id not in owned:
                    yield Choice(companion_id, one.product_id, Why.BOUGHT)
        for one in bought[:SEEDS]:
            for companion_id in self._said_of_categories.get(one.category_id or 0, ()):
                if companion_id in self._facts and companion_id not in owned:
                    yield Choice(companion_id, one.product_id, Why.BOUGHT)

    def _scored(self, contact_id: int, bought: Sequence[Bought], owned: set[int]) -> Iterator[Choice]:
        """Yield by score; what nothing of theirs speaks for comes by how it sells."""
        company = self._company(bought, owned)
        shares = self._shares[contact_id]
        shelves = (fact for pk in self._favorites[contact_id] for fact in self._shelves.get(pk, ()))
        facts = {fact.product_id: fact for fact in chain(shelves, self._best) if fact.product_id not in owned}
        facts |= {pk: self._facts[pk] for pk in company if pk in self._facts}
        ranked = sorted(
            (-_score(fact, company.get(fact.product_id, _NOTHING)[0], shares), fact.tie, fact.product_id)
            for fact in facts.values()
        )
        for _minus_score, _tie, pk in ranked:
            lift, seed = company.get(pk, _NOTHING)
            yield _with_reason(facts[pk], lift, seed, shares)

    def _company(self, bought: Sequence[Bought], owned: set[int]) -> dict[int, tuple[float, int]]:
        """Return the mean lift of each companion over what was bought, by recency, and which purchase says most."""
        seeds = [(one.product_id, _weight(one.last_at, self._at)) for one in bought[:SEEDS]]
        total = sum(weight for _pk, weight in seeds)
        sums: dict[int, float] = defaultdict(float)
        most: dict[int, tuple[float, int]] = {}
        for product_id, weight in seeds:
            for companion_id, lift in self._companions.get(product_id, ()):
                if companion_id not in owned:
                    part = weight * lift
                    sums[companion_id] += part
                    if part > most.get(companion_id, _NOTHING)[0]:
                        most[companion_id] = (part, product_id)
        return {pk: (part / total, most[pk][1]) for pk, part in sums.items()}

    def _new(self, contact_id: int, owned: set[int]) -> Iterator[Choice]:
        favorites = self._favorites[contact_id]
        arrivals = sorted((*one, pk) for pk in favorites for one in self._arrivals.get(pk, ()))
        for _age, _place, product_id, category_id in arrivals:
            if product_id not in owned:
                yield Choice(product_id, None, Why.NEW, category_id)


_NOTHING = (0.0, 0)


def _score(fact: Fact, lift: float, shares: Mapping[int, float]) -> float:
    # One more, so that a shop without any order of late still tells apart what goes with what.
    share = shares.get(fact.category_id or 0, 0.0)
    # Rounded, so that the order of adding does not decide between equals.
    return round((fact.recent + 1) * (1 + PAIR_WEIGHT * lift + CATEGORY_WEIGHT * share), 9)


def _with_reason(fact: Fact, lift: float, seed: int, shares: Mapping[int, float]) -> Choice:
    share = shares.get(fact.category_id or 0, 0.0)
    if lift and PAIR_WEIGHT * lift >= CATEGORY_WEIGHT * share:
        return Choice(fact.product_id, seed, Why.BOUGHT)
    if share:
        return Choice(fact.product_id, None, Why.CATEGORY, fact.category_id)
    return Choice(fact.product_id, None, Why.POPULAR)


def _weight(moment: datetime, at: datetime) -> float:
    return float(0.5 ** ((at - moment) / timedelta(days=HALF_LIFE_DAYS)))


def _category_shares(bought: Sequence[Bought], at: datetime) -> dict[int, float]:
    """Return which part of what a contact bought is of each category, by recency and times."""
    sums: dict[int, float] = defaultdict(float)
    for one in bought:
        if one.category_id is not None:
            sums[one.category_id] += one.times * _weight(one.last_at, at)
    total = sum(sums.values())
    return {pk: part / total for pk, part in sums.items()}


def _favorites(shares: Mapping[int, float]) -> list[int]:
    return sorted(shares, key=lambda pk: (-shares[pk], pk))[:FAVORITES]


def _order_intervals(histories: Histories, at: datetime) -> dict[int, float]:
    """Return the mean days between orders, of contacts who bought something of which no cycle is known: one query."""
    lacking = [pk for pk, bought in histories.items() if _lacks_cycle(bought)]
    sales = Order.objects.filter(contact__in=lacking, kind=Order.Kind.SALE, placed_at__lte=at).order_by()
    rows = sales.values("contact_id").annotate(
        days=Count(TruncDate("placed_at"), distinct=True), first=Min("placed_at"), last=Max("placed_at")
    )
    return {
        row["contact_id"]: (row["last"] - row["first"]).total_seconds() / 86400 / (row["days"] - 1)
        for row in rows
        if row["days"] > 1
    }


def _lacks_cycle(bought: Iterable[Bought]) -> bool:
    return any(one.is_replenishable and not one.cycle_days and not one.own_interval for one in bought)
