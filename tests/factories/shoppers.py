"""Made-up shoppers who follow BG/NBD and Gamma-Gamma exactly, so that the truth about them is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from tests.factories.commerce import make_category, make_product
from wagtail_precise_mail.commerce.forecasting.purchases import Counts
from wagtail_precise_mail.commerce.models import Order, OrderLine
from wagtail_precise_mail.contacts.addresses import address_hash
from wagtail_precise_mail.contacts.models import Contact

PURCHASES = {"r": 0.8, "alpha": 40.0, "a": 0.9, "b": 3.0}
SPENDING = {"p": 6.0, "q": 4.0, "v": 60.0}


@dataclass(frozen=True)
class Shoppers:
    """What was seen of them until today, and what they do afterwards."""

    counts: Counts
    mean: np.ndarray
    later_orders: np.ndarray
    later_revenue: np.ndarray
    wait: np.ndarray  # days until the next purchase; infinite for those who stopped
    is_alive: np.ndarray


def simulate(seed: int, size: int, *, oldest: int = 900, days: float = 365) -> Shoppers:
    """Let shoppers come at random within the last days, and buy until today and for some days after."""
    rng = np.random.default_rng(seed)
    age = rng.integers(30, oldest, size).astype(float)
    rate = rng.gamma(PURCHASES["r"], 1 / PURCHASES["alpha"], size)
    last = rng.geometric(np.clip(rng.beta(PURCHASES["a"], PURCHASES["b"], size), 1e-9, 1))  # repeats until they stop
    worth = rng.gamma(SPENDING["q"], 1 / SPENDING["v"], size)
    repeats, recency, later, wait = np.zeros(size), np.zeros(size), np.zeros(size), np.full(size, np.inf)
    moment, index = np.zeros(size), np.zeros(size)
    active = np.arange(size)
    while len(active):
        moment[active] += rng.exponential(1 / rate[active])
        index[active] += 1
        happened = moment[active] <= age[active] + days
        active = active[happened]
        before = moment[active] <= age[active]
        repeats[active[before]] += 1
        recency[active[before]] = moment[active[before]]
        after = active[~before]
        later[after] += 1
        wait[after] = np.minimum(wait[after], moment[after] - age[after])
        active = active[index[active] < last[active]]
    is_alive = repeats < last
    orders = repeats + 1
    mean = rng.gamma(SPENDING["p"] * orders, 1 / worth) / orders
    revenue = np.where(later > 0, rng.gamma(SPENDING["p"] * np.maximum(later, 1), 1 / worth), 0.0)
    return Shoppers(Counts(repeats, recency, age), mean, later, revenue, wait, is_alive)


def make_history(size: int, *, until: datetime, seed: int = 1, days: int = 700) -> list[Contact]:
    """Store such shoppers with their orders, each with one line of one of three categories, in a few statements."""
    rng = np.random.default_rng(seed)
    contacts = [Contact(email=f"shopper-{seed}-{number}@example.com", country="GB") for number in range(size)]
    for contact in contacts:
        contact.address_hash = address_hash(contact.email)
    contacts = Contact.objects.bulk_create(contacts)
    products = [make_product(category=make_category(name=name)) for name in ("Tea", "Cups", "Lamps")]
    orders, places = [], []
    for contact in contacts:
        rate = rng.gamma(PURCHASES["r"], 1 / PURCHASES["alpha"])
        stops = rng.beta(PURCHASES["a"], PURCHASES["b"])
        worth = rng.gamma(SPENDING["q"], 1 / SPENDING["v"])
        favorite = int(rng.integers(3))
        ago = rng.uniform(1, days)
        while ago > 0:
            total = Decimal(f"{rng.gamma(SPENDING['p'], 1 / worth):.2f}")
            number = f"h{seed}-{len(orders)}"
            placed_at = until - timedelta(days=float(ago))
            money = {"currency": "GBP", "base_rate": 1, "total": total, "base_total": total}
            orders.append(Order(source="shop", number=number, contact=contact, placed_at=placed_at, **money))
            places.append(favorite if rng.random() < 0.8 else int(rng.integers(3)))
            if ago < days and rng.random() < stops and len(orders) > 1 and orders[-2].contact == contact:
                break
            ago -= rng.exponential(1 / rate)
    orders = Order.objects.bulk_create(orders, batch_size=1000)
    OrderLine.objects.bulk_create(
        [
            OrderLine(
                order=order, position=1, product=products[place], quantity=1, unit_price=order.total, total=order.total
            )
            for order, place in zip(orders, places, strict=True)
        ],
        batch_size=1000,
    )
    return contacts
