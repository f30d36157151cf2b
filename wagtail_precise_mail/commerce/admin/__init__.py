"""The Wagtail side of this room: products, categories, and orders to look at."""

from __future__ import annotations

from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSet

from wagtail_precise_mail.commerce.admin import welcome
from wagtail_precise_mail.commerce.admin.coupons import CouponPoolViewSet
from wagtail_precise_mail.commerce.admin.orders import OrderViewSet
from wagtail_precise_mail.commerce.admin.pairs import CategoryPairViewSet, ProductPairViewSet
from wagtail_precise_mail.commerce.admin.products import CategoryViewSet, ProductViewSet
from wagtail_precise_mail.commerce.admin.rates import ExchangeRateViewSet
from wagtail_precise_mail.commerce.admin.reviews import ReviewViewSet
from wagtail_precise_mail.commerce.admin.stores import StoreViewSet
from wagtail_precise_mail.commerce.choosers import (
    category_chooser_viewset,
    coupon_pool_chooser_viewset,
    product_chooser_viewset,
    review_chooser_viewset,
    store_chooser_viewset,
)

# It registers what it brings with the form of another room.
__all__ = ["viewsets", "welcome"]

viewsets = (
    ProductViewSet,
    CategoryViewSet,
    ProductPairViewSet,
    CategoryPairViewSet,
    CouponPoolViewSet,
    ReviewViewSet,
    StoreViewSet,
    OrderViewSet,
    ExchangeRateViewSet,
)


@hooks.register("register_admin_viewset")
def register_choosers() -> list[ViewSet]:
    """Choosers have no menu item, so they live beside the menu group."""
    return [
        product_chooser_viewset,
        category_chooser_viewset,
        coupon_pool_chooser_viewset,
        review_chooser_viewset,
        store_chooser_viewset,
    ]
