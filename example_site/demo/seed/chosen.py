"""Writes what each reader gets their own of: a pool of coupon codes, learned pairs of products, and an email with both."""

# ruff: noqa: E501  texts for people are kept whole

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F

from example_site.demo.seed.streams import stream
from wagtail_precise_mail.commerce.catalog import for_sale
from wagtail_precise_mail.commerce.coupons import add_codes
from wagtail_precise_mail.commerce.learning import learn_pairs, learn_popularity
from wagtail_precise_mail.commerce.models import Category, CouponPool, ProductPair
from wagtail_precise_mail.commerce.stores import Store
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.models import Email

POOL = "Autumn thank-you, 10% off"
EMAIL = "Chosen for you"
CODES = 500
# No 0 and O, no 1 and I: people type them.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def make_chosen(admin: User, *, at: datetime) -> None:
    """Write what is missing."""
    if not ProductPair.objects.exists():
        learn_popularity(at=at)
        learn_pairs(at=at)
    pool = _make_pool(at)
    if not Email.objects.filter(name=EMAIL).exists():
        _make_email(admin, pool)


def _make_pool(at: datetime) -> CouponPool:
    pool, is_new = CouponPool.objects.get_or_create(
        name=POOL, defaults={"expires_at": at + timedelta(days=45), "low_stock_at": 50}
    )
    if is_new:
        chance = random.Random(POOL)
        codes = ("FERN-" + "".join(chance.choices(_LETTERS, k=6)) for _number in range(CODES))
        add_codes(pool, enumerate(codes, 1))
    return pool


def _make_email(admin: User, pool: CouponPool) -> None:
    email = Email(
        name=EMAIL,
        subject='Chosen for you, {{ contact.first_name | default: "tea friend" }}',
        preheader="What goes with your last order, what is new to read, and a little thank-you.",
        body=stream(_blocks(pool)),
        sample_contact=Contact.objects.exclude(first_name="").filter(orders__isnull=False).order_by("pk").first(),
        live=False,
    )
    email.save()
    email.save_revision(user=admin).publish()


def _on_offer() -> int | None:
    """Something with a price before and few left: a price that is worth looking up when the mail is opened."""
    offers = for_sale().filter(compare_at_price__gt=F("price"))
    return offers.order_by(F("stock_count").asc(nulls_last=True), "pk").values_list("pk", flat=True).first()


def _blocks(pool: CouponPool) -> list[tuple[str, dict[str, Any]]]:
    shown = {"show_price": True, "show_rating": True, "show_stock": True, "show_reason": False}
    return [
        ("heading", {"title": "Chosen for you", "level": "1", "align": "left"}),
        ("rich_text", {"content": '<p>Dear {{ contact.first_name | default: "friend" }}, no two of these letters are the same: this one was made from what you had from us last.</p>'}),
        ("product_list", {"heading": "Goes with your last order", "selection": "bought_together", "count": 4, "fallback": "best_selling", "layout": "above", "columns": "2", **shown, "show_reason": True}),
        ("button", {"label": "See all of it", "page": None, "url": "/shop/", "style": "filled", "align": "left"}),
        ("product_list", {"heading": "On offer", "selection": "on_offer", "count": 3, "layout": "compact", **shown}),
        ("live_price", {"product": _on_offer()}),
        ("coupon", {"title": "10% off your next parcel", "code": "", "pool": pool.pk, "terms": "From £30, once per customer, not on postage.", "empty_words": ""}),
        ("review", {"selection": "newest", "show_product": True}),
        ("store", {"title": "Or come in out of the rain", "default": Store.objects.order_by("pk").values_list("pk", flat=True).first(), "show_picture": True, "link_label": "Find us"}),
        ("page_list", {"heading": "New in the magazine", "selection": "newest", "page_type": "magazine.ArticlePage", "count": 3, "layout": "beside", "max_length": 120, "skip_sent_days": 60}),
        ("product_list", {"heading": "From the plant room", "selection": "category", "category": Category.objects.get(slug="plants").pk, "count": 3, "layout": "above", "columns": "3", **shown}),
    ]  # fmt: skip
