"""Recording products with variants, tags, attributes and categories; and trees that are none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.factories.commerce import make_category, make_product
from wagtail_precise_mail.commerce.catalog import category_and_below, for_sale
from wagtail_precise_mail.commerce.models import Category, Product, ProductTag, ProductVariant
from wagtail_precise_mail.commerce.product_data import ImageData, ProductData, VariantData
from wagtail_precise_mail.commerce.services import upsert_category, upsert_product, upsert_products
from wagtail_precise_mail.exceptions import InvalidRecord

pytestmark = pytest.mark.django_db

SHIRT = ProductData(
    "SHIRT",
    "Shirt",
    price=Decimal(20),
    currency="GBP",
    category="Clothes > Shirts",
    further_categories=("New", "Clothes > Gifts"),
    tags=("Organic", "vegan"),
    attributes={"color": "red", "sizes": ["S", "L"]},
    variants=(VariantData("SHIRT-S", "S", stock_count=2), VariantData("SHIRT-L", "L", stock_count=-3)),
    images=(ImageData("https://cdn.example.com/1.jpg", "Front"), ImageData("https://cdn.example.com/2.jpg")),
    replenish_days=90,
)


def keep(data: ProductData) -> Product:
    return upsert_product(data.sku, **data.fields())


class TestProducts:
    def test_a_product_is_kept_with_all_that_belongs_to_it(self) -> None:
        product = keep(SHIRT)

        assert str(product.category) == "Shirts"
        assert product.category.parent.name == "Clothes"
        assert set(product.further_categories.values_list("name", "parent__name")) == {
            ("New", None),
            ("Gifts", "Clothes"),
        }
        assert set(product.tags.values_list("slug", flat=True)) == {"organic", "vegan"}
        assert (product.attributes, product.replenish_days) == ({"color": "red", "sizes": ["S", "L"]}, 90)
        assert list(product.variants.values_list("sku", "name")) == [("SHIRT-L", "L"), ("SHIRT-S", "S")]
        assert list(product.images.values_list("position", "alt_text")) == [(1, "Front"), (2, "")]

    def test_the_same_product_again_changes_nothing(self) -> None:
        before = keep(SHIRT).updated_at
        ids = list(ProductVariant.objects.values_list("pk", flat=True))

        assert keep(SHIRT).updated_at == before
        assert list(ProductVariant.objects.values_list("pk", flat=True)) == ids
        assert (ProductTag.objects.count(), Category.objects.count()) == (2, 4)

    def test_what_is_left_out_is_kept_and_what_is_empty_is_taken_away(self) -> None:
        keep(SHIRT)

        product = keep(ProductData("shirt", tags=(), attributes={}, images=()))

        assert (product.name, product.tags.count(), product.attributes, product.images.count()) == ("Shirt", 0, {}, 0)
        assert product.variants.count() == 2

    def test_a_variant_that_is_no_longer_named_is_taken_off_sale(self) -> None:
        keep(SHIRT)

        keep(ProductData("SHIRT", variants=(VariantData("SHIRT-S"),)))

        assert dict(ProductVariant.objects.values_list("sku", "is_published")) == {"SHIRT-S": True, "SHIRT-L": False}

    @pytest.mark.parametrize(
        ("fields", "place"),
        [
            ({"currency": "EURO"}, "currency"),
            ({"price": Decimal("NaN")}, "price"),
            ({"cost": Decimal(-1)}, "cost"),
            ({"replenish_days": 0}, "replenish_days"),
            ({"attributes": {"a": {"b": 1}}}, "attributes"),
            ({"category": " > "}, "category"),
            ({"variants": (VariantData("V"), VariantData("v"))}, "variants.sku"),
            ({"variants": (VariantData("TAKEN"),)}, "variants.sku"),
            ({"variants": (VariantData("OTHER-L"),)}, "variants.sku"),
        ],
    )
    def test_what_makes_no_sense_is_refused_and_nothing_is_kept(self, fields: dict[str, Any], place: str) -> None:
        other = make_product("TAKEN")
        ProductVariant.objects.create(product=other, sku="OTHER-L")
        with pytest.raises(InvalidRecord) as caught:
            upsert_product("P", name="P", **fields)

        assert caught.value.place == place
        assert not Product.objects.filter(sku="P").exists()

    def test_the_sku_of_a_variant_is_no_product(self) -> None:
        keep(SHIRT)

        with pytest.raises(InvalidRecord, match="variant of SHIRT"):
            upsert_product("shirt-s")
        with pytest.raises(ValidationError):
            Product(sku="shirt-s").clean()
        with pytest.raises(ValidationError):
            ProductVariant(sku="shirt", product=Product.objects.get()).clean()

    def test_of_many_products_a_bad_one_fails_alone(self) -> None:
        done = upsert_products([ProductData("A"), ProductData("B", currency="???"), ProductData("C")])

        assert [product.sku for product in done.products] == ["A", "C"]
        assert [(one.sku, one.place) for one in done.refused] == [("B", "currency")]


class TestStock:
    def test_negative_stock_stays_and_is_not_for_sale(self) -> None:
        product = upsert_product("A", stock_count=-4)

        product.refresh_from_db()
        assert (product.stock_count, product.is_available) == (-4, False)

    def test_a_product_is_in_stock_if_a_variant_is(self) -> None:
        product = keep(SHIRT)

        assert (product.stock_count, product.is_available) == (2, True)
        assert list(for_sale()) == [product]

        keep(ProductData("SHIRT", variants=(VariantData("SHIRT-S", stock_count=0), VariantData("SHIRT-L"))))
        product.refresh_from_db()
        assert (product.stock_count, product.is_available) == (0, False)

    def test_a_variant_that_is_not_counted_is_always_there(self) -> None:
        product = keep(ProductData("P", variants=(VariantData("P-1", stock_count=0), VariantData("P-2"))))

        assert (product.stock_count, product.is_available) == (None, True)

    def test_a_stock_that_is_told_for_the_product_gives_way_to_its_variants(self) -> None:
        keep(SHIRT)

        assert upsert_product("SHIRT", stock_count=99).stock_count == 2


class TestCategories:
    def test_a_category_is_known_by_its_slug(self) -> None:
        first = upsert_category("cups", name="Cups")

        assert upsert_category("cups", name="Cups & mugs") == first
        assert Category.objects.values_list("name", flat=True).get() == "Cups & mugs"

    def test_its_place_is_kept_until_another_is_told(self) -> None:
        kitchen = upsert_category("kitchen")
        upsert_category("cups", parent="kitchen")

        assert upsert_category("cups", name="Cups").parent == kitchen
        assert upsert_category("cups", is_top=True).parent is None

    @pytest.mark.parametrize("parent", ["a", "b", "c"])
    def test_a_ring_is_refused(self, parent: str) -> None:
        upsert_category("a")
        upsert_category("b", parent="a")
        upsert_category("c", parent="b")

        with pytest.raises(InvalidRecord, match="ring"):
            upsert_category("a", parent=parent)
        assert Category.objects.get(slug="a").parent is None

    def test_a_ring_is_refused_by_forms(self) -> None:
        top = make_category()
        below = make_category(parent=top)
        top.parent = below

        with pytest.raises(ValidationError, match="ring"):
            top.full_clean()

    def test_a_ring_that_is_stored_hangs_nothing(self) -> None:
        first = make_category(name="First")
        second = make_category(name="Second", parent=first)
        Category.objects.filter(pk=first.pk).update(parent=second)
        third = make_category(name="Third")

        assert category_and_below(first.pk) == {first.pk, second.pk}
        third.parent = first
        third.full_clean()
        assert upsert_category("third", parent=second).parent == second
        assert upsert_category("first", is_top=True).parent is None

    @pytest.mark.parametrize(("slug", "parent"), [("", None), ("No Slug", None), ("cups", "nowhere")])
    def test_what_is_no_category_is_refused(self, slug: str, parent: str | None) -> None:
        with pytest.raises(InvalidRecord):
            upsert_category(slug, parent=parent)

    def test_one_name_may_stand_below_several(self) -> None:
        kitchen = upsert_product("A", category="Kitchen > Gifts").category
        garden = upsert_product("B", category="Garden > Gifts").category

        assert (kitchen.slug, garden.slug) == ("gifts", "garden-gifts")
        assert upsert_product("C", category="Garden > Gifts").category == garden
