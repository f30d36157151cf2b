"""Examples of every condition, for tests that walk the registry: what stands below its key in JSON.

Whoever registers a condition adds some here. Natural keys are those of :func:`tests.factories.crowd.make_crowd`; the
examples should tell its contacts apart, and make use of every field.
"""

from __future__ import annotations

from typing import Any

from tests.segments import examples_contacts
from tests.tracking import condition_examples as tracking

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    # Contacts
    "everybody": [{}],
    "country": [{"countries": ["GB", "DE"]}],
    "age": [{"min": 30}, {"max": 29}],
    "details_unconfirmed": [{}, {"months": 6}],
    "tag": [{"tags": ["tea"]}, {"tags": ["tea", "cake"]}],
    "job_level": [{"levels": ["head", "owner"]}],
    "in_list": [{"lists": ["vips"]}],
    "contact_field": [
        {"field": "city", "operator": "is_not", "values": ["Rome"]},
        {"field": "attribute", "attribute": "size", "operator": "greater", "values": ["40"]},
        {"field": "attribute", "attribute": "size", "operator": "is_not", "values": ["41"]},
    ],
    # Purchases
    "bought_product": [
        {"products": ["A"]},
        {"products": ["a", "B"], "orders": 2, "days": 100},
        {"categories": ["tea"], "quantity": 3},
        {"categories": ["gifts", "ring"], "quantity": 5, "bound_to": "order", "orders": 2},
        {"variants": ["B-1"], "bound_to": "all", "quantity": 2, "amount": 3.5, "net_of_refunds": True},
        {"brands": ["FERN"], "amount": 4, "currency": "EUR"},
        {"tags": ["vegan"], "before_days": 30, "days": 400},
        {"attribute": "color", "attribute_value": "red", "from_on": "2026-02-21", "until_on": "2026-04-30"},
        {"products": ["A"], "quantity": 2, "net_of_refunds": True},
        {"products": ["A"], "quantity": 2, "amount": 1, "bound_to": "order", "net_of_refunds": True},
    ],
    "never_bought_product": [
        {"products": ["A"]},
        {"categories": ["tea"], "days": 60},
        {"brands": ["Fern"], "bound_to": "order", "quantity": 4},
        {
            "products": ["A"],
            "bound_to": "all",
            "quantity": 4,
            "amount": 9,
            "net_of_refunds": True,
            "orders": 2,
            "currency": "GBP",
            "variants": ["B-1"],
            "tags": ["vegan"],
            "attribute": "color",
            "attribute_value": "green",
        },
    ],
    "bought_then": [
        {"products": ["A"], "then_products": ["B"], "within_days": 60},
        {"categories": ["tea"], "then_categories": ["gifts"], "within_days": 31, "follows": "same_or_later"},
        {"within_days": 40, "days": 400},
        {"brands": ["fern"], "then_brands": ["kettle"], "within_days": 300},
    ],
    "bought_not_then": [
        {"products": ["A"], "then_products": ["B"], "within_days": 30},
        {"within_days": 60},
        {"brands": ["fern"], "categories": ["ring"], "then_categories": ["tea"], "then_brands": ["kettle"]},
        {"products": ["A"], "then_products": ["A"], "follows": "same_or_later", "within_days": 1},
    ],
    "order_count": [{"min": 1}, {"min": 2, "days": 90}, {"max": 0}, {"max": 2, "from_on": "2026-01-01"}],
    "net_spend": [{"min": 20}, {"over": 0, "max": 50}, {"max": 5, "currency": "EUR"}, {"max": -1, "days": 90}],
    "gross_spend": [{"min": 20}, {"over": 0, "max": 50, "currency": "GBP"}, {"max": 5, "until_on": "2026-03-31"}],
    "average_order": [{"min": 15}, {"max": 20, "currency": "GBP"}, {"over": 10, "before_days": 30}],
    "last_order": [
        {"max_days_ago": 60},
        {"min_days_ago": 60},
        {"min_days_ago": 30, "max_days_ago": 100},
        {"from_on": "2026-04-02", "until_on": "2026-05-02"},
    ],
    "first_order": [{"max_days_ago": 60}, {"min_days_ago": 60}, {"from_on": "2026-04-02"}, {"until_on": "2026-04-02"}],
    # Single orders
    "order_value": [{"min_total": 20}, {"over_total": 5, "max_total": 15, "currency": "EUR", "orders": 2}],
    "used_coupon": [
        {"any_coupon": True},
        {"coupons": ["sale"], "days": 100},
        {"coupon_prefix": "welcome-", "orders": 2},
        {"coupons": ["SALE"], "coupon_prefix": "WELCOME-2"},
    ],
    "paid_with": [{"payment_methods": ["card"]}],
    "shipped_with": [{"shipping_methods": ["Parcel", "letter"], "orders": 2}],
    "ordered_through": [{"channels": ["web"]}],
    "ordered_from": [{"countries": ["DE"], "days": 90}],
    "order_currency": [{"currencies": ["eur"]}],
    "order_time": [
        {"weekdays": ["monday", "thursday"]},
        {"from_hour": 10, "until_hour": 12},
        {"from_hour": 20, "until_hour": 7, "weekdays": ["sunday"]},
    ],
    "order_with": [
        {"channels": ["web"], "payment_methods": ["card"], "min_total": 5, "any_coupon": True},
        {"countries": ["GB"], "currencies": ["GBP"], "weekdays": ["monday"], "from_hour": 6, "orders": 1},
        {"shipping_methods": ["Parcel"], "coupon_prefix": "WELCOME", "max_total": 90, "until_hour": 18},
        {"over_total": 9, "coupons": ["SALE"], "days": 400},
    ],
    "unrated_orders": [{}, {"orders": 2, "days": 100}],
    # Spend, margin and refunds
    "margin": [{"min": 5}, {"max": 10, "currency": "GBP"}, {"over": 0, "days": 100}],
    "margin_share": [{"min": 20}, {"max": 50, "currency": "EUR"}],
    "discount_share": [{"min": 5}, {"max": 0, "days": 400}],
    "refund_count": [{"min": 1}, {"max": 0}, {"min": 1, "max": 1, "days": 100}],
    "refund_amount": [{"min": 5}, {"over": 0, "currency": "GBP"}, {"max": 3}],
    "refund_share": [{"min": 10}, {"max": 30, "days": 400}],
    "average_price": [{"min": 5}, {"over": 4}, {"max": 5, "currency": "GBP", "days": 100}],
    # Rhythm and cart
    "order_interval": [{"min": 30}, {"max": 60}],
    "reorder_due": [{}, {"due_in_days": 30}, {"overdue_days": 20}],
    "replenish_due": [{}, {"products": ["C"], "due_in_days": 7}, {"categories": ["tea"], "overdue_days": 20}],
    "open_cart": [
        {},
        {"min_hours": 2, "max_hours": 24},
        {"min_total": 20, "currency": "gbp"},
        {"products": ["A"], "categories": ["tea"], "min_hours": 24},
    ],
    # Value and stage
    "rfm_score": [
        {"min_recency": 3},
        {"max_recency": 3, "min_frequency": 3, "max_frequency": 5, "min_monetary": 1, "max_monetary": 3},
    ],
    "favorite_category": [{"categories": ["tea"]}, {"categories": ["gifts"]}],
    "favorite_changed": [{"days": 30}, {"from_categories": ["tea"], "to_categories": ["gifts", "tea"]}],
    "favorite_brand": [{"brands": ["Fern"]}],
    "preferred_time": [{"weekdays": ["monday"]}, {"from_hour": 9, "until_hour": 12}],
    "stands_at": [
        {"places": ["buying_stage.prospect"]},
        {"places": ["buying_stage.mature", "buying_stage.new"], "min_days": 10},
        {"places": ["rfm_group.loyal", "rfm_group.champions"], "max_days": 60},
        {"places": ["value_tier.top"]},
    ],
    "moved": [
        {"before": ["rfm_group.loyal"], "after": ["rfm_group.at_risk"], "days": 100},
        {"after": ["buying_stage.churned"]},
        {"before": ["buying_stage.prospect"], "from_on": "2026-01-01", "until_on": "2026-12-31"},
    ],
    "was_at": [{"places": ["rfm_group.champions"], "days": 100}, {"places": ["value_tier.low", "value_tier.top"]}],
}
# Reactions and visits: tests/tracking/condition_examples.py.
EXAMPLES |= tracking.EXAMPLES
# What is known of contacts: tests/segments/examples_contacts.py.
EXAMPLES |= examples_contacts.EXAMPLES
# Forecasts: percent from 0 to 100.
EXAMPLES |= {
    "alive_probability": [{"min": 50}, {"max": 30}, {"min": 10, "max": 70}],
    "purchase_likelihood": [{"min": 50}, {"max": 20}],
    "expected_orders": [{"min": 1}, {"min": 1, "max": 2}],
    "lifetime_value": [{"min": 100}, {"max": 50}],
    "next_order": [{"within_days": 30}, {"overdue_days": 10}],
}
