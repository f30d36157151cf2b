"""Prices and links in templates of the shop."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_currency
from django import template
from django.urls import reverse

from wagtail_precise_mail.commerce.models import Product

register = template.Library()


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """Return a price as people read it."""
    return "" if amount is None else format_currency(amount, currency or "GBP", locale="en_GB")


@register.filter
def sku_slug(product: Product) -> str:
    """Return the piece of the URL that names a product."""
    return product.sku.lower()


@register.filter
def shop_url(product: Product) -> str:
    """Return the path of a product's page."""
    return reverse("shop:product", args=[product.sku.lower()])
