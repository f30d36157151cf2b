"""Segment templates that ask about purchases."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.models import Category, Product
from wagtail_precise_mail.segments.templates import (
    CHOICE,
    Question,
    SegmentTemplate,
    add_template,
    template_questions,
)

# Longer lists are chosen from in the editor.
_MOST_CHOICES = 500

BUYERS = _("Buyers")
VALUE = _("Value")
WIN_BACK = _("Win back")


def _categories() -> list[tuple[str, str]]:
    return list(Category.objects.order_by("name").values_list("slug", "name")[:_MOST_CHOICES])


def _products() -> list[tuple[str, str]]:
    return list(Product.objects.order_by("name").values_list("sku", "name")[:_MOST_CHOICES])


template_questions.register("category")(Question(_("Category"), _categories))
template_questions.register("product")(Question(_("Product"), _products))

add_template(
    "prospects",
    SegmentTemplate(
        _("Prospects"),
        _("Never ordered, and may be written to."),
        BUYERS,
        [{"order_count": {"max": 0}}, {"reachable": {}}],
    ),
)
add_template(
    "first_time_buyers",
    SegmentTemplate(
        _("First-time buyers"),
        _("Placed exactly one order, within 60 days."),
        BUYERS,
        [{"order_count": {"min": 1, "max": 1}}, {"first_order": {"max_days_ago": 60}}],
    ),
)
add_template(
    "second_order_nurture",
    SegmentTemplate(
        _("Waiting for the second order"),
        _("Placed one order 14 to 90 days ago and none since: the moment to ask for the second."),
        BUYERS,
        [{"order_count": {"min": 1, "max": 1}}, {"last_order": {"min_days_ago": 14, "max_days_ago": 90}}],
    ),
)
add_template(
    "repeat_buyers",
    SegmentTemplate(
        _("Repeat buyers"),
        _("Placed at least two orders within a year."),
        BUYERS,
        [{"order_count": {"min": 2, "days": 365}}],
    ),
)
add_template(
    "loyal_buyers",
    SegmentTemplate(
        _("Loyal buyers"),
        _("Placed at least five orders within a year, the last within 90 days."),
        BUYERS,
        [{"order_count": {"min": 5, "days": 365}}, {"last_order": {"max_days_ago": 90}}],
    ),
)
add_template(
    "category_fans",
    SegmentTemplate(
        _("Fans of a category"),
        _("Bought from one category in at least two orders within a year."),
        BUYERS,
        [{"bought_product": {"categories": [CHOICE], "orders": 2, "days": 365}}],
        asks="category",
    ),
)
add_template(
    "product_buyers_cross_sell",
    SegmentTemplate(
        _("Buyers of a product"),
        _("Bought one product within half a year: for refills and what goes with it."),
        BUYERS,
        [{"bought_product": {"products": [CHOICE], "days": 180}}],
        asks="product",
    ),
)
add_template(
    "never_bought_category",
    SegmentTemplate(
        _("Customers who never tried a category"),
        _("Ordered within a year, and never from one category."),
        BUYERS,
        [{"order_count": {"min": 1, "days": 365}}],
        [{"bought_product": {"categories": [CHOICE]}}],
        asks="category",
    ),
)
add_template(
    "vip",
    SegmentTemplate(
        _("Best customers"),
        _("Spent at least 1,000 net of refunds within a year, in at least three orders. Change the amount to yours."),
        VALUE,
        [{"net_spend": {"min": 1000, "days": 365}}, {"order_count": {"min": 3, "days": 365}}],
    ),
)
add_template(
    "big_spenders",
    SegmentTemplate(
        _("Big baskets"),
        _("Spend at least 200 per order on average. Change the amount to yours."),
        VALUE,
        [{"average_order": {"min": 200, "days": 365}}],
    ),
)
add_template(
    "high_value_cooling",
    SegmentTemplate(
        _("High value, but cooling"),
        _("Spent at least 500 within two years, and nothing within 90 days."),
        VALUE,
        [{"net_spend": {"min": 500, "days": 730}}, {"last_order": {"min_days_ago": 90, "max_days_ago": 365}}],
    ),
)
add_template(
    "at_risk",
    SegmentTemplate(
        _("At risk"),
        _("Ordered at least three times, and not for half a year."),
        WIN_BACK,
        [{"order_count": {"min": 3}}, {"last_order": {"min_days_ago": 180, "max_days_ago": 365}}],
    ),
)
add_template(
    "lapsed",
    SegmentTemplate(
        _("Lapsed"),
        _("Placed their last order more than a year ago."),
        WIN_BACK,
        [{"last_order": {"min_days_ago": 365}}],
    ),
)
add_template(
    "win_back",
    SegmentTemplate(
        _("Win back"),
        _("Once bought twice or more, silent for a year, and may still be written to."),
        WIN_BACK,
        [{"order_count": {"min": 2}}, {"last_order": {"min_days_ago": 365, "max_days_ago": 1095}}, {"reachable": {}}],
    ),
)
add_template(
    "champions",
    SegmentTemplate(
        _("Champions and loyal customers"),
        _("In the two best groups by recency, frequency and money."),
        VALUE,
        [{"stands_at": {"places": ["rfm_group.champions", "rfm_group.loyal"]}}],
    ),
)
add_template(
    "discount_hunters",
    SegmentTemplate(
        _("Discount hunters"),
        _("At least a fifth of what they ordered for within a year was discount."),
        VALUE,
        [{"order_count": {"min": 2, "days": 365}}, {"discount_share": {"min": 20, "days": 365}}],
    ),
)
add_template(
    "full_price_buyers",
    SegmentTemplate(
        _("Buyers at full price"),
        _("Placed at least two orders within a year, all without a discount: do not teach them to wait for one."),
        VALUE,
        [{"order_count": {"min": 2, "days": 365}}, {"discount_share": {"max": 0, "days": 365}}],
    ),
)
add_template(
    "refunders",
    SegmentTemplate(
        _("Often send things back"),
        _("Got at least 30 percent of their money back within a year, in two refunds or more."),
        VALUE,
        [{"refund_share": {"min": 30, "days": 365}}, {"refund_count": {"min": 2, "days": 365}}],
    ),
)
add_template(
    "open_cart",
    SegmentTemplate(
        _("Open cart"),
        _("Left something in the cart between 2 hours and 3 days ago, and may be written to."),
        WIN_BACK,
        [{"open_cart": {"min_hours": 2, "max_hours": 72}}, {"reachable": {}}],
    ),
)
add_template(
    "reorder_due",
    SegmentTemplate(
        _("Due for their next order"),
        _("By their own rhythm the next order is due within a week."),
        WIN_BACK,
        [{"reorder_due": {"due_in_days": 7}}, {"reachable": {}}],
    ),
)
add_template(
    "slipping_champions",
    SegmentTemplate(
        _("Slipping from loyal to at risk"),
        _("Moved from a good group to the group at risk within 30 days."),
        WIN_BACK,
        [{"moved": {"before": ["rfm_group.loyal", "rfm_group.champions"], "after": ["rfm_group.at_risk"], "days": 30}}],
    ),
)
