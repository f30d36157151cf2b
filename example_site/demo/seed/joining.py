"""Writes what signing up needs: the policy, the wording, and where people come from."""

from __future__ import annotations

from datetime import datetime, timedelta

from wagtail.models import Site

from example_site.magazine.models import FlexPage
from wagtail_precise_mail.commerce.models import CouponPool
from wagtail_precise_mail.commerce.welcome import Incentive
from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.contacts.questions import SignUpChoice, SignUpQuestion
from wagtail_precise_mail.contacts.sign_ups import SignUpSource
from wagtail_precise_mail.contacts.tagging import get_tag
from wagtail_precise_mail.contacts.wordings import PrivacyPolicy, add_wording

WORDING = (
    "Yes, write to me about what I ticked. Fern & Kettle keeps my address and which letters I open for as long as I "
    "read them, and one click at the end of each letter ends it."
)
SOURCES = {
    "footer": ("Foot of the site", ""),
    "social-x": ("X", "Spring of ferns"),
    "market-stall": ("QR code at the market stall", "Hebden Bridge market"),
}

STALL = "market-stall"
QUESTION = "What they like"
ANSWERS = {"Tea": "tea lover", "Houseplants": "plant lover", "Ferns most of all": "fern lover"}


def make_joining(site: Site, *, at: datetime) -> None:
    """Write what is missing of it."""
    page = FlexPage.objects.get(slug="your-data")
    facts = {"page": page.page_ptr, "published_at": at - timedelta(days=800)}
    PrivacyPolicy.objects.get_or_create(site=site, version="1", defaults=facts)
    add_wording(WORDING, topics=Topic.objects.filter(is_public=True), language="en", at=at)
    for slug, (name, campaign) in SOURCES.items():
        SignUpSource.objects.get_or_create(slug=slug, defaults={"name": name, "campaign": campaign})
    _make_question()
    _make_incentive()


def _make_question() -> None:
    facts = {"text": "What do you have at home, or would like to?", "is_on_own_page": True}
    question, is_new = SignUpQuestion.objects.get_or_create(name=QUESTION, defaults=facts)
    for number, (label, tag) in enumerate(ANSWERS.items() if is_new else ()):
        SignUpChoice.objects.create(question=question, label=label, tag=get_tag(tag), sort_order=number)


def _make_incentive() -> None:
    """Whoever signs up at the stall gets a code out of the pool."""
    pool = CouponPool.objects.order_by("pk").first()
    if pool:
        facts = {"pool": pool, "title": "10% off your first parcel", "terms": "From £30, not on postage."}
        Incentive.objects.get_or_create(source=SignUpSource.objects.get(slug=STALL), defaults=facts)
