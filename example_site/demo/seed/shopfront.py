"""Writes the shop: categories, products with their pictures."""

from __future__ import annotations

import random
from decimal import Decimal
from io import BytesIO

from django.core.files.images import ImageFile
from PIL import Image as Picture
from wagtail.images import get_image_model
from wagtail.images.models import AbstractImage

from example_site.demo.art.scenes import product_picture
from example_site.demo.seed.catalog import SHELVES, Item
from example_site.demo.seed.terms import FORMS
from example_site.shop.basket import POSTAGE, POSTAGE_SKU
from example_site.shop.services import CURRENCY
from wagtail_precise_mail.commerce.models import Category, Product
from wagtail_precise_mail.commerce.product_data import VariantData
from wagtail_precise_mail.commerce.services import upsert_product
from wagtail_precise_mail.emails.rights import ImageRights


def keep_picture(
    picture: Picture.Image, *, title: str, name: str, description: str, file_format: str = "JPEG"
) -> AbstractImage:
    """Put a picture into the image library; one that is there already stays."""
    model = get_image_model()
    if found := model.objects.filter(title=title).first():
        return found
    data = BytesIO()
    # Flat colors: PNG would be larger, and JPEG below 90 shows rings round the edges.
    picture.save(data, file_format, **({"quality": 92, "subsampling": 0} if file_format == "JPEG" else {}))
    file = ImageFile(BytesIO(data.getvalue()), name=f"{name}.{'jpg' if file_format == 'JPEG' else 'png'}")
    image = model.objects.create(
        title=title, description=description, file=file, width=picture.width, height=picture.height
    )
    ImageRights.objects.create(image=image, is_own=True, source="Drawn for the shop")
    return image


def make_shop(*, picture_size: int, chance: random.Random) -> dict[str, Product]:
    """Write what is missing of the catalog, and return all products by SKU."""
    for shelf in SHELVES:
        category, _created = Category.objects.get_or_create(slug=shelf.slug, defaults={"name": shelf.name})
        for number, item in enumerate(shelf.items):
            stock = 0 if not item.is_available else chance.choice([4, 7, 12, 30, 60, 120])
            if not Product.objects.filter(sku=item.sku).exists():
                _make_product(item, category, stock, number, picture_size)
    charge = {"kind": Product.Kind.CHARGE, "name": "Postage", "price": POSTAGE, "currency": CURRENCY}
    Product.objects.get_or_create(sku=POSTAGE_SKU, defaults=charge)
    return {product.sku: product for product in Product.objects.all()}


def _make_product(item: Item, category: Category, stock: int, number: int, picture_size: int) -> None:
    image = keep_picture(
        product_picture(item.thing, tone=item.tone, variant=number, size=picture_size),
        title=item.name,
        name=item.sku.lower(),
        description=f"{item.name}, drawn on a plain background",
    )
    Product.objects.create(
        sku=item.sku,
        name=item.name,
        description=item.description,
        url=f"/shop/{item.sku.lower()}/",
        image=image,
        category=category,
        price=item.price,
        currency=CURRENCY,
        stock_count=stock,
        is_replenishable=item.days_supply > 0,
        replenish_days=item.days_supply or None,
        **_what_others_say(item),
    )
    _describe(item, stock)


def _describe(item: Item, stock: int) -> None:
    """Give it a maker, a cost, tags, attributes and forms; by the SKU, so that they are the same each time."""
    chance = random.Random(f"{item.sku} described")
    family = item.sku.partition("-")[0]
    words = ["vegan"] if family in ("TEA", "INF", "SEED", "PLANT") else ["handmade"] if family != "GRD" else ["tool"]
    words += [word for word in ("organic", "gift", "fair trade") if chance.random() < 0.25]
    forms = tuple(
        VariantData(sku, name, attributes=dict(attributes), stock_count=max(0, stock - 10 * number))
        for number, (sku, name, attributes) in enumerate(FORMS.get(item.sku, ()))
    )
    upsert_product(
        item.sku,
        brand_name=_BRANDS[family][chance.randrange(2)],
        cost=(item.price * Decimal(str(round(chance.uniform(0.38, 0.62), 3)))).quantize(Decimal("0.01")),
        tags=words,
        attributes={"color": _COLORS[chance.randrange(len(_COLORS))], "caffeine": family == "TEA"},
        variants=forms or None,
    )


_COLORS = ("green", "ochre", "cream", "blue", "plum")
_BRANDS = {
    **dict.fromkeys(("TEA", "INF"), ("Fern & Kettle", "Mill Lane")),
    **dict.fromkeys(("POT", "KET", "CUP", "MUG", "BOWL"), ("Todmorden Clay", "Hannah Wray")),
    **dict.fromkeys(("PLANT", "PLN"), ("Fern & Kettle", "Moss & Moor")),
    **dict.fromkeys(("GRD", "SEED"), ("Sheffield Forge", "Moss & Moor")),
    "PAN": ("Moor Pantry", "Fern & Kettle"),
}


def _what_others_say(item: Item) -> dict[str, object]:
    """Ratings for most, an offer for some; by the SKU, so that they are the same each time."""
    chance = random.Random(item.sku)
    is_rated, is_on_offer = chance.random() < 0.85, chance.random() < 0.18
    count = chance.randrange(3, 240)
    before = (item.price * Decimal(chance.choice(["1.15", "1.2", "1.25", "1.3"]))).quantize(Decimal("0.1"))
    return {
        "compare_at_price": before if is_on_offer else None,
        "rating": Decimal(chance.randrange(38, 50)) / 10 if is_rated else None,
        "rating_count": count if is_rated else None,
    }
