"""Lists of products for 1,000 recipients: queries and time, against a bare loop of dict look-ups.

An invented shop: 5,000 products in 40 categories, 3,000 contacts with 8 orders of 4 lines. Ours chooses for each
recipient by what they bought, reads prices, stock and pictures, and writes them in the language of the email. The
reference is handed all of that and does nothing but look up the same items for the same recipients. Queries must be as
many for 1,000 recipients as for 2: that is the limit; the ratio has none. At last the shop gets three times as large,
and "for you" is measured again for the same recipients: their cost must not follow it.

Runs on the database of ``DATABASE_URL``, or on SQLite.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
RECIPIENTS, ROUNDS = 1000, 5
SHARED = ["newest", "on_offer", "best_selling", "category"]
SELECTIONS = [*SHARED, "related", "bought_together", "favorites", "buy_again", "new_in_categories", "for_you"]
GROWTH, MOST_GROWTH = 3, 1.5
"""How many times the shop gets larger, and how many times as long "for you" may then take for the same recipients."""


def main() -> int:
    """Print each selection; return how many cost more queries for more recipients, or more time in a larger shop."""
    before = str(connection.settings_dict["NAME"])
    with tempfile.TemporaryDirectory() as folder:
        name = f"{folder}/bench.sqlite3" if connection.vendor == "sqlite" else f"bench_lists_{before}"[:60]
        connection.settings_dict["TEST"]["NAME"] = name
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            _fill(0)
            measured = {selection: _measure(selection) for selection in SELECTIONS}
            for part in range(1, GROWTH):
                _fill(part)
            in_large, is_wrong = _measure("for_you")
            growth = in_large / measured["for_you"][0]
            print(f"for_you in a shop of {GROWTH} times the size: {growth:.2f} times as long", flush=True)
            return sum(wrong for _time, wrong in measured.values()) + is_wrong + (growth > MOST_GROWTH)
        finally:
            connection.creation.destroy_test_db(before, verbosity=0)


def _fill(part: int) -> None:
    from wagtail_precise_mail.commerce.learning import learn_pairs, learn_popularity
    from wagtail_precise_mail.commerce.models import Category, Order, OrderLine, Product
    from wagtail_precise_mail.contacts.models import Contact

    chance = random.Random(1837)
    categories = Category.objects.bulk_create(
        [Category(name=f"C{n}", slug=f"c{n}") for n in range(40 * part, 40 * part + 40)]
    )
    products = Product.objects.bulk_create(
        Product(
            sku=f"P{n}",
            name=f"Product {n}",
            url=f"/shop/p{n}/",
            image_url=f"https://cdn.example.com/{n}.jpg",
            category=categories[n % 40],
            price=Decimal(n % 90 + 1),
            compare_at_price=Decimal(100) if n % 9 == 0 else None,
            currency="GBP",
            rating=Decimal("4.5"),
            rating_count=n,
            is_replenishable=n % 3 == 0,
        )
        for n in range(5000 * part, 5000 * part + 5000)
    )
    contacts = Contact.objects.bulk_create(
        Contact(email=f"c{n}@example.com", address_hash=f"{n:064d}") for n in range(3000 * part, 3000 * part + 3000)
    )
    orders = Order.objects.bulk_create(
        Order(source="b", number=str(n), contact=contacts[n % 3000], placed_at=AT - timedelta(days=n % 360 + 1))
        for n in range(24_000 * part, 24_000 * part + 24_000)
    )
    lines = []
    for order in orders:
        first = int(chance.paretovariate(0.9) * 10) % 4990
        for position in range(4):
            product = products[first + position * 2]
            lines.append(OrderLine(order=order, position=position, product=product, quantity=1, unit_price=1, total=1))
    OrderLine.objects.bulk_create(lines, batch_size=5000)
    started = time.perf_counter()
    learn_popularity(at=AT)
    pairs = learn_pairs(at=AT)
    print(
        f"{pairs:,} pairs learned from {24_000 * (part + 1):,} orders in {time.perf_counter() - started:.1f} s",
        flush=True,
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _measure(selection: str) -> tuple[float, bool]:
    """Print one selection; return µs per recipient, and whether more recipients cost more queries."""
    from wagtail_precise_mail.commerce.models import Category
    from wagtail_precise_mail.contacts.models import Contact
    from wagtail_precise_mail.emails.blocks import email_blocks
    from wagtail_precise_mail.emails.readers import Reader, ReaderLoader

    assert "product_list" in email_blocks
    spec: dict[str, Any] = {"source": "products", "count": 4, "block_id": "b", "selection": selection, "shown": []}
    spec |= {"fallback": "newest", "category": Category.objects.get(slug="c3").pk, "show_reason": True}
    empty: dict[str, Any] = {name: [] for name in ("subject", "preheader", "html", "text", "links")}
    loader = ReaderLoader({**empty, "language": "en", "lists": {"list0": spec}})
    contacts = list(Contact.objects.order_by("pk")[:RECIPIENTS])

    def ours(some: list[Contact]) -> dict[int, Reader]:
        return loader.load(some, at=AT, base_url="https://shop.example.com")

    with translation.override("en"):
        ours(contacts[:2])  # counts the best sellers, which are remembered for a minute
        counts = [_queries(lambda some=some: ours(some)) for some in (contacts[:2], contacts)]
        readers = ours(contacts)
        facts = {item["key"]: item for reader in readers.values() for item in reader.lists["list0"]}
        chosen = {key: [item["key"] for item in reader.lists["list0"]] for key, reader in readers.items()}
        times: tuple[list[float], list[float]] = ([], [])
        for _round in range(ROUNDS):
            times[0].append(_seconds(lambda: ours(contacts)))
            times[1].append(_seconds(lambda: {pk: [facts[key] for key in keys] for pk, keys in chosen.items()}))
    mine, reference = (1e6 * statistics.median(taken) / RECIPIENTS for taken in times)
    print(
        f"{selection:16} ours {mine:7.1f} µs  reference {reference:5.2f} µs  ratio {mine / reference:7.1f}"
        f"  queries for 2 / {RECIPIENTS:,}: {counts[0]} / {counts[1]}",
        flush=True,
    )
    return mine, counts[0] != counts[1]


def _queries(run: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        run()
    return len(captured)


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
