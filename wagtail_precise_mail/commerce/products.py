"""Writes of products with their variants, tags, categories and pictures; a product is known by its SKU."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from wagtail_precise_mail.commerce.categories import CategoryBook
from wagtail_precise_mail.commerce.checking import checked_attributes, checked_currency, checked_money
from wagtail_precise_mail.commerce.models import (
    Category,
    Product,
    ProductImage,
    ProductTag,
    ProductVariant,
    normalize_sku,
)
from wagtail_precise_mail.commerce.product_data import ImageData, ProductData, VariantData
from wagtail_precise_mail.exceptions import InvalidRecord

_AMOUNTS = ("price", "compare_at_price", "cost")
_BESIDE = ("further_categories", "tags", "variants", "images")


@dataclass(frozen=True)
class RefusedProduct:
    """A product that could not be kept, and why."""

    sku: str
    reason: str
    place: str = ""


@dataclass(frozen=True)
class RecordedProducts:
    """What became of many products."""

    products: Sequence[Product] = field(default_factory=tuple)
    refused: Sequence[RefusedProduct] = field(default_factory=tuple)


@transaction.atomic
def upsert_product(sku: str, *, book: CategoryBook | None = None, **fields: Any) -> Product:
    """Return the product of a SKU, made when there is none, with the given fields set.

    Args:
        book: remembers categories from product to product.
        fields: values as in ``ProductData``; None and "" leave what is there. ``category`` is a path, or a category.

    Raises:
        InvalidRecord: a variant has this SKU, or a value makes no sense.
    """
    given = _checked(fields, book or CategoryBook())
    beside = {name: given.pop(name) for name in _BESIDE if name in given}
    product, created = _get_or_create(sku, given)
    changed = [name for name, value in given.items() if getattr(product, name) != value]
    if "stock_count" in changed and product.variants.exists():
        changed.remove("stock_count")  # their own add up to it
    if changed and not created:
        for name in changed:
            setattr(product, name, given[name])
        product.save()
    if "variants" in beside:
        _keep_variants(product, beside["variants"])
    if "tags" in beside:
        _keep_links(product.tags, find_tags(beside["tags"]))
    if "further_categories" in beside:
        _keep_links(product.further_categories, beside["further_categories"])
    if "images" in beside:
        _keep_images(product, beside["images"])
    if "variants" in beside:
        product.recount_stock()
    return product


def upsert_products(products: Iterable[ProductData]) -> RecordedProducts:
    """Keep many products; one that makes no sense fails alone."""
    book, kept, refused = CategoryBook(), [], []
    for data in products:
        try:
            kept.append(upsert_product(data.sku, book=book, **data.fields()))
        except InvalidRecord as error:
            refused.append(RefusedProduct(data.sku, str(error), error.place))
            book = CategoryBook()  # what it remembers may have been rolled back with the product
    return RecordedProducts(kept, refused)


def _checked(fields: dict[str, Any], book: CategoryBook) -> dict[str, Any]:
    given = {name: value for name, value in fields.items() if value is not None and value != ""}
    for name in _AMOUNTS:
        if name in given:
            given[name] = checked_money(given[name], place=name)
    if given.get("cost", 0) < 0:
        raise InvalidRecord("What a product costs you is not below zero.", place="cost")
    if "currency" in given:
        given["currency"] = checked_currency(given["currency"])
    if "attributes" in given:
        checked_attributes(given["attributes"])
    if given.get("replenish_days", 1) < 1:
        raise InvalidRecord("A product is used up after one day or more.", place="replenish_days")
    if isinstance(given.get("category"), str):
        given["category"] = book.find(given["category"])
    if "further_categories" in given:
        given["further_categories"] = [
            one if isinstance(one, Category) else book.find(one) for one in given["further_categories"]
        ]
    return given


def _get_or_create(sku: str, given: dict[str, Any]) -> tuple[Product, bool]:
    code = normalize_sku(sku)
    if not 0 < len(code) <= 100:
        raise InvalidRecord("A SKU has 1 to 100 characters.", place="sku")
    if product := Product.objects.filter(sku=code).first():
        return product, False
    if variant := ProductVariant.objects.filter(sku=code).select_related("product").first():
        raise InvalidRecord(f"{code} is a variant of {variant.product.sku}, so no product can have it.", place="sku")
    return Product.objects.get_or_create(sku=code, defaults=given)


def _keep_variants(product: Product, variants: Sequence[VariantData]) -> None:
    told: dict[str, VariantData] = {}
    for variant in variants:
        code = normalize_sku(variant.sku)
        if not 0 < len(code) <= 100 or code in told:
            raise InvalidRecord(f"{variant.sku!r} is empty, too long, or there twice.", place="variants.sku")
        told[code] = variant
    _refuse_taken(product, told)
    stored = {variant.sku: variant for variant in product.variants.all()}
    for code, variant in told.items():
        _keep_variant(stored.get(code) or ProductVariant(product=product, sku=code), _checked_variant(variant))
    # Orders may stand on them.
    gone = [variant.pk for code, variant in stored.items() if code not in told]
    ProductVariant.objects.filter(pk__in=gone).update(is_published=False)


def _refuse_taken(product: Product, told: dict[str, VariantData]) -> None:
    if taken := Product.objects.filter(sku__in=told).first():
        raise InvalidRecord(f"{taken.sku} is a product, so no variant can have it.", place="variants.sku")
    if other := ProductVariant.objects.filter(sku__in=told).exclude(product=product).select_related("product").first():
        raise InvalidRecord(f"{other.sku} is a variant of {other.product.sku}.", place="variants.sku")


def _checked_variant(variant: VariantData) -> dict[str, Any]:
    given = variant.fields()
    for name in ("price", "cost"):
        if name in given:
            given[name] = checked_money(given[name], place=f"variants.{name}")
    if given.get("cost", Decimal(0)) < 0:
        raise InvalidRecord("What a variant costs you is not below zero.", place="variants.cost")
    checked_attributes(given.get("attributes", {}), place="variants.attributes")
    return given


def _keep_variant(variant: ProductVariant, given: dict[str, Any]) -> None:
    changed = [name for name, value in given.items() if getattr(variant, name) != value]
    for name in changed:
        setattr(variant, name, given[name])
    if changed or variant.pk is None:
        variant.save()


def find_tags(names: Iterable[str]) -> list[ProductTag]:
    """Return tags by their names, made when there are none; a tag is known by its slug."""
    by_slug: dict[str, str] = {}
    for name in names:
        if slug := slugify(name)[:100] or slugify(name.encode("unicode_escape").decode())[:100]:
            by_slug.setdefault(slug, name.strip()[:100])
    known = {tag.slug: tag for tag in ProductTag.objects.filter(slug__in=by_slug)}
    missing = [ProductTag(slug=slug, name=name) for slug, name in by_slug.items() if slug not in known]
    if missing:
        ProductTag.objects.bulk_create(missing, ignore_conflicts=True)
        known = {tag.slug: tag for tag in ProductTag.objects.filter(slug__in=by_slug)}
    return list(known.values())


def _keep_links(manager: Any, wanted: Iterable[Any]) -> None:
    manager.set({one.pk: one for one in wanted}.values())


def _keep_images(product: Product, images: Sequence[ImageData]) -> None:
    wanted = [(number, one.image_url, one.alt_text[:250]) for number, one in enumerate(images, 1) if one.image_url]
    told = product.images.filter(image__isnull=True).values_list("position", "image_url", "alt_text")
    if list(told.order_by("position")) == wanted:
        return
    # Those that an editor chose from the library stay, and keep their places.
    taken = set(product.images.filter(image__isnull=False).values_list("position", flat=True))
    product.images.filter(image__isnull=True).delete()
    free = (number for number in range(1, len(wanted) + len(taken) + 1) if number not in taken)
    ProductImage.objects.bulk_create(
        [
            ProductImage(product=product, position=position, image_url=url, alt_text=alt)
            for position, (_number, url, alt) in zip(free, wanted, strict=False)
        ]
    )
