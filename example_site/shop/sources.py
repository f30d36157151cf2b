"""The shop as a commerce source. It keeps its products and orders in the plugin's own tables, so it reads those."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from example_site.shop.services import SOURCE
from wagtail_precise_mail.commerce.models import Order, Product
from wagtail_precise_mail.commerce.services import OrderLineData
from wagtail_precise_mail.commerce.sources import OrderData, ProductData, Source, sources


@sources.register(SOURCE)
class ShopSource(Source):
    """Fern & Kettle."""

    def products(self, *, since: datetime | None = None) -> Iterator[ProductData]:
        """Yield the catalog, charges included."""
        changed = Q(updated_at__gte=since) if since else Q()
        for product in Product.objects.filter(changed).order_by("pk").iterator(chunk_size=500):
            yield ProductData(
                sku=product.sku,
                name=product.name,
                kind=product.kind,
                description=product.description,
                url=product.url,
                image_url=product.image_url,
                price=product.price,
                currency=product.currency,
                stock_count=product.stock_count,
                compare_at_price=product.compare_at_price or Decimal(0),
                rating=product.rating,
                rating_count=product.rating_count,
                brand_name=product.brand_name,
                is_replenishable=product.is_replenishable,
                published_at=product.published_at,
            )

    def orders(self, *, since: datetime | None = None) -> Iterator[OrderData]:
        """Yield the orders of this shop by their time, with their lines."""
        changed = Q(placed_at__gte=since) | Q(recorded_at__gte=since, is_historical=False) if since else Q()
        orders = Order.objects.filter(changed, source=SOURCE).order_by("placed_at", "pk")
        for order in orders.select_related("contact").prefetch_related("lines__product").iterator(chunk_size=500):
            yield OrderData(
                number=order.number,
                placed_at=order.placed_at,
                currency=order.currency,
                lines=tuple(
                    OrderLineData(line.product.sku, line.quantity, line.unit_price, line.description)
                    for line in order.lines.all()
                ),
                email=order.contact.email if order.contact else "",
                kind=order.kind,
                country=order.country,
            )
