"""A generated shop for benchmarks: contacts, orders, lines and mail events of any size, the same ones in every run.

The defaults are a tenth of the size that the package promises to be fast at; ``PRECISE_MAIL_BENCH_CONTACTS=1000000``
makes the whole: 4 orders and 10 mail events for each contact, and 3 lines for each order. Rows are made in the
database, by numbers that only look random, so that they depend on nothing but their own number and the seed.

    with generated_store() as store:
        ...

With ``PRECISE_MAIL_BENCH_KEEP=1`` the database stays, and the next run of the same size takes it as it is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import gettempdir
from typing import Any

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import NOT_PROVIDED, Model

AT = datetime(2026, 1, 1, tzinfo=UTC)
"""Up to when there are orders and events."""

DAYS = 1095
PRODUCTS, CATEGORIES, BRANDS, SENDS = 5000, 50, 100, 24

_ZONES = ["", "", "Europe/London", "Europe/Berlin", "America/New_York", "Asia/Shanghai"]
_COUNTRIES = ["GB", "GB", "DE", "FR", "US", "CN"]


@dataclass(frozen=True)
class Store:
    """How much there is.

    Attributes:
        contact_count: with the ids from 1; a few have hundreds of orders, about one in eight has none.
        seed: another one makes other rows.
    """

    contact_count: int
    seed: int = 1

    @property
    def order_count(self) -> int:
        """Four for each contact; one in 25 is a refund."""
        return 4 * self.contact_count

    @property
    def line_count(self) -> int:
        """Three for each order."""
        return 3 * self.order_count

    @property
    def message_count(self) -> int:
        """Four for each contact, all accepted."""
        return 4 * self.contact_count

    @property
    def event_count(self) -> int:
        """Ten for each contact: seven opens and three clicks, of which machines made a quarter."""
        return 10 * self.contact_count


def contact_count() -> int:
    """The size that the environment asks for."""
    return int(os.environ.get("PRECISE_MAIL_BENCH_CONTACTS", "100000"))


@contextmanager
def generated_store(contacts: int = 0, *, seed: int = 1, has_mail: bool = True) -> Iterator[Store]:
    """Make a database beside the one of the settings, fill it, and take it away at the end.

    Args:
        contacts: how many; what the environment asks for, when left out.
        has_mail: whether there are messages and events, too.
    """
    store = Store(contacts or contact_count(), seed)
    before = str(connection.settings_dict["NAME"])
    keeps = os.environ.get("PRECISE_MAIL_BENCH_KEEP") == "1"
    name = f"bench_{store.contact_count}_{seed}_{int(has_mail)}"
    # The name of the settings' own in front: benchmarks of two copies of the project must not meet.
    is_file = connection.vendor == "sqlite"
    name = f"{gettempdir()}/{name}.sqlite3" if is_file else f"{before}_{name}"[:60]
    connection.settings_dict["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=keeps)
    try:
        if not _is_filled(store):
            start = time.perf_counter()
            fill(store, has_mail=has_mail)
            print(f"  made {store.contact_count:,} contacts in {time.perf_counter() - start:.0f} s", flush=True)
        yield store
    finally:
        connection.creation.destroy_test_db(before, verbosity=0, keepdb=keeps)


def _is_filled(store: Store) -> bool:
    from wagtail_precise_mail.models import OrderLine

    last = OrderLine.objects.order_by("-pk").values_list("pk", flat=True).first()
    return last == store.line_count


def fill(store: Store, *, has_mail: bool = True) -> None:
    """Put the rows into the current, empty database."""
    from wagtail_precise_mail.models import (
        Category,
        Contact,
        MessageEvent,
        Order,
        OrderLine,
        OutboxMessage,
        Product,
        Send,
    )

    with _without_indexes(["contact", "order", "orderline", "outboxmessage", "messageevent"]):
        make_rows(store, has_mail=has_mail)
    _settle([Category, Product, Contact, Order, OrderLine, Send, OutboxMessage, MessageEvent])


def make_rows(store: Store, *, has_mail: bool = True) -> None:
    """Make the rows, and leave indexes, sequences and statistics as they are."""
    from wagtail_precise_mail.models import Category, Contact, Order, OrderLine, Product

    chance = _Chance(store.seed)
    Category.objects.bulk_create(
        [Category(name=f"Category {number:02}", slug=f"c{number}") for number in range(1, CATEGORIES + 1)]
    )
    _insert(Product, PRODUCTS, _products(chance))
    _insert(Contact, store.contact_count, _contacts(chance))
    _insert(Order, store.order_count, _orders(chance, store))
    _insert(OrderLine, store.line_count, _lines(chance))
    _sum_up_orders()
    if has_mail:
        _fill_mail(chance, store)


class _Chance:
    """Numbers from 0 up to 1 by SQL that SQLite and PostgreSQL work out alike."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, n: str, stream: int) -> str:
        mixed = f"(({n} * 2654435761 + {(self.seed * 1000 + stream) * 104395301}) % 4294967291)"
        return f"(({mixed} * ({mixed} % 65521 + 1)) % 1000003 / 1000003.0)"

    def integer(self, n: str, stream: int, below: int, power: str = "{0}") -> str:
        """A whole number from 0 up to, not including, a limit; a power makes small ones likelier."""
        return f"CAST(FLOOR({power.format(self(n, stream))} * {below}) AS bigint)"

    def word(self, n: str, stream: int, words: list[str]) -> str:
        cases = " ".join(f"WHEN {number} THEN '{word}'" for number, word in enumerate(words))
        return f"(CASE {self.integer(n, stream, len(words))} {cases} END)"


SQUARED = "({0} * {0})"


def _products(chance: _Chance) -> dict[str, str]:
    price = f"ROUND(CAST(2 + 60 * {SQUARED.format(chance('n', 1))} AS numeric), 2)"
    return {
        "id": "n",
        "sku": "'S' || n",
        "name": "'Product ' || n",
        "category_id": f"(SELECT MIN(id) FROM wagtail_precise_mail_category) + n % {CATEGORIES}",
        "brand_name": f"'Brand ' || {chance.integer('n', 2, BRANDS)}",
        "price": price,
        "cost": f"CASE WHEN n % 3 = 0 THEN NULL ELSE ROUND({price} * CAST(0.6 AS numeric), 2) END",
        "currency": "'GBP'",
    }


def _contacts(chance: _Chance) -> dict[str, str]:
    return {
        "id": "n",
        "email": "'reader' || n || '@example.com'",
        "address_hash": "'hash' || n",
        "first_name": "'Reader'",
        "last_name": "'Number ' || n",
        "time_zone": chance.word("n", 11, _ZONES),
        "country": chance.word("n", 12, _COUNTRIES),
        "source": "'shop'",
        "created_at": _moment(f"{DAYS * 86400} * (1 - {chance('n', 13)})"),
    }


def _orders(chance: _Chance, store: Store) -> dict[str, str]:
    # Neighbors have nothing to do with each other, as in a table that grew over years.
    rank = chance.integer("n", 21, store.contact_count, SQUARED)
    contact = f"(1 + ({rank} * 7919) % {store.contact_count})"
    # Each buys from a day of their own, and most stop at one.
    start = f"({DAYS - 5} * {chance(contact, 22)})"
    length = f"(({DAYS - 1} - {start}) * {chance(contact, 23)})"
    age = f"({DAYS} - {start} - {length} * {chance('n', 24)}) * 86400"
    return {
        "id": "n",
        "source": "'shop'",
        "number": "'N' || n",
        "kind": "CASE WHEN n % 25 = 0 THEN 'refund' ELSE 'sale' END",
        "contact_id": contact,
        "placed_at": _moment(age),
        "currency": "'GBP'",
        "base_rate": "1",
        "country": "'GB'",
        "channel": chance.word("n", 25, ["web", "web", "app", "store"]),
        "payment_method": chance.word("n", 26, ["card", "invoice", "wallet"]),
        "discount_total": "CASE WHEN n % 5 = 0 THEN 3 ELSE 0 END",
        "order_discount": "CASE WHEN n % 5 = 0 THEN 3 ELSE 0 END",
        "is_historical": "true",
    }


def _lines(chance: _Chance) -> dict[str, str]:
    order = "(1 + (n - 1) / 3)"
    sign = f"(CASE WHEN {order} % 25 = 0 THEN -1 ELSE 1 END)"
    product = f"(1 + {chance.integer('n', 31, PRODUCTS, SQUARED)})"
    quantity = f"({sign} * (1 + {chance.integer('n', 32, 4, SQUARED)}))"
    price = f"(SELECT price FROM wagtail_precise_mail_product p WHERE p.id = {product})"
    return {
        "id": "n",
        "order_id": order,
        "position": "1 + (n - 1) % 3",
        "product_id": product,
        "quantity": quantity,
        "unit_price": price,
        "total": f"{quantity} * {price}",
        "unit_cost": f"(SELECT cost FROM wagtail_precise_mail_product p WHERE p.id = {product})",
    }


def _sum_up_orders() -> None:
    """Fill the sums that orders keep of their lines."""
    costed = "CASE WHEN unit_cost IS NULL THEN 0 ELSE {} END"
    _run(
        f"""UPDATE wagtail_precise_mail_order AS o SET total = s.total - o.order_discount,
            base_total = s.total - o.order_discount, unit_count = s.units, costed_total = s.costed, cost_total = s.cost
        FROM (SELECT order_id, SUM(total) AS total, SUM(quantity) AS units,
            SUM({costed.format("total")}) AS costed, SUM({costed.format("quantity * unit_cost")}) AS cost
            FROM wagtail_precise_mail_orderline GROUP BY order_id) AS s
        WHERE s.order_id = o.id"""
    )


def _fill_mail(chance: _Chance, store: Store) -> None:
    from tests.factories.delivery import make_send
    from wagtail_precise_mail.models import MessageEvent, OutboxMessage, Send

    first = make_send(state=Send.State.FINISHED, origin_kind="campaign", origin_id=1)
    others = [
        Send(
            **{
                field.attname: getattr(first, field.attname)
                for field in Send._meta.concrete_fields
                if field.name != "id"
            }
        )
        for _one in range(SENDS - 1)
    ]
    Send.objects.bulk_create(others)
    for number, send in enumerate(Send.objects.order_by("pk"), start=1):
        Send.objects.filter(pk=send.pk).update(origin_id=number)
    contact, turn = f"(1 + (n - 1) % {store.contact_count})", f"((n - 1) / {store.contact_count})"
    place = f"(({contact} + 6 * {turn}) % {SENDS})"
    sent = _moment(f"({SENDS} - {place}) * 15 * 86400")
    _insert(
        OutboxMessage,
        store.message_count,
        {
            "id": "n",
            "send_id": f"{first.pk} + {place}",
            "contact_id": contact,
            "address": f"'reader' || {contact} || '@example.com'",
            "recipient_key": f"'hash' || {contact}",
            "state": "'accepted'",
            **dict.fromkeys(("created_at", "handed_off_at", "finished_at"), sent),
        },
    )
    message = f"(1 + {chance.integer('n', 41, store.message_count)})"
    contact = f"(1 + ({message} - 1) % {store.contact_count})"
    place = f"(({contact} + 6 * (({message} - 1) / {store.contact_count})) % {SENDS})"
    _insert(
        MessageEvent,
        store.event_count,
        {
            "id": "n",
            "message_id": message,
            "send_id": f"{first.pk} + {place}",
            "contact_id": contact,
            "kind": "CASE WHEN n % 10 < 7 THEN 'open' ELSE 'click' END",
            "happened_at": _moment(f"({SENDS} - {place} - {chance('n', 42)}) * 15 * 86400"),
            "is_machine": f"({chance('n', 43)} < 0.25)",
            "url": f"CASE WHEN n % 10 < 7 THEN '' ELSE 'https://x.example/' || {chance.integer('n', 44, 50)} END",
            "block_id": f"'block' || {chance.integer('n', 45, 8)}",
        },
    )


def _moment(seconds: str) -> str:
    """SQL of the moment so many seconds before the end."""
    if connection.vendor == "postgresql":
        return f"(timestamptz '{AT.isoformat()}' - FLOOR({seconds}) * interval '1 second')"
    return f"strftime('%Y-%m-%d %H:%M:%S', {int(AT.timestamp())} - CAST({seconds} AS integer), 'unixepoch')"


def _insert(model: type[Model], count: int, columns: dict[str, str]) -> None:
    """Insert rows with the numbers 1 to ``count``; columns that are not named get the default of their field."""
    names, parts, params = [], [], []
    for field in model._meta.concrete_fields:
        names.append(connection.ops.quote_name(field.column))
        if field.column in columns:
            parts.append(columns[field.column].replace("%", "%%"))
        else:
            parts.append("%s")
            params.append(_default(field))
    numbers = (
        f"generate_series(CAST(1 AS bigint), {count}) AS numbers(n)"
        if connection.vendor == "postgresql"
        else f"(WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {count}) SELECT n FROM r)"
    )
    table = connection.ops.quote_name(model._meta.db_table)
    _run(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(parts)} FROM {numbers}", params)


def _default(field: Any) -> Any:
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        value: Any = AT
    elif field.null and field.default is NOT_PROVIDED:
        value = None
    else:
        value = field.get_default()
    return field.get_db_prep_save(value, connection)


@contextmanager
def _without_indexes(tables: list[str]) -> Iterator[None]:
    """Take away the indexes of tables that are filled, and the checks of foreign keys: one sort is faster than rows."""
    if connection.vendor != "postgresql":
        with connection.constraint_checks_disabled(), transaction.atomic():
            yield
        return
    names = [f"wagtail_precise_mail_{table}" for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT IN"
            " (SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u'))",
            [names],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")
        for _name, definition in indexes:
            cursor.execute(definition)


def _settle(models: list[type[Model]]) -> None:
    """Let new rows take numbers after ours, and the planner know what is there."""
    for sql in connection.ops.sequence_reset_sql(no_style(), models):
        _run(sql)
    _run("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _run(sql: str, params: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params) if params is not None else cursor.execute(sql)
