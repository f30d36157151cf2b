"""Products as plain text, in the language of the email: what cards and lists show of them."""

from __future__ import annotations

from babel.numbers import format_decimal, format_percent
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, to_locale

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.values import clean

FACTS = ("name", "brand", "price", "old_price", "discount", "stock", "stars", "rating", "summary")
"""What :func:`product_facts` gives; "" where a product does not have it."""


def product_facts(product: Product, *, locale: str, summary: str = "") -> dict[str, str]:
    """Return what a mail says of a product, made harmless: names come from shops and files.

    Args:
        locale: code of the language of numbers; words follow the active one, which is the same.
    """
    percent = product.discount_percent
    facts = {
        "name": str(product),
        "brand": product.brand_name,
        "price": format_money(product.price, product.currency, locale=locale),
        "old_price": format_money(product.compare_at_price, product.currency, locale=locale) if percent else "",
        "discount": format_percent(-percent / 100, locale=to_locale(locale)) if percent else "",
        "stock": stock_words(product),
        "stars": stars(product),
        "rating": rating_words(product, locale=locale),
        "summary": summary,
    }
    return {name: clean(fact) for name, fact in facts.items()}


def stock_words(product: Product) -> str:
    """Return "Only 3 left" where the stock is counted and low."""
    count = product.stock_count
    if count is None or not 0 < count <= options().low_stock_count:
        return ""
    return ngettext("Only %(count)s left", "Only %(count)s left", count) % {"count": count}


def stars(product: Product) -> str:
    """Return five full and empty stars for a rating, or ""."""
    full = min(5, max(0, round(product.rating))) if product.rating is not None else 0
    return "★" * full + "☆" * (5 - full) if _is_rated(product) else ""


def rating_words(product: Product, *, locale: str) -> str:
    """Return "4.6 of 5 (128)", or ""."""
    if not _is_rated(product):
        return ""
    name = to_locale(locale)
    facts = {
        "rating": format_decimal(round(product.rating or 0, 1), locale=name),
        "count": format_decimal(product.rating_count or 0, locale=name),
    }
    return _("%(rating)s of 5 (%(count)s)") % facts


def _is_rated(product: Product) -> bool:
    # Stars that nobody gave would be invented.
    return product.rating is not None and bool(product.rating_count)
