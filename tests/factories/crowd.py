"""A made-up crowd of customers with holes in everything, for tests of conditions."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tests.factories.commerce import make_category, make_order, make_product
from tests.factories.contacts import make_contact, make_list, make_tag
from wagtail_precise_mail.commerce.models import (
    Cart,
    CartLine,
    Category,
    ContactFigures,
    ContactStanding,
    Order,
    OrderCoupon,
    OrderLine,
    Product,
    ProductTag,
    ProductVariant,
)
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.preferences import correct, months_later
from wagtail_precise_mail.contacts.tagging import add_tag
from wagtail_precise_mail.segments.movements import Movement

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)

_STAGES = ["new", "mature", "at_risk", "churned"]
_GROUPS = ["champions", "loyal", "at_risk", "lost"]


def make_crowd(seed: int = 20260601, size: int = 60) -> list[Contact]:
    """Contacts, orders, carts, figures, standings and movements around :data:`AT`, the same ones for a seed."""
    dice = random.Random(seed)
    products = _make_products()
    vips, press = make_list(slug="vips"), make_list(slug="press")
    tags = [make_tag(slug="tea"), make_tag(slug="cake")]
    for index in range(size):
        contact = _make_person(dice)
        for tag in tags:
            if dice.random() < 0.3:
                add_tag(contact, tag, source="test", at=AT)
        for one in (vips, press):
            if dice.random() < 0.4:
                one.contacts.add(contact)
        for _order in range(0 if index % 4 == 0 else dice.randint(1, 6)):
            _make_purchase(dice, contact, products)
        _make_habits(dice, contact)
    _make_purchase(dice, None, products)
    for index, contact in enumerate(Contact.objects.order_by("pk")):
        Contact.objects.filter(pk=contact.pk).update(created_at=months_later(AT, -(index % 24)))
        if index % 3:
            correct(contact, {}, at=AT - timedelta(days=70 * (index % 7)))
    lines = "orders__lines__product__further_categories"
    prefetched = Contact.objects.prefetch_related(
        lines, "orders__lines__product__tags", "orders__lines__variant", "orders__coupons", "carts__lines", "movements"
    )
    return list(prefetched.order_by("pk"))


def _make_products() -> list[Product]:
    tea = make_category(name="Tea")
    sorts = make_category(name="Sorts", parent=tea)
    deep = sorts
    for level in range(7):
        deep = make_category(name=f"Level {level}", parent=deep)
    gifts = make_category(name="Gifts")
    ring = make_category(name="Ring")
    Category.objects.filter(pk=ring.pk).update(parent=make_category(name="Rung", parent=ring))
    vegan = ProductTag.objects.create(name="Vegan", slug="vegan")
    products = [
        make_product("A", category=tea, brand_name="Fern", attributes={"color": "Red"}),
        make_product("B", brand_name="Kettle", attributes={"color": ["blue", "red"]}),
        make_product("C", category=deep, is_replenishable=True, replenish_days=30),
        make_product("D", category=ring, brand_name="fern", attributes={"color": None}, replenish_days=10),
        make_product("POST", kind=Product.Kind.CHARGE),
    ]
    products[1].further_categories.add(gifts)
    products[0].further_categories.add(gifts)
    products[3].tags.add(vegan)
    ProductVariant.objects.create(product=products[1], sku="B-1", attributes={"color": "green"})
    return products


def _make_person(dice: random.Random) -> Contact:
    return make_contact(
        country=dice.choice(["GB", "DE", "FR", ""]),
        city=dice.choice(["Rome", "Paris", ""]),
        job_level=dice.choice(["staff", "head", "owner", ""]),
        birthday_on=dice.choice([None, date(1990, 5, 5), date(1996, 6, 1), date(1996, 6, 2), date(2004, 1, 1)]),
        attributes=dice.choice([{}, {"size": 38}, {"size": 41}, {"size": None}, {"other": 1}]),
    )


def _make_purchase(dice: random.Random, contact: Contact | None, products: list[Product]) -> Order:
    kind = dice.choice(["sale", "sale", "sale", "sale", "refund", "adjustment"])
    sign = -1 if kind == "refund" else 1
    lines = [
        (dice.choice(products), sign * dice.randint(1, 5), Decimal(dice.randint(1, 1000)) / 100)
        for _line in range(dice.randint(1, 3))
    ]
    if kind == "sale" and dice.random() < 0.2:
        lines.append((products[0], -2, Decimal("1.25")))
    days = dice.choice([-5, 0, 10, 30, 59, 60, 61, 100, 400])
    currency, rate = dice.choice([("GBP", 1), ("GBP", 1), ("EUR", "0.85"), ("USD", None)])
    order = make_order(
        contact,
        lines,
        placed_at=AT - timedelta(days=days, hours=dice.choice([0, 0, 5, 15])),
        kind=kind,
        currency=currency,
        base_rate=rate and Decimal(rate),
        country=dice.choice(["GB", "DE", ""]),
        channel=dice.choice(["web", "Web", "app", ""]),
        payment_method=dice.choice(["card", "invoice", ""]),
        shipping_method=dice.choice(["Parcel", "letter", ""]),
    )
    order.discount_total = dice.choice([0, 0, Decimal("1.50")]) if kind == "sale" else 0
    order.shipping_total = dice.choice([0, Decimal("0.35")]) if kind == "sale" else 0
    if dice.random() < 0.7:
        order.costed_total, order.cost_total = order.total, round(order.total * Decimal(dice.choice(["0.4", "0.9"])), 4)
    order.save()
    for line in order.lines.all():
        if line.product.sku == "B" and dice.random() < 0.6:
            OrderLine.objects.filter(pk=line.pk).update(variant=ProductVariant.objects.get())
    if kind == "sale" and dice.random() < 0.4:
        OrderCoupon.objects.create(order=order, code=dice.choice(["WELCOME-1", "WELCOME-2", "SALE"]))
    if kind == "sale" and dice.random() < 0.3:
        _give_back(dice, order)
    return order


def _give_back(dice: random.Random, order: Order) -> None:
    """Refund the first line, in whole or in part, on a day before or after the moment."""
    line = order.lines.order_by("position").first()
    assert line is not None
    refund = make_order(
        order.contact,
        [(line.product, -dice.randint(1, max(line.quantity, 1)), line.unit_price)],
        placed_at=max(order.placed_at, AT - timedelta(days=dice.choice([-1, 20]))),
        kind="refund",
        currency=order.currency,
        base_rate=order.base_rate,
        refund_of=order,
    )
    refund.lines.update(refund_of=line)


def _make_habits(dice: random.Random, contact: Contact) -> None:
    if dice.random() < 0.6:
        _make_cart(dice, contact)
    if dice.random() < 0.7:
        tea, gifts = Category.objects.get(slug="tea"), Category.objects.get(slug="gifts")
        changed_at = dice.choice([None, AT - timedelta(days=10), AT + timedelta(days=1)])
        ContactFigures.objects.create(
            contact=contact,
            favorite_category=dice.choice([None, Category.objects.get(slug="level-6"), gifts]),
            former_category=dice.choice([None, tea]) if changed_at else None,
            category_changed_at=changed_at,
            favorite_brand=dice.choice(["", "Fern"]),
            preferred_hour=dice.choice([None, 9, 20]),
            preferred_weekday=dice.choice([None, 0, 6]),
            computed_at=AT,
        )
    stage, group = _walk(dice, contact, "buying_stage", _STAGES), _walk(dice, contact, "rfm_group", _GROUPS)
    _walk(dice, contact, "value_tier", ["top", "high", "middle", "low"])
    if dice.random() < 0.7:
        ContactStanding.objects.create(
            contact=contact,
            recency_score=dice.choice([None, 1, 3, 5]),
            frequency_score=dice.choice([None, 1, 3, 5]),
            monetary_score=dice.choice([None, 1, 3, 5]),
            rfm_group=group,
            rfm_since=dice.choice([None, AT - timedelta(days=40)]),
            buying_stage=stage,
            stage_since=AT - timedelta(days=dice.choice([1, 30])),
            computed_at=AT,
        )


def _walk(dice: random.Random, contact: Contact, axis: str, places: list[str]) -> str:
    before = ""
    for days in sorted(dice.sample([200, 90, 30, 10, 0, -3], dice.randint(0, 4)), reverse=True):
        after = dice.choice([place for place in [*places, ""] if place != before])
        moved_at = AT - timedelta(days=days)
        Movement.objects.create(contact=contact, axis=axis, before=before, after=after, moved_at=moved_at)
        before = after
    return before


def _make_cart(dice: random.Random, contact: Contact) -> None:
    changed_at = AT - timedelta(hours=dice.choice([-3, 0, 2, 24, 72]))
    cart = Cart.objects.create(
        source="shop",
        key=str(contact.pk),
        contact=contact,
        currency=dice.choice(["GBP", "EUR"]),
        total=Decimal(dice.choice([5, 50])),
        started_at=changed_at - timedelta(hours=1),
        changed_at=changed_at,
        closed_at=dice.choice([None, None, AT + timedelta(hours=9), AT - timedelta(hours=1)]),
    )
    sku = dice.choice(["A", "C"])
    product = Product.objects.get(sku=sku)
    CartLine.objects.create(cart=cart, position=1, product=product, quantity=1, unit_price=5)
