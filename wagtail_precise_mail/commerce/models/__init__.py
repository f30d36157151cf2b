"""Tables of products, orders, carts, and of what is worked out from them."""

from wagtail_precise_mail.commerce.models.baskets import BasketCount, BasketItem
from wagtail_precise_mail.commerce.models.carts import Cart, CartLine
from wagtail_precise_mail.commerce.models.coupons import CouponCode, CouponPool
from wagtail_precise_mail.commerce.models.currencies import ExchangeRate
from wagtail_precise_mail.commerce.models.evaluations import RecommenderRun
from wagtail_precise_mail.commerce.models.figures import (
    BuyingStage,
    ContactFigures,
    ContactForecast,
    ContactStanding,
    FiguresDue,
    ForecastModel,
    ValueTier,
)
from wagtail_precise_mail.commerce.models.orders import Order, OrderCoupon, OrderLine
from wagtail_precise_mail.commerce.models.pairs import CategoryPair, ProductPair, ViewedPair
from wagtail_precise_mail.commerce.models.predictions import CategoryForecast, Cluster, ClusterRun
from wagtail_precise_mail.commerce.models.products import (
    Category,
    Product,
    ProductImage,
    ProductTag,
    ProductVariant,
    is_below,
    normalize_sku,
)
from wagtail_precise_mail.commerce.models.rhythm import ShopRhythm

__all__ = [
    "BasketCount",
    "BasketItem",
    "BuyingStage",
    "Cart",
    "CartLine",
    "Category",
    "CategoryForecast",
    "CategoryPair",
    "Cluster",
    "ClusterRun",
    "ContactFigures",
    "ContactForecast",
    "ContactStanding",
    "CouponCode",
    "CouponPool",
    "ExchangeRate",
    "FiguresDue",
    "ForecastModel",
    "Order",
    "OrderCoupon",
    "OrderLine",
    "Product",
    "ProductImage",
    "ProductPair",
    "ProductTag",
    "ProductVariant",
    "RecommenderRun",
    "ShopRhythm",
    "ValueTier",
    "ViewedPair",
    "is_below",
    "normalize_sku",
]
