"""The shop as a commerce source. It keeps its products and orders in the plugin's own tables, so it reads those."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from example_site.shop.services import SOURCE
from wagtail_precise_mail.commerce.models import Cart, Order, OrderLine, Product, ProductVariant
from wagtail_precise_mail.commerce.services import OrderLineData
from wagtail_precise_mail.commerce.sources import (
    CartData,
    CartLineData,
    OrderData,
    ProductData,
    Source,
    VariantData,
    sources,
)


@sources.register(SOURCE)
class ShopSource(Source):
    """Fern & Kettle."""

    def products(self, *, since: datetime | None = None) -> Iterator[ProductData]:
        """Yield the catalog, charges included."""
        changed = Q(updated_at__gte=since) if since else Q()
        for product in _products(changed):
            yield ProductData(
                sku=product.sku,
                name=product.name,
                kind=product.kind,
                description=product.description,
                url=product.url,
                image_url=product.image_url,
                price=product.price,
                currency=product.currency,
                stock_count=None if product.variants.all() else product.stock_count,
                compare_at_price=product.compare_at_price or Decimal(0),
                rating=product.rating,
                rating_count=product.rating_count,
                brand_name=product.brand_name,
                is_replenishable=product.is_replenishable,
                published_at=product.published_at,
                cost=product.cost,
                replenish_days=product.replenish_days,
                tags=tuple(tag.name for tag in product.tags.all()),
                attributes=product.attributes,
                variants=tuple(_variant(variant) for variant in product.variants.all()) or None,
            )

    def orders(self, *, since: datetime | None = None) -> Iterator[OrderData]:
        """Yield the orders of this shop by their time, with their lines."""
        changed = Q(placed_at__gte=since) | Q(recorded_at__gte=since, is_historical=False) if since else Q()
        orders = Order.objects.filter(changed, source=SOURCE).order_by("placed_at", "pk")
        for order in (
            orders.select_related("contact", "refund_of")
            .prefetch_related("lines__product", "lines__variant", "coupons")
            .iterator(chunk_size=500)
        ):
            yield OrderData(
                number=order.number,
                placed_at=order.placed_at,
                currency=order.currency,
                lines=tuple(_line(line) for line in order.lines.all()),
                email=order.contact.email if order.contact else "",
                kind=order.kind,
                country=order.country,
                order_discount=order.order_discount,
                shipping_total=order.shipping_total,
                coupons=tuple(sorted(coupon.code for coupon in order.coupons.all())),
                channel=order.channel,
                payment_method=order.payment_method,
                shipping_method=order.shipping_method,
                refund_of=order.refund_of.number if order.refund_of else "",
            )

    def carts(self, *, since: datetime | None = None) -> Iterator[CartData]:
        """Yield the carts of this shop."""
        changed = Q(changed_at__gte=since) if since else Q()
        carts = Cart.objects.filter(changed, source=SOURCE).order_by("pk").select_related("contact")
        for cart in carts.prefetch_related("lines__product", "lines__variant").iterator(chunk_size=500):
            yield CartData(
                key=cart.key,
                changed_at=cart.changed_at,
                currency=cart.currency,
                lines=tuple(
                    CartLineData((line.variant or line.product).sku, line.quantity, line.unit_price)
                    for line in cart.lines.all()
                ),
                email=cart.contact.email if cart.contact else "",
                url=cart.url,
                closed_at=cart.closed_at,
            )


def _products(changed: Q) -> Iterator[Product]:
    products = Product.objects.filter(changed).order_by("pk").prefetch_related("variants", "tags")
    return products.iterator(chunk_size=500)


def _variant(variant: ProductVariant) -> VariantData:
    return VariantData(
        sku=variant.sku,
        name=variant.name,
        attributes=variant.attributes,
        price=variant.price,
        cost=variant.cost,
        stock_count=variant.stock_count,
        is_published=variant.is_published,
        image_url=variant.image_url,
    )


def _line(line: OrderLine) -> OrderLineData:
    return OrderLineData(
        (line.variant or line.product).sku,
        line.quantity,
        line.unit_price,
        line.description,
        position=line.position,
        discount=line.discount_total,
        unit_cost=line.unit_cost,
    )
