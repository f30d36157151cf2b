"""Two years of orders with believable rhythms: seasons, weekdays, hours, supplies that run out, refunds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from example_site.demo.seed.catalog import SHELVES, Item, Shelf
from example_site.demo.seed.people import Person
from example_site.shop.basket import POSTAGE_SKU, postage_for

HISTORY_DAYS = 730
# Monday first: the week begins with a plan, ends with an afternoon on the sofa.
_WEEKDAYS = (1.05, 0.95, 1.0, 1.05, 0.85, 0.8, 1.35)
_HOURS = (2, 1, 1, 0, 0, 1, 4, 9, 13, 15, 16, 16, 20, 17, 14, 14, 15, 18, 22, 27, 34, 33, 20, 8)
_MONTHS = (0.95, 0.9, 1.05, 1.1, 1.0, 0.85, 0.75, 0.75, 0.95, 1.05, 1.5, 1.75)
_REFUND_SHARE = 0.035


@dataclass(frozen=True)
class PastLine:
    """So many of a product, at the price of the day."""

    sku: str
    name: str
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True)
class PastOrder:
    """A sale, or the refund of one."""

    person: Person
    placed_at: datetime
    kind: str
    lines: tuple[PastLine, ...]
    refund_of: PastOrder | None = None


def make_orders(people: list[Person], *, chance: random.Random, at: datetime) -> list[PastOrder]:
    """Let people buy from the day they joined until ``at``, and return all orders by their time."""
    orders = [order for person in people for order in _orders_of(person, chance, at)]
    return sorted(orders, key=lambda order: (order.placed_at, order.person.email, order.kind))


def _orders_of(person: Person, chance: random.Random, at: datetime) -> Iterator[PastOrder]:
    if person.interval_days is None:
        return
    moment = max(person.joined_at, at - timedelta(days=HISTORY_DAYS))
    end = min(at, person.lapses_at or at)
    while moment < end:
        # A month that buys little lets some of the visits end without an order.
        if chance.random() < _MONTHS[moment.month - 1] / max(_MONTHS):
            placed_at = _at_a_good_hour(moment, chance)
            if placed_at < at:
                sale = PastOrder(person, placed_at, "sale", _fill_basket(person, placed_at, chance, at))
                yield sale
                yield from _maybe_refund(sale, chance, at)
        elif person.interval_days > 1000:
            moment += timedelta(days=9)
            continue
        moment += timedelta(days=max(2.0, chance.gauss(person.interval_days, person.interval_days * 0.28)))


def _at_a_good_hour(moment: datetime, chance: random.Random) -> datetime:
    days = [moment + timedelta(days=shift) for shift in range(7)]
    day = chance.choices(days, [_WEEKDAYS[day.weekday()] for day in days])[0]
    hour = chance.choices(range(24), _HOURS)[0]
    return day.replace(hour=hour, minute=chance.randrange(60), second=chance.randrange(60), microsecond=0)


def _fill_basket(person: Person, placed_at: datetime, chance: random.Random, at: datetime) -> tuple[PastLine, ...]:
    chosen = [item for item in _running_out(person, placed_at) if chance.random() < 0.7][:3]
    wanted = chance.choices([1, 2, 3, 4, 5], [34, 30, 20, 11, 5])[0]
    while len(chosen) < wanted:
        item = _tempting_item(person, placed_at, chance)
        if item not in chosen:
            chosen.append(item)
    for item in chosen:
        person.last_bought[item.sku] = placed_at
    is_old = placed_at < at - timedelta(days=400)
    lines = [PastLine(item.sku, item.name, _how_many(item, chance), _price(item, is_old)) for item in chosen]
    if postage := postage_for(sum((line.quantity * line.unit_price for line in lines), Decimal())):
        lines.append(PastLine(POSTAGE_SKU, "Postage", 1, postage))
    return tuple(lines)


def _running_out(person: Person, placed_at: datetime) -> list[Item]:
    return [
        item
        for shelf in SHELVES
        for item in shelf.items
        if item.days_supply
        and item.sku in person.last_bought
        and (placed_at - person.last_bought[item.sku]).days >= item.days_supply * 0.8
    ]


def _tempting_item(person: Person, placed_at: datetime, chance: random.Random) -> Item:
    shelf = chance.choices(SHELVES, [_pull(shelf, person, placed_at) for shelf in SHELVES])[0]
    return chance.choices(shelf.items, [item.popularity for item in shelf.items])[0]


def _pull(shelf: Shelf, person: Person, placed_at: datetime) -> float:
    liking = 3.2 if shelf.interest in person.interests else 0.7
    base = 1.7 if shelf.slug == "tea" else 1.0
    return liking * base * shelf.seasons[placed_at.month - 1]


def _how_many(item: Item, chance: random.Random) -> int:
    return chance.choices([1, 2, 3, 4, 6], [72, 18, 5, 3, 2] if item.price < 20 else [93, 6, 1, 0, 0])[0]


def _price(item: Item, is_old: bool) -> Decimal:
    """Prices rose once, a good year ago: history is not today's price list."""
    return (item.price * Decimal("0.95")).quantize(Decimal("0.01")) if is_old else item.price


def _maybe_refund(sale: PastOrder, chance: random.Random, at: datetime) -> Iterator[PastOrder]:
    if chance.random() >= _REFUND_SHARE:
        return
    refunded_at = sale.placed_at + timedelta(days=chance.uniform(3, 21))
    goods = [line for line in sale.lines if line.sku != POSTAGE_SKU]
    if refunded_at < at:
        line = chance.choice(goods)
        back = PastLine(line.sku, line.name, -line.quantity, line.unit_price)
        yield PastOrder(sale.person, refunded_at.replace(microsecond=0), "refund", (back,), sale)
