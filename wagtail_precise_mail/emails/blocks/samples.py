"""What the block picker shows before anything was chosen."""

from __future__ import annotations

from decimal import Decimal

from babel.dates import format_date
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.emails.context import Picture, RenderContext
from wagtail_precise_mail.emails.languages import babel_locale
from wagtail_precise_mail.emails.links import absolute
from wagtail_precise_mail.emails.product_facts import product_facts


def sample_picture(context: RenderContext, width: int, height: int, *, name: str = "") -> Picture:
    """Return a picture for the picker's previews.

    Args:
        name: of the motif: "" for a landscape, "dusk" for a dark one, "cup", "leaf", "person" or "video".
    """
    file = f"sample-{name}.svg" if name else "sample.svg"
    return Picture(static(f"wagtail_precise_mail/emails/{file}"), width, height, "")


def between_words(mjml: SafeString) -> SafeString:
    """Return something that is seen only between other things, with words above and below it."""
    words = "<mj-text>{}</mj-text>{}<mj-text>{}</mj-text>"
    return format_html(words, gettext("What has been said so far."), mjml, gettext("And what comes next."))


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


def sample_item(context: RenderContext, number: int) -> dict[str, str]:
    """Return :func:`sample_product` as an item of a list."""
    picture = absolute(sample_picture(context, 0, 0).url, context.base_url)
    return {**sample_product(context, number), "url": f"{context.base_url}/", "image_url": picture}


def sample_page(context: RenderContext, number: int) -> dict[str, str]:
    """Return a page that nobody wrote as an item of a list, one of two."""
    name, summary = _PAGES[number % len(_PAGES)]
    picture = absolute(sample_picture(context, 0, 0).url, context.base_url)
    return {"name": name, "summary": summary, "url": f"{context.base_url}/", "image_url": picture}


def sample_order(context: RenderContext) -> dict[str, str]:
    """Return an order that nobody placed."""
    sums = {"subtotal": "£46.90", "charges": "£3.95", "total": "£50.85"}
    day = format_date(localtime(context.at), "long", locale=babel_locale(context.language))
    return {"number": "FK-1001", "date": day, "charges_name": gettext("Postage"), **sums}


def sample_order_lines(context: RenderContext) -> list[dict[str, str]]:
    """Return its lines."""
    each = [("1", "£38.00", "£38.00"), ("1", "£8.90", "£8.90")]
    items = [sample_item(context, 0), sample_item(context, 3)]
    return [
        {**item, "quantity": quantity, "unit_price": price, "amount": amount}
        for item, (quantity, price, amount) in zip(items, each, strict=True)
    ]


_PAGES = [
    ("Seven ferns that like the dark", "They ask for little: a north window, a cool floor, and to be left alone."),
    ("A proper pot of tea", "Warm the pot, count to four minutes, and pour before anybody asks."),
]
_PRODUCTS = [
    ("Stoneware teapot", "38", "48", "4.7", 3),
    ("Boston fern", "19", "", "4.4", None),
    ("Dipped mug", "14.50", "", "4.9", None),
    ("Earl Grey, 100 g", "8.90", "9.90", "4.6", None),
]
