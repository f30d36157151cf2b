"""A shop with a history: customers who come back or do not, refunds, odd orders, stages and groups that changed."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from wagtail_precise_mail.commerce.models import BuyingStage, ContactFigures, ContactStanding, Order, ValueTier
from wagtail_precise_mail.contacts.addresses import address_hash
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.movements import Movement
from wagtail_precise_mail.tracking.engagement import ContactEngagement, EngagementStage

GROUPS = ["champions", "loyal", "at_risk", "lost"]
AXES = {
    "rfm_group": ("", GROUPS),
    "buying_stage": ("prospect", [stage for stage in BuyingStage.values if stage != "prospect"]),
    "engagement": ("", EngagementStage.values),
}
_number = count(1)


def make_history(*, until: datetime, days: int = 500, customers: int = 60, seed: int = 7) -> None:
    """Fill the tables; the same seed makes the same shop. The last day is that before ``until``."""
    chance = random.Random(seed)
    begin = until - timedelta(days=days)
    contacts = _contacts(customers)
    Order.objects.bulk_create(_orders(chance, contacts, begin, until), batch_size=5000)
    _stand(chance, contacts, begin, until)


def _contacts(customers: int) -> list[Contact]:
    names = [f"history{next(_number)}@example.com" for _one in range(customers)]
    return Contact.objects.bulk_create(
        [Contact(email=name, address_hash=address_hash(name)) for name in names], batch_size=5000
    )


def _orders(chance: random.Random, contacts: list[Contact], begin: datetime, until: datetime) -> list[Order]:
    found = []

    def add(contact: Contact | None, at: datetime, kind: str = "sale", currency: str = "GBP") -> None:
        total = Decimal(chance.randrange(500, 20_000)) / 100 * (-1 if kind == "refund" else 1)
        rate = {"GBP": Decimal(1), "EUR": Decimal("0.85")}.get(currency)
        base = None if rate is None else (total * rate).quantize(Decimal("0.0001"))
        number = f"history{next(_number)}"
        found.append(
            Order(source="history", number=number, kind=kind, contact=contact, placed_at=at, currency=currency,
                  total=total, base_rate=rate, base_total=base)
        )  # fmt: skip

    for contact in contacts:
        at = begin + timedelta(seconds=chance.randrange(int((until - begin).total_seconds())))
        if chance.random() < 0.05:
            add(contact, at - timedelta(days=3), "refund")  # before anything was bought
        rhythm = chance.choice([9, 25, 60, 140])
        while at < until:
            add(contact, at, currency=chance.choices(["GBP", "EUR", "USD"], [90, 7, 3])[0])
            if chance.random() < 0.1:
                add(contact, at + timedelta(hours=2))  # twice on one day, or over midnight
            if chance.random() < 0.1:
                add(contact, at + timedelta(days=chance.randrange(40)), "refund")
            if chance.random() < 0.1:
                break
            at += timedelta(days=chance.expovariate(1 / rhythm), seconds=chance.randrange(86_400))
    for _one in range(max(len(contacts) // 10, 1)):
        at = begin + timedelta(seconds=chance.randrange(int((until - begin).total_seconds())))
        add(None, at)
        add(chance.choice(contacts), at, "adjustment")
    # At the edges of days, months and years.
    add(contacts[0], datetime(until.year, 1, 1, tzinfo=UTC))
    add(contacts[1], datetime(until.year, 1, 1, tzinfo=UTC) - timedelta(microseconds=1))
    return found


def _stand(chance: random.Random, contacts: list[Contact], begin: datetime, until: datetime) -> None:
    """Walk every contact over every axis, and keep where they arrive."""
    moves, now = [], defaultdict(dict)
    for axis, (nowhere, places) in AXES.items():
        for contact in contacts:
            at, place = begin + timedelta(days=chance.randrange(200), hours=3), nowhere
            while at < until:
                # Some leave the axis again, and come back.
                after = chance.choice([*places, nowhere] if place != nowhere else places)
                if after != place:
                    moves.append(Movement(contact=contact, axis=axis, before=place, after=after, moved_at=at))
                place, at = after, at + timedelta(days=chance.randrange(1, 250))
            if place != nowhere:
                now[contact.pk][axis] = place
    Movement.objects.bulk_create(moves, batch_size=5000)
    standings, figures, engagement = [], [], []
    for contact in contacts:
        here = now[contact.pk]
        if "engagement" in here:
            engagement.append(ContactEngagement(contact=contact, stage=here["engagement"], computed_at=until))
        revenue = Decimal(chance.randrange(-1_000, 900_000)) / 100
        figures.append(ContactFigures(contact=contact, order_count=1, net_revenue=revenue, computed_at=until))
        standings.append(
            ContactStanding(
                contact=contact, recency_score=chance.randint(1, 5), frequency_score=chance.randint(1, 5),
                monetary_score=chance.randint(1, 5), rfm_group=here.get("rfm_group", ""),
                buying_stage=here.get("buying_stage", ""), value_tier=chance.choice(ValueTier.values),
                computed_at=until,
            )
        )  # fmt: skip
    ContactFigures.objects.bulk_create(figures, batch_size=5000)
    ContactStanding.objects.bulk_create(standings, batch_size=5000)
    ContactEngagement.objects.bulk_create(engagement, batch_size=5000)
