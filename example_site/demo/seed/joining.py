"""Writes what signing up needs: the policy, the wording, and where people come from."""

from __future__ import annotations

from datetime import datetime, timedelta

from wagtail.models import Site

from example_site.magazine.models import FlexPage
from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.contacts.sign_ups import SignUpSource
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


def make_joining(site: Site, *, at: datetime) -> None:
    """Write what is missing of it."""
    page = FlexPage.objects.get(slug="your-data")
    facts = {"page": page.page_ptr, "published_at": at - timedelta(days=800)}
    PrivacyPolicy.objects.get_or_create(site=site, version="1", defaults=facts)
    add_wording(WORDING, topics=Topic.objects.filter(is_public=True), language="en", at=at)
    for slug, (name, campaign) in SOURCES.items():
        SignUpSource.objects.get_or_create(slug=slug, defaults={"name": name, "campaign": campaign})
