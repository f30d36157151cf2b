"""Segments as shops have them, with SQL by hand."""

from __future__ import annotations

from tests.benchmarks.comparing import NOW, C, Case, T, ago, count
from tests.benchmarks.purchases_by_hand import COMMON, LINES, NET, ORDERS, SALE, bought, in_category, summed

SEGMENTS: dict[str, Case] = {
    "SEGMENT lapsed spenders": (
        [{"net_spend": {"over": 300, "days": 365}}, {"none": [{"order_count": {"min": 1, "days": 90}}]}],
        [
            count(
                f"SELECT o.contact_id FROM {ORDERS} o WHERE {NET} AND o.placed_at >= {ago(365)} GROUP BY 1"
                f" HAVING sum(o.base_total) > 300"
                f" AND count(*) FILTER (WHERE o.kind = 'sale' AND o.placed_at >= {ago(90)}) = 0"
            ),
            count(
                f"SELECT o.contact_id FROM {ORDERS} o WHERE {NET} AND o.placed_at >= {ago(365)} GROUP BY 1"
                f" HAVING sum(o.base_total) > 300"
                f" EXCEPT SELECT o.contact_id FROM {ORDERS} o WHERE {SALE} AND o.placed_at >= {ago(90)}"
            ),
        ],
    ),
    "SEGMENT category twice, never brand": (
        [
            {"bought_product": {"categories": ["c7"], "orders": 2, "days": 180}},
            {"never_bought_product": {"products": ["S3"]}},
        ],
        [
            count(
                f"SELECT o.contact_id FROM {bought(in_category(7), f'o.placed_at >= {ago(180)}')} GROUP BY 1"
                f" HAVING count(DISTINCT o.id) >= 2 EXCEPT SELECT o.contact_id FROM {bought(COMMON)}"
            ),
            count(
                f"SELECT o.contact_id FROM {bought(in_category(7), f'o.placed_at >= {ago(180)}')} GROUP BY 1"
                f" HAVING count(DISTINCT o.id) >= 2"
                f" AND NOT EXISTS (SELECT 1 FROM {LINES} l JOIN {ORDERS} p ON p.id = l.order_id WHERE"
                f" {SALE.replace('o.', 'p.')} AND {COMMON} AND p.contact_id = o.contact_id)"
            ),
        ],
    ),
    "SEGMENT loyal big baskets": (
        [{"order_count": {"min": 5}}, {"average_order": {"min": 80}}],
        summed("count(*) >= 5 AND avg(o.base_total) >= 80"),
    ),
    "SEGMENT new customers by app": (
        [{"first_order": {"max_days_ago": 60}}, {"ordered_through": {"channels": ["app"]}}],
        [
            *summed(f"min(o.placed_at) >= {ago(60)} AND bool_or(o.channel = 'app')"),
            f"SELECT count(DISTINCT o.contact_id) FROM {ORDERS} o WHERE {SALE} AND o.placed_at >= {ago(60)}"
            f" AND o.channel = 'app' AND NOT EXISTS (SELECT 1 FROM {ORDERS} e WHERE e.contact_id = o.contact_id"
            f" AND e.kind = 'sale' AND e.placed_at < {ago(60)})",
        ],
    ),
    "SEGMENT at risk of loyal, in Germany": (
        [
            {"moved": {"before": ["rfm_group.loyal"], "after": ["rfm_group.at_risk"], "days": 90}},
            {"country": {"countries": ["DE"]}},
        ],
        [
            f"SELECT count(DISTINCT o.contact_id) FROM {T}movement o JOIN {C} ON c.id = o.contact_id"
            f" WHERE c.country = 'DE' AND o.axis = 'rfm_group' AND o.before = 'loyal' AND o.after = 'at_risk'"
            f" AND o.moved_at BETWEEN {ago(90)} AND {NOW}"
        ],
    ),
    "SEGMENT discount hunters": (
        [{"discount_share": {"min": 4}}, {"order_count": {"min": 3}}, {"gross_spend": {"max": 400}}],
        summed(
            "sum(o.discount_total * o.base_rate)"
            " >= 0.04 * sum((o.total + o.discount_total - o.shipping_total) * o.base_rate)"
            " AND sum((o.total + o.discount_total - o.shipping_total) * o.base_rate) > 0"
            " AND count(*) >= 3 AND sum(o.base_total) <= 400"
        ),
    ),
}
