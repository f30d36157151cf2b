"""Conditions on what was bought, with SQL by hand."""

from __future__ import annotations

from tests.benchmarks.comparing import Case, ago, distinct
from tests.benchmarks.purchases_by_hand import (
    COMMON,
    LO,
    PRODUCTS,
    RARE,
    SALE,
    all_but,
    bought,
    in_category,
    product,
    sequence,
    summed,
)

PRODUCTS_BOUGHT: dict[str, Case] = {
    "bought_product rare": ([{"bought_product": {"products": ["S4000"]}}], distinct(bought(RARE))),
    "bought_product common": ([{"bought_product": {"products": ["S3"]}}], distinct(bought(COMMON))),
    "bought_product window": (
        [{"bought_product": {"products": ["S3"], "days": 30}}],
        distinct(bought(COMMON, f"o.placed_at >= {ago(30)}")),
    ),
    "bought_product category": ([{"bought_product": {"categories": ["c7"]}}], distinct(bought(in_category(7)))),
    "bought_product brand": (
        [{"bought_product": {"brands": ["Brand 40"]}}],
        distinct(bought(f"l.product_id IN (SELECT id FROM {PRODUCTS} WHERE upper(brand_name) = 'BRAND 40')")),
    ),
    "bought_product order": (
        [{"bought_product": {"categories": ["c7"], "bound_to": "order", "quantity": 4}}],
        [
            f"SELECT count(DISTINCT contact_id) FROM (SELECT o.contact_id, o.id FROM"
            f" {bought(in_category(7))} GROUP BY 1, 2 HAVING sum(l.quantity) >= 4) s",
        ],
    ),
    "bought_product all": (
        [{"bought_product": {"categories": ["c7"], "bound_to": "all", "amount": 100}}],
        summed("sum(l.total * o.base_rate) >= 100", f"{SALE} AND {in_category(7)}", LO),
    ),
    "never_bought_product": (
        [{"never_bought_product": {"products": ["S3"]}}],
        all_but(bought(COMMON)),
    ),
    "bought_then": (
        [{"bought_then": {"products": ["S3"], "then_products": ["S4"], "within_days": 90}}],
        sequence(True, 90, f"product_id = {product(3)}", f"product_id = {product(4)}"),
    ),
    "bought_not_then": (
        [{"bought_not_then": {"products": ["S3"], "then_products": ["S4"], "within_days": 90}}],
        sequence(False, 90, f"product_id = {product(3)}", f"product_id = {product(4)}"),
    ),
}
