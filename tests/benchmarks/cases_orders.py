# ruff: noqa: E501  SQL by hand reads better in whole lines
"""Conditions on orders, sums and carts, with SQL by hand."""

from __future__ import annotations

from tests.benchmarks.comparing import NOW, Case, T, ago
from tests.benchmarks.purchases_by_hand import (
    DAYS,
    ELAPSED,
    LENGTH,
    LO,
    NET,
    ORDERS,
    PRODUCTS,
    SALE,
    all_but,
    any_order,
    rows,
    summed,
)

ORDERS_PLACED: dict[str, Case] = {
    "order_count": ([{"order_count": {"min": 5}}], summed("count(*) >= 5")),
    "order_count any": ([{"order_count": {"min": 1}}], any_order("true")),
    "order_count none": ([{"order_count": {"max": 0}}], all_but(f"{ORDERS} o WHERE {SALE}")),
    "net_spend": ([{"net_spend": {"over": 500}}], summed("sum(o.base_total) > 500", NET)),
    "net_spend window": (
        [{"net_spend": {"over": 100, "days": 90}}],
        summed("sum(o.base_total) > 100", f"{NET} AND o.placed_at >= {ago(90)}"),
    ),
    "gross_spend": ([{"gross_spend": {"over": 500}}], summed("sum(o.base_total) > 500")),
    "average_order": ([{"average_order": {"min": 100}}], summed("avg(o.base_total) >= 100")),
    "last_order": ([{"last_order": {"max_days_ago": 30}}], any_order(f"o.placed_at >= {ago(30)}")),
    "last_order before": (
        [{"last_order": {"min_days_ago": 365}}],
        [*summed(f"max(o.placed_at) <= {ago(365)}")],
    ),
    "first_order": (
        [{"first_order": {"max_days_ago": 30}}],
        [
            *summed(f"min(o.placed_at) >= {ago(30)}"),
            f"SELECT count(DISTINCT o.contact_id) FROM {ORDERS} o WHERE {SALE} AND o.placed_at >= {ago(30)} AND NOT"
            f" EXISTS (SELECT 1 FROM {ORDERS} e WHERE e.contact_id = o.contact_id AND e.kind = 'sale'"
            f" AND e.placed_at < {ago(30)})",
        ],
    ),
    "order_value": ([{"order_value": {"min_total": 250}}], any_order("o.base_total >= 250")),
    "used_coupon": (
        [{"used_coupon": {"coupons": ["RARE"]}}],
        [
            f"SELECT count(DISTINCT o.contact_id) FROM {T}ordercoupon k JOIN {ORDERS} o ON o.id = k.order_id"
            f" WHERE k.code = 'RARE' AND {SALE}"
        ],
    ),
    "used_coupon any": (
        [{"used_coupon": {"any_coupon": True}}],
        [
            f"SELECT count(DISTINCT o.contact_id) FROM {T}ordercoupon k JOIN {ORDERS} o ON o.id = k.order_id WHERE {SALE}"
        ],
    ),
    "used_coupon prefix": (
        [{"used_coupon": {"coupon_prefix": "WELCOME-1"}}],
        [
            f"SELECT count(DISTINCT o.contact_id) FROM {T}ordercoupon k JOIN {ORDERS} o ON o.id = k.order_id"
            f" WHERE k.code LIKE 'WELCOME-1%' AND {SALE}"
        ],
    ),
    "paid_with": ([{"paid_with": {"payment_methods": ["wallet"]}}], any_order("o.payment_method = 'wallet'")),
    "shipped_with": (
        [{"shipped_with": {"shipping_methods": ["parcel"]}}],
        any_order("o.shipping_method = 'parcel'"),
    ),
    "ordered_through": ([{"ordered_through": {"channels": ["app"]}}], any_order("o.channel = 'app'")),
    "ordered_from": ([{"ordered_from": {"countries": ["GB"]}}], any_order("o.country = 'GB'")),
    "order_currency": ([{"order_currency": {"currencies": ["EUR"]}}], any_order("o.currency = 'EUR'")),
    "order_time": (
        [{"order_time": {"weekdays": ["monday"]}}],
        any_order("extract(isodow from o.placed_at AT TIME ZONE 'UTC') = 1"),
    ),
    "order_with": (
        [{"order_with": {"channels": ["app"], "min_total": 100, "days": 90}}],
        any_order(f"o.channel = 'app' AND o.base_total >= 100 AND o.placed_at >= {ago(90)}"),
    ),
    "unrated_orders": ([{"unrated_orders": {}}], any_order("o.base_total IS NULL")),
    "margin": (
        [{"margin": {"min": 100}}],
        summed(
            "sum((o.costed_total - o.cost_total) * o.base_rate) >= 100"
            " AND sum(o.costed_total * o.base_rate) FILTER (WHERE o.kind = 'sale') > 0",
            NET,
        ),
    ),
    "margin_share": (
        [{"margin_share": {"min": 41}}],
        summed(
            "sum((o.costed_total - o.cost_total) * o.base_rate) >= 0.41 * sum(o.costed_total * o.base_rate)"
            " AND sum(o.costed_total * o.base_rate) > 0",
            NET,
        ),
    ),
    "discount_share": (
        [{"discount_share": {"min": 5}}],
        summed(
            "sum(o.discount_total * o.base_rate)"
            " >= 0.05 * sum((o.total + o.discount_total - o.shipping_total) * o.base_rate)"
            " AND sum((o.total + o.discount_total - o.shipping_total) * o.base_rate) > 0"
        ),
    ),
    "refund_count": (
        [{"refund_count": {"min": 2}}],
        summed("count(*) >= 2", SALE.replace("'sale'", "'refund'")),
    ),
    "refund_amount": (
        [{"refund_amount": {"min": 50}}],
        summed("-sum(o.base_total) >= 50", SALE.replace("'sale'", "'refund'")),
    ),
    "refund_share": (
        [{"refund_share": {"min": 20}}],
        summed(
            "-sum(o.base_total) FILTER (WHERE o.kind = 'refund')"
            " >= 0.2 * sum(o.base_total) FILTER (WHERE o.kind = 'sale')"
            " AND sum(o.base_total) FILTER (WHERE o.kind = 'sale') > 0",
            NET,
        ),
    ),
    "average_price": (
        [{"average_price": {"min": 40, "days": 30}}],
        summed(
            "sum(l.total * o.base_rate) >= 40 * sum(l.quantity) AND sum(l.quantity) > 0",
            f"{SALE} AND o.placed_at >= {ago(30)} AND o.base_rate IS NOT NULL AND p.kind = 'product'",
            f"{LO} JOIN {PRODUCTS} p ON p.id = l.product_id",
        ),
    ),
    "order_interval": (
        [{"order_interval": {"max": 60}}],
        summed(f"{DAYS} >= 2 AND {LENGTH} <= 60 * ({DAYS} - 1)"),
    ),
    "reorder_due": (
        [{"reorder_due": {"overdue_days": 30}}],
        summed(f"{DAYS} >= 2 AND {ELAPSED} * ({DAYS} - 1) >= {LENGTH} AND {LENGTH} >= ({ELAPSED} - 30) * ({DAYS} - 1)"),
    ),
    "replenish_due": (
        [{"replenish_due": {"overdue_days": 10}}],
        [
            f"SELECT count(DISTINCT contact_id) FROM (SELECT o.contact_id, max(o.placed_at) AS last, p.replenish_days AS d"
            f" FROM {LO} JOIN {PRODUCTS} p ON p.id = l.product_id WHERE {SALE} AND p.is_replenishable"
            f" AND p.replenish_days IS NOT NULL GROUP BY o.contact_id, p.id) s WHERE extract(epoch from {NOW} - last)"
            f" / 86400.0 BETWEEN d AND d + 10"
        ],
    ),
    "open_cart": (
        [{"open_cart": {"min_hours": 2, "max_hours": 72}}],
        rows(
            "cart",
            f"(o.closed_at IS NULL OR o.closed_at > {NOW}) AND o.contact_id IS NOT NULL AND o.changed_at"
            f" BETWEEN {NOW} - interval '72 hours' AND {NOW} - interval '2 hours'",
        ),
    ),
}
