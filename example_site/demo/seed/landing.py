"""Writes the landing page of the campaign: what its mail leads to, for whoever clicked and for everybody else."""

# ruff: noqa: E501  texts for people are kept whole

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from wagtail.models import Site

from example_site.demo.seed.streams import stream
from wagtail_precise_mail.campaigns.landing.models import LandingPage
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.segments.models import Segment

SLUG = "tea-tasting"


def make_landing_page(admin: User, *, site: Site) -> LandingPage:
    """Return the page; write it when it is missing. The email leads there, so it is written before."""
    known = LandingPage.objects.filter(slug=SLUG).first()
    if known:
        return known
    page = LandingPage(
        title="A tasting packet for your next parcel",
        slug=SLUG,
        search_description="Five small packets of our teas, put into your next parcel for nothing.",
        owner=admin,
        live=False,
    )
    page.body = stream(_blocks())
    site.root_page.add_child(instance=page)
    page.save_revision(user=admin).publish()
    page.refresh_from_db()
    return page


def belongs_to(page: LandingPage, campaign: Campaign) -> bool:
    """Say whose mails lead to the page; return whether that is news."""
    if page.campaign_id is not None:
        return False
    page.campaign = campaign
    page.save()
    page.save_revision().publish()
    return True


def _blocks() -> list[tuple[str, dict[str, Any]]]:
    plants = Segment.objects.get(slug="plant-people")
    heading = {"level": "1", "align": "left"}
    links = [("Teas", "/shop/category/tea/"), ("Plants", "/shop/category/plants/"), ("Magazine", "/magazine/")]
    return [
        ("header", {"links": [{"label": label, "page": None, "url": url} for label, url in links], "align": ""}),
        (
            "variants",
            {
                "variants": [
                    {
                        "segments": [plants.pk],
                        "content": [_block("heading", {"title": "Five teas to drink beside your ferns", **heading})],
                    }
                ],
                "default": [_block("heading", {"title": "Five teas to find the one you like", **heading})],
            },
        ),
        (
            "rich_text",
            {
                "content": '<p>Dear {{ contact.first_name | default: "friend" }},</p>'
                "<p>we fill five small packets, each enough for two pots, and put them into your next parcel. It costs nothing, and nobody rings you up about it.</p>"
            },
        ),
        ("goal", {"label": "Put one into my next parcel", "page": None, "url": "/shop/category/tea/", "align": "left"}),
        ("product_list", {"heading": "What you looked at last", "selection": "viewed", "count": 3, "fallback": "best_selling", "layout": "above", "columns": "3", "show_price": True, "show_rating": True}),
    ]  # fmt: skip


def _block(kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "value": value}
