"""What stands together in baskets, counted by the database: baskets are orders, or all that a contact looked at.

Everything lives in temporary tables of the connection until it is read or published, so that nobody waits for it. A
pooler of connections must therefore keep one for the whole run (session pooling, with PgBouncer).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Model, QuerySet

from wagtail_precise_mail.commerce.models import Product

COMPANIONS = 20
"""Learned pairs kept per product."""

BASKET_LIMIT = 60
"""Lines of an order above which it says nothing: a reseller's order pairs everything with everything."""

LEAST_LIFT = 1.1
"""Below it, two products stand together hardly more often than any two."""

_CHUNK = 500
_BASKETS, _COUNTS, _LEARNED = "wpm_baskets", "wpm_basket_counts", "wpm_learned_pairs"

# The lift: baskets with both, times all baskets, by baskets with the one, by baskets with the other.
_BEST = """
    SELECT product, companion, together, lift
    FROM (
        SELECT product, companion, together, lift,
            ROW_NUMBER() OVER (PARTITION BY product ORDER BY lift DESC, together DESC, sku) AS place
        FROM (
            SELECT pairs.product, pairs.companion, pairs.together, named.sku,
                CAST(pairs.together AS double precision) * %s / one.baskets / other.baskets AS lift
            FROM (
                SELECT a.product AS product, b.product AS companion, COUNT(*) AS together
                FROM {items} a JOIN {items} b ON b.basket = a.basket AND b.product <> a.product
                WHERE a.product BETWEEN %s AND %s
                GROUP BY a.product, b.product
                HAVING COUNT(*) >= %s
            ) pairs
            JOIN {counts} one ON one.product = pairs.product
            JOIN {counts} other ON other.product = pairs.companion
            JOIN {products} named ON named.id = pairs.companion
        ) lifts
        WHERE lift >= %s
    ) ranked
    WHERE place <= %s
"""


def best_pairs(
    items: str, counts: str, basket_count: int, products: tuple[int, int], support: int
) -> tuple[str, list[Any]]:
    """Return SQL of product, companion, together and lift, the best of each product, with its parameters.

    Args:
        items: a table of ``basket`` and ``product``, each two once.
        counts: a table of ``product`` and ``baskets``, in how many it stands.
        products: the ids from which to which pairs are wanted.
        support: in how many baskets two products must stand together.
    """
    sql = _BEST.format(items=items, counts=counts, products=Product._meta.db_table)
    return sql, [basket_count, *products, support, LEAST_LIFT, COMPANIONS]


@dataclass(frozen=True)
class LearnedPairs:
    """The best pairs of every product, as long as the ``with`` block lasts.

    Attributes:
        product_ids: those that stand in enough baskets to have pairs, sorted.
    """

    product_ids: list[int]

    def __iter__(self) -> Iterator[tuple[int, int, float]]:
        """Yield product, companion and lift, the best companion of each product first."""
        with connection.cursor() as cursor:
            for low, high in _ranges(self.product_ids):
                cursor.execute(
                    f"SELECT product, companion, lift FROM {_LEARNED} WHERE product BETWEEN %s AND %s"  # noqa: S608
                    " ORDER BY product, lift DESC, companion",
                    [low, high],
                )
                yield from cursor.fetchall()

    def publish(self, kept: QuerySet[Any], count_name: str) -> int:
        """Put the pairs in the place of the rows of a queryset, some products at a time; return how many are there.

        Rows of the table outside the queryset have their place already, and keep it. A run that dies in between leaves
        each product with its old pairs or with its new ones.

        Args:
            kept: of a model with product, companion, lift and ``count_name``.
        """
        table = kept.model._meta.db_table
        is_learned = ", is_manual" if _has_field(kept.model, "is_manual") else ""
        with connection.cursor() as cursor:
            for low, high in _ranges(self.product_ids):
                with transaction.atomic():
                    kept.filter(product__gte=low, product__lte=high).delete()
                    cursor.execute(
                        f"INSERT INTO {table} (product_id, companion_id, {count_name}, lift{is_learned})"  # noqa: S608
                        f" SELECT product, companion, together, lift{', FALSE' if is_learned else ''} FROM {_LEARNED}"
                        " WHERE product BETWEEN %s AND %s ON CONFLICT DO NOTHING",
                        [low, high],
                    )
        kept.exclude(product__in=self.product_ids).delete()
        return self.count()

    def count(self) -> int:
        """Return how many pairs were learned."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {_LEARNED}")  # noqa: S608
            return int(cursor.fetchone()[0])


@contextmanager
def learned_pairs(baskets: QuerySet[Any, Any], basket_count: int, *, support: int) -> Iterator[LearnedPairs]:
    """Learn pairs from baskets.

    Args:
        baskets: yields (basket, product) as two numbers, each once.
        basket_count: of all there are, also of those without any product.
        support: in how many baskets two products must stand together: fewer are chance.

    Source: Brin, Motwani, Ullman, Tsur, "Dynamic itemset counting" (1997), where lift is called interest.
    """
    with connection.cursor() as cursor:
        _fill(cursor, baskets, support)
        try:
            cursor.execute(f"SELECT product FROM {_COUNTS} ORDER BY product")  # noqa: S608
            product_ids = [pk for (pk,) in cursor.fetchall()]
            for low, high in _ranges(product_ids):
                sql, params = best_pairs(_BASKETS, _COUNTS, basket_count, (low, high), support)
                cursor.execute(f"INSERT INTO {_LEARNED} (product, companion, together, lift) {sql}", params)
            yield LearnedPairs(product_ids)
        finally:
            _drop(cursor)


def _fill(cursor: Any, baskets: QuerySet[Any, Any], support: int) -> None:
    _drop(cursor)
    cursor.execute(f"CREATE TEMPORARY TABLE {_BASKETS} (basket bigint, product bigint, PRIMARY KEY (basket, product))")
    cursor.execute(f"CREATE TEMPORARY TABLE {_COUNTS} (product bigint PRIMARY KEY, baskets bigint)")
    cursor.execute(
        f"CREATE TEMPORARY TABLE {_LEARNED} (product bigint, companion bigint, together integer,"
        " lift double precision, PRIMARY KEY (product, companion))"
    )
    sql, params = baskets.query.get_compiler(connection=connection).as_sql()
    cursor.execute(f"INSERT INTO {_BASKETS} (basket, product) {sql}", params)
    cursor.execute(
        f"INSERT INTO {_COUNTS} SELECT product, COUNT(*) FROM {_BASKETS} GROUP BY product"  # noqa: S608
        " HAVING COUNT(*) >= %s",
        [support],
    )
    # What stands in too few baskets is in no pair.
    cursor.execute(f"DELETE FROM {_BASKETS} WHERE product NOT IN (SELECT product FROM {_COUNTS})")  # noqa: S608
    cursor.execute(f"CREATE INDEX {_BASKETS}_product ON {_BASKETS} (product)")
    if connection.vendor == "postgresql":
        for table in (_BASKETS, _COUNTS):
            cursor.execute(f"ANALYZE {table}")


def _drop(cursor: Any) -> None:
    for table in (_BASKETS, _COUNTS, _LEARNED):
        cursor.execute(f"DROP TABLE IF EXISTS {table}")


def _ranges(product_ids: list[int]) -> Iterator[tuple[int, int]]:
    for start in range(0, len(product_ids), _CHUNK):
        chunk = product_ids[start : start + _CHUNK]
        yield chunk[0], chunk[-1]


def _has_field(model: type[Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.get_fields())
