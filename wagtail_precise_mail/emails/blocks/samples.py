"""What the block picker shows before anything was chosen."""

from __future__ import annotations

from decimal import Decimal

from django.templatetags.static import static

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.context import Picture, RenderContext
from wagtail_precise_mail.emails.product_facts import product_facts


def sample_picture(context: RenderContext, width: int, height: int) -> Picture:
    """Return the picture of the picker's previews."""
    return Picture(static("wagtail_precise_mail/emails/sample.svg"), width, height, "")


def sample_product(context: RenderContext, number: int = 0) -> dict[str, str]:
    """Return the facts of a product that nobody sells, one of four."""
    name, price, before, rating, stock = _PRODUCTS[number % len(_PRODUCTS)]
    product = Product(
        sku="SAMPLE",
        name=name,
        description="Thrown and glazed by hand. Holds four cups.",
        price=Decimal(price),
        compare_at_price=Decimal(before) if before else None,
        currency="GBP",
        rating=Decimal(rating),
        rating_count=128,
        stock_count=stock,
    )
    return product_facts(product, locale=context.language, summary=product.description)


_PRODUCTS = [
    ("Stoneware teapot", "38", "48", "4.7", 3),
    ("Boston fern", "19", "", "4.4", None),
    ("Dipped mug", "14.50", "", "4.9", None),
    ("Earl Grey, 100 g", "8.90", "9.90", "4.6", None),
]
