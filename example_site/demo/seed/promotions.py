"""The set "Amazon": three offers as that shop mails them (less for all, less from a sum on, a code of one's own).

Each with what this reader may want next, and the ways to the other channels. Nothing here was sent.
"""

# ruff: noqa: E501  texts for people are kept whole

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from example_site.demo.seed.chosen import POOL
from example_site.demo.seed.streams import Blocks, stream
from wagtail_precise_mail.commerce.models import CouponPool
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.models import Email

DISCOUNT, SPEND_AND_SAVE, COUPON = "A tenth less, this week", "Spend £40, save £8", "A code of your own"


@dataclass(frozen=True)
class Promotion:
    """One mail of the set.

    Attributes:
        heading: of the products that are chosen for the reader.
    """

    name: str
    subject: str
    preheader: str
    heading: str


PROMOTIONS = (
    Promotion(
        DISCOUNT,
        'A tenth less this week, {{ contact.first_name | default: "tea friend" }}',
        "On the whole shelf, and on what you may want next.",
        "With a tenth less, for you",
    ),
    Promotion(
        SPEND_AND_SAVE,
        'Save £8, {{ contact.first_name | default: "tea friend" }}',
        "From a parcel of £40 on. Here is what could be in it.",
        "What could be in your parcel",
    ),
    Promotion(
        COUPON,
        'Your own code, {{ contact.first_name | default: "tea friend" }}',
        "For one parcel, whenever you like.",
        "You could spend it on",
    ),
)


def make_promotions(admin: User, *, at: datetime) -> None:
    """Write what is missing."""
    for promotion in PROMOTIONS:
        if not Email.objects.filter(name=promotion.name).exists():
            _make_email(promotion, admin, at)


def _make_email(promotion: Promotion, admin: User, at: datetime) -> None:
    email = Email(
        name=promotion.name,
        subject=promotion.subject,
        preheader=promotion.preheader,
        body=stream(_blocks(promotion, at)),
        sample_contact=Contact.objects.exclude(first_name="").filter(orders__isnull=False).order_by("pk").first(),
        live=False,
    )
    email.save()
    email.save_revision(user=admin).publish()


def _blocks(promotion: Promotion, at: datetime) -> Blocks:
    return [
        ("heading", {"title": promotion.name, "level": "1", "align": "left"}),
        ("rich_text", {"content": '<p>Dear {{ contact.first_name | default: "friend" }},</p>'}),
        _offer(promotion, at),
        ("product_list", {"heading": promotion.heading, "selection": "for_you", "count": 4, "fallback": "best_selling", "layout": "above", "columns": "2", "show_price": True, "show_rating": True, "show_stock": True, "show_reason": True}),
        ("button", {"label": "To the shop", "page": None, "url": "/shop/", "style": "filled", "second_label": "Shop in the app", "second_page": None, "second_url": "https://app.example.com/fern-and-kettle", "second_style": "outline"}),
        ("social", {"words": "See what we are growing:", "accounts": [], "style": "icons"}),
        ("footer", {"reason": "You get this because you asked for our letters.", "unsubscribe_label": "", "show_links": True, "show_accounts": False, "align": ""}),
    ]  # fmt: skip


def _offer(promotion: Promotion, at: datetime) -> tuple[str, dict[str, Any]]:
    if promotion.name == COUPON:
        pool = CouponPool.objects.get(name=POOL)
        return ("coupon", {"title": "10% off your next parcel", "code": "", "pool": pool.pk, "terms": "From £30, once per customer, not on postage.", "empty_words": ""})  # fmt: skip
    words = {"label": "", "page": None, "url": "", "style": "filled", "start": None, "end": (at + timedelta(days=30)).isoformat()}  # fmt: skip
    if promotion.name == DISCOUNT:
        return ("offer", {**words, "title": "10% off everything", "words": "Enter the code at the checkout.", "code": "TENTH", "terms": "Not on vouchers and postage; cannot be combined."})  # fmt: skip
    return ("offer", {**words, "title": "£8 off from £40 on", "words": "It comes off by itself at the checkout.", "code": "", "terms": "One parcel per customer, from £40 of goods on; not on vouchers and postage."})  # fmt: skip
