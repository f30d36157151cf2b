"""Writes what buyers say, where the shops are, and what one could write about."""

# ruff: noqa: E501  texts for people are kept whole

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from wagtail.images import get_image_model

from wagtail_precise_mail.campaigns.ideas import Idea
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.reviews import Review, moderate
from wagtail_precise_mail.commerce.stores import Store

_HOURS = "Tue–Fri 9–17\nSat 9–16"
_REVIEWS = [
    ("TEA-ASSAM", "Morag C.", 5, "Strong enough for our water and our mornings. The first tea in years that my husband makes without being asked.", 21, True),
    ("POT-FOREST", "Imran K.", 5, "It pours without a drip. I had given up on teapots.", 12, True),
    ("MUG-DIPPED", "Grace W.", 3, "Lovely in the hand, but smaller than I thought from the picture.", 2, False),
]  # fmt: skip
_IDEAS = [
    ("Hard water, flat tea", Idea.Kind.CUSTOMER_PAIN, "Four letters this month. A page on water, and the Assam that stands up to it."),
    ("A shelf of ferns for north windows", Idea.Kind.TREND, "People photograph theirs. Ask three of them."),
]  # fmt: skip


def make_voices(admin: User, *, at: datetime) -> None:
    """Write what is missing."""
    if not Store.objects.exists():
        _make_stores()
    if not Review.objects.exists():
        _make_reviews(admin, at)
    for title, kind, notes in _IDEAS:
        Idea.objects.get_or_create(title=title, defaults={"kind": kind, "notes": notes})


def _make_stores() -> None:
    picture = get_image_model().objects.filter(title="Scene: storefront").first()
    mill = {"address": "The Old Seed Store\n4 Mill Lane", "city": "Hebden Bridge", "region": "West Yorkshire"}
    kiosk = {"address": "Kirkgate Market\nStall 12", "city": "Leeds", "region": "West Yorkshire"}
    Store.objects.create(
        name="The Old Seed Store", country="GB", opening_hours=_HOURS, url="/about/", image=picture, **mill
    )
    Store.objects.create(
        name="The market stall", country="GB", opening_hours="First Saturday of the month, 9–14", **kiosk
    )


def _make_reviews(admin: User, at: datetime) -> None:
    """Two are approved, one waits for somebody to read it."""
    for sku, name, stars, words, days_ago, is_approved in _REVIEWS:
        facts = {"name": name, "stars": stars, "words": words}
        review = Review.objects.create(product=Product.objects.get(sku=sku), **facts)
        Review.objects.filter(pk=review.pk).update(created_at=at - timedelta(days=days_ago))
        if is_approved:
            moderate(review, Review.State.APPROVED, by=admin, at=at - timedelta(days=days_ago - 1))
