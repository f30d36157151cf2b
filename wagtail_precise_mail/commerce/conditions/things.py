"""Which products a condition is about: some products, variants, categories, brands, tags or an attribute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any

from django.apps import apps
from django.db.models import Q, QuerySet
from django.db.models.lookups import IContains, IExact
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import blocks

from wagtail_precise_mail.commerce.branches import branches
from wagtail_precise_mail.commerce.choosers import CategoryChooserBlock, ProductChooserBlock
from wagtail_precise_mail.commerce.models import Category, Product, ProductVariant, normalize_sku
from wagtail_precise_mail.segments.conditions import Key, Keys, Several, Text
from wagtail_precise_mail.segments.conditions.comparing import stored_text
from wagtail_precise_mail.segments.conditions.words import listed, named


def _tag_block(**kwargs: Any) -> blocks.ChoiceBlock:
    return blocks.ChoiceBlock(choices=_tags, **kwargs)


def _tags() -> list[tuple[str, str]]:
    model = apps.get_model("wagtail_precise_mail.ProductTag")
    return list(model._default_manager.values_list("slug", "name"))


Products = Annotated[
    tuple[str, ...],
    Keys(
        label=gettext_lazy("Products"),
        item_label=gettext_lazy("Product"),
        help_text=gettext_lazy("Any of them."),
        model="wagtail_precise_mail.Product",
        attribute="sku",
        chooser=ProductChooserBlock,
        normalize=normalize_sku,
    ),
]
Categories = Annotated[
    tuple[str, ...],
    Keys(
        label=gettext_lazy("Categories"),
        item_label=gettext_lazy("Category"),
        help_text=gettext_lazy("Any product in them, or in a category below them."),
        model="wagtail_precise_mail.Category",
        attribute="slug",
        chooser=CategoryChooserBlock,
        branches=branches,
    ),
]
Variants = Annotated[
    tuple[str, ...],
    Keys(
        label=gettext_lazy("Variants"),
        item_label=gettext_lazy("SKU of a variant"),
        model="wagtail_precise_mail.ProductVariant",
        attribute="sku",
        chooser=blocks.CharBlock,
        normalize=normalize_sku,
        is_aside=True,
    ),
]
Brands = Annotated[
    tuple[str, ...],
    Several(
        label=gettext_lazy("Brands"),
        help_text=gettext_lazy("Case does not matter."),
        item=Text(label=gettext_lazy("Brand"), max_length=100),
        is_aside=True,
    ),
]
Tags = Annotated[
    tuple[str, ...],
    Keys(
        label=gettext_lazy("Product tags"),
        item_label=gettext_lazy("Tag"),
        model="wagtail_precise_mail.ProductTag",
        attribute="slug",
        chooser=_tag_block,
        is_aside=True,
    ),
]
Attribute = Annotated[
    str,
    Text(
        label=gettext_lazy("Attribute"),
        help_text=gettext_lazy("Of a product or a variant, such as color."),
        max_length=100,
        is_aside=True,
    ),
]
AttributeValue = Annotated[
    str,
    Text(
        label=gettext_lazy("Value of the attribute"),
        help_text=gettext_lazy("Such as red; one of several counts too. Case does not matter."),
        is_aside=True,
    ),
]


@dataclass(frozen=True)
class Things:
    """Products of any of these kinds."""

    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    attribute: str = ""
    attribute_value: str = ""

    def __bool__(self) -> bool:
        return self != Things()

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is missing of an attribute."""
        if bool(self.attribute) != bool(self.attribute_value):
            yield "attribute_value", _("give an attribute with its value")
        if '"' in self.attribute:
            yield "attribute", _("must not contain double quotes")
        elif self.attribute.isdigit():
            yield "attribute", _("must not be a number")

    def of_lines(self, *, by_key: bool = False) -> Q:
        """Return which lines are about them; all lines, when nothing is chosen.

        Args:
            by_key: products are looked up as :func:`lines_of_products` does. Beside others, joined by "or", only ids
                use an index.
        """
        parts = [*self._by_product(by_key), *self._by_variant()]
        return reduce(or_, parts) if parts else Q()

    def _by_product(self, by_key: bool) -> Iterator[Q]:
        if self.products:
            ids = known_pks(self.products)
            yield lines_of_products(self.products) if by_key or not ids else Q(product__in=ids)
        kinds = list(self._product_pks())
        if kinds:
            # One subquery for all of them, without OR: each part has an index of its own, and no line comes twice.
            first, *others = kinds
            yield Q(product__in=first.union(*others) if others else first)

    def _product_pks(self) -> Iterator[QuerySet[Any, Any]]:
        """Yield the ids of products, by what is asked for."""
        products = Product.objects.order_by()
        if self.categories:
            pks = category_pks(self.categories)
            yield products.filter(category__in=pks).values("pk")
            links = Product.further_categories.through.objects.order_by()
            yield links.filter(category__in=pks).values("product_id")
        if self.tags:
            links = Product.tags.through.objects.order_by()
            yield links.filter(producttag__slug__in=self.tags).values("product_id")
        words = list(self._of_words())
        if words:
            yield products.filter(reduce(or_, words)).values("pk")

    def _of_words(self) -> Iterator[Q]:
        for brand in self.brands:
            yield Q(brand_name__iexact=brand)
        if self.attribute:
            yield self._with_attribute()

    def _by_variant(self) -> Iterator[Q]:
        if self.variants:
            ids = known_pks(self.variants)
            yield Q(variant__in=ids) if ids else Q(variant__sku__in=[normalize_sku(sku) for sku in self.variants])
        if self.attribute:
            yield Q(variant__in=ProductVariant.objects.order_by().filter(self._with_attribute()).values("pk"))

    def _with_attribute(self) -> Q:
        text = stored_text("", self.attribute)
        # A list is stored as text such as ["red", "blue"].
        return Q(IExact(text, self.attribute_value)) | Q(IContains(text, f'"{self.attribute_value}"'))

    def words(self) -> str:
        """Return "a, b or something of c"; "anything" when nothing is chosen."""
        return listed(self._words()) if self else _("anything")

    def _words(self) -> Iterator[str]:
        yield from map(named, [*self.products, *self.variants])
        for category in self.categories:
            yield _("something of %(category)s") % {"category": named(category)}
        for brand in self.brands:
            yield _("something by %(brand)s") % {"brand": brand}
        for tag in self.tags:
            yield _("something tagged %(tag)s") % {"tag": named(tag)}
        if self.attribute:
            words = {"attribute": self.attribute, "value": self.attribute_value}
            yield _("something with %(attribute)s %(value)s") % words


def lines_of_products(skus: Iterable[str]) -> Q:
    """Return which lines are about products that the query itself looks up by their SKUs.

    For a product that many bought, PostgreSQL then goes through the index to their orders (65 ms), and with its id it
    reads all orders (230 ms).
    """
    products = Product.objects.order_by().filter(sku__in=[normalize_sku(sku) for sku in skus])
    return Q(product__in=products.values("pk"))


def known_pks(keys: Iterable[str]) -> list[int]:
    """Return the rows of keys that were looked up, or [] when any was not."""
    pks = [key.pk for key in keys if isinstance(key, Key) and key.pk]
    return pks if len(pks) == len(list(keys)) else []


def category_pks(slugs: Iterable[str]) -> list[int]:
    """Return the categories with all below them: as looked up when the rules were read, else looked up now."""
    slugs = list(slugs)
    if known_pks(slugs):
        found = [pk for key in slugs if isinstance(key, Key) for pk in key.pks]
    else:
        roots = Category.objects.filter(slug__in=slugs).order_by("pk").values_list("pk", flat=True)
        found = [pk for branch in branches(roots).values() for pk in branch]
    return sorted(set(found))
