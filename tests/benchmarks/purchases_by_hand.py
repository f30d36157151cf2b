"""SQL by hand about purchases, in parts that cases put together."""

from __future__ import annotations

from tests.benchmarks.comparing import NOW, C, T, ago, count, distinct

ORDERS, LINES, PRODUCTS = f"{T}order", f"{T}orderline", f"{T}product"
SALE = f"o.kind = 'sale' AND o.contact_id IS NOT NULL AND o.placed_at <= {NOW}"
NET = f"o.kind IN ('sale', 'refund') AND o.contact_id IS NOT NULL AND o.placed_at <= {NOW}"
LO = f"{LINES} l JOIN {ORDERS} o ON o.id = l.order_id"


def any_order(where: str) -> list[str]:
    return distinct(f"{ORDERS} o WHERE {SALE} AND {where}")


def summed(having: str, where: str = SALE, source: str = f"{ORDERS} o") -> list[str]:
    return [count(f"SELECT o.contact_id FROM {source} WHERE {where} GROUP BY 1 HAVING {having}")]


def all_but(sql: str) -> list[str]:
    return [
        f"SELECT count(*) FROM {C} WHERE NOT EXISTS (SELECT 1 FROM {sql} AND o.contact_id = c.id)",
        count(f"SELECT c.id FROM {C} EXCEPT SELECT o.contact_id FROM {sql}"),
        f"SELECT count(*) FROM {C} LEFT JOIN (SELECT DISTINCT o.contact_id FROM {sql}) s ON s.contact_id = c.id"
        f" WHERE s.contact_id IS NULL",
    ]


def product(number: int) -> str:
    return f"(SELECT id FROM {PRODUCTS} WHERE sku = 'S{number}')"


def in_category(number: int) -> str:
    slug = f"(SELECT id FROM {T}category WHERE slug = 'c{number}')"
    return f"l.product_id IN (SELECT id FROM {PRODUCTS} WHERE category_id = {slug})"


def bought(what: str, more: str = "true") -> str:
    return f"{LO} WHERE {SALE} AND {what} AND {more}"


def rows(table: str, where: str) -> list[str]:
    return distinct(f"{T}{table} o WHERE {where}")


RARE, COMMON = f"l.product_id = {product(4000)}", f"l.product_id = {product(3)}"
DAYS = "count(DISTINCT (o.placed_at AT TIME ZONE 'UTC')::date)"
LENGTH = "extract(epoch from max(o.placed_at) - min(o.placed_at)) / 86400.0"
ELAPSED = f"extract(epoch from {NOW} - max(o.placed_at)) / 86400.0"


def sequence(is_followed: bool, days: int, first: str, second: str) -> list[str]:
    other = f"{LINES} m JOIN {ORDERS} p ON p.id = m.order_id"
    later = (
        f"m.{second} AND p.kind = 'sale' AND p.placed_at <= {NOW} AND p.contact_id = o.contact_id"
        f" AND p.placed_at > o.placed_at AND p.placed_at <= o.placed_at + interval '{days} days'"
    )
    word, over = ("EXISTS", "true") if is_followed else ("NOT EXISTS", f"o.placed_at <= {ago(days)}")
    found = distinct(f"{LO} WHERE {SALE} AND l.{first} AND {over} AND {word} (SELECT 1 FROM {other} WHERE {later})")
    if is_followed:
        found.append(
            f"SELECT count(DISTINCT o.contact_id) FROM {LO} JOIN {ORDERS} p ON p.contact_id = o.contact_id"
            f" JOIN {LINES} m ON m.order_id = p.id WHERE {SALE} AND l.{first} AND {later}"
        )
    return found
