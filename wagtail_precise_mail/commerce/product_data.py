"""Products, as a source tells them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from wagtail_precise_mail.commerce.models import Product


@dataclass(frozen=True)
class VariantData:
    """A form of a product, such as a size. "" and None leave what is stored."""

    sku: str
    name: str = ""
    attributes: dict[str, Any] | None = None
    price: Decimal | None = None
    cost: Decimal | None = None
    stock_count: int | None = None
    is_published: bool | None = None
    image_url: str = ""

    def fields(self) -> dict[str, Any]:
        """The fields of ``ProductVariant`` that are given, beside the SKU."""
        return {name: value for name, value in vars(self).items() if name != "sku" and value not in (None, "")}


@dataclass(frozen=True)
class ImageData:
    """A further picture of a product."""

    image_url: str
    alt_text: str = ""


@dataclass(frozen=True)
class ProductData:
    """A product, as a source tells it. "" and None leave what is stored."""

    sku: str
    name: str = ""
    kind: str = Product.Kind.PRODUCT
    description: str = ""
    url: str = ""
    image_url: str = ""
    price: Decimal | None = None
    currency: str = ""
    stock_count: int | None = None
    """May be below zero, in shops that sell more than they have."""
    compare_at_price: Decimal | None = None
    """The price before; 0 takes it away."""
    rating: Decimal | None = None
    rating_count: int | None = None
    brand_name: str = ""
    is_replenishable: bool | None = None
    published_at: datetime | None = None
    cost: Decimal | None = None
    """What the shop pays for one, in the same currency; mails never show it."""
    replenish_days: int | None = None
    """After how many days it is used up."""
    is_published: bool | None = None
    category: str = ""
    """The main category: its name, or the names from the top, such as "Kitchen > Cups"."""
    further_categories: tuple[str, ...] | None = None
    """Beside the main one, written as it is. None leaves those that are stored; so it is with the values below."""
    tags: tuple[str, ...] | None = None
    attributes: dict[str, Any] | None = None
    """Such as {"color": "red", "size": ["S", "M"]}."""
    variants: tuple[VariantData, ...] | None = None
    """Variants that are stored and not named here are taken off sale: orders may stand on them."""
    images: tuple[ImageData, ...] | None = None

    def fields(self) -> dict[str, Any]:
        """What is told beside the SKU."""
        return {name: value for name, value in vars(self).items() if name != "sku"}
