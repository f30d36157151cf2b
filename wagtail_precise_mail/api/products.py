"""The shape of products that another system posts."""

from __future__ import annotations

from typing import Any

from wagtail_precise_mail.api.reading import Reader, load
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.product_data import ImageData, ProductData, VariantData

MOST_PRODUCTS = 1000
_MOST_FORMS = 500
_TEXTS = {"name": 250, "description": 100_000, "url": 500, "image_url": 500, "brand_name": 100, "category": 500}
_AMOUNTS = ("price", "compare_at_price", "cost", "rating")
_COUNTS = {"rating_count": 0, "replenish_days": 1}
_FLAGS = ("is_replenishable", "is_published")
_LISTS = {"further_categories": 500, "tags": 100}
_KNOWN = {"sku", "kind", "currency", "stock_count", "published_at", "attributes", "variants", "images"}
_KNOWN |= {*_TEXTS, *_AMOUNTS, *_COUNTS, *_FLAGS, *_LISTS}
_VARIANT = {"sku", "name", "attributes", "price", "cost", "stock_count", "is_published", "image_url"}


def read_products(body: bytes) -> list[dict[str, Any]]:
    """Return the products of a body with a list ``products``, each as it was sent.

    Raises:
        InvalidBody: there is no such list.
    """
    reader = Reader(load(body))
    reader.refuse_unknown({"products"})
    products = reader.items("products", MOST_PRODUCTS, lambda item: item.data)
    reader.raise_errors()
    return products


def product_of(data: dict[str, Any]) -> ProductData:
    """Return the product that a JSON object holds.

    Raises:
        InvalidBody: values are missing or wrong.
    """
    reader = Reader(data)
    reader.refuse_unknown(_KNOWN)
    fields: dict[str, Any] = {name: reader.maybe_text(name, length) for name, length in _TEXTS.items()}
    fields |= {name: reader.maybe_amount(name) for name in _AMOUNTS}
    fields |= {name: reader.whole(name, least=least) for name, least in _COUNTS.items() if reader.has(name)}
    fields |= {name: reader.flag(name) for name in _FLAGS if reader.has(name)}
    fields |= {name: reader.words(name, length) for name, length in _LISTS.items()}
    if reader.has("stock_count"):
        fields["stock_count"] = reader.whole("stock_count")
    if reader.has("variants"):
        fields["variants"] = tuple(reader.items("variants", _MOST_FORMS, _variant, least=0))
    if reader.has("images"):
        fields["images"] = tuple(reader.items("images", 100, _image, least=0))
    product = ProductData(
        sku=reader.text("sku", 100),
        kind=reader.choice("kind", Product.Kind.values, str(Product.Kind.PRODUCT)),
        currency=reader.currency() if reader.has("currency") else "",
        published_at=reader.maybe_moment("published_at"),
        attributes=_attributes(reader),
        **fields,
    )
    if product.rating is not None and not 0 <= product.rating <= 5:
        reader.wrong("rating", "must be from 0 to 5.")
    reader.raise_errors()
    return product


def _attributes(reader: Reader) -> dict[str, Any] | None:
    value = reader.data.get("attributes")
    if value is not None and not isinstance(value, dict):
        reader.wrong("attributes", "must be an object.")
        return None
    # JSON columns keep plain numbers.
    return None if value is None else {name: _plain(one) for name, one in value.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    is_number = isinstance(value, (int, str, bool, dict)) or value is None
    return value if is_number else float(value)


def _variant(reader: Reader) -> VariantData:
    reader.refuse_unknown(_VARIANT)
    return VariantData(
        sku=reader.text("sku", 100),
        name=reader.maybe_text("name", 150),
        attributes=_attributes(reader),
        price=reader.maybe_amount("price"),
        cost=reader.maybe_amount("cost"),
        stock_count=reader.whole("stock_count") if reader.has("stock_count") else None,
        is_published=reader.flag("is_published") if reader.has("is_published") else None,
        image_url=reader.maybe_text("image_url", 500),
    )


def _image(reader: Reader) -> ImageData:
    reader.refuse_unknown({"image_url", "alt_text"})
    return ImageData(reader.text("image_url", 500), reader.maybe_text("alt_text", 250))
