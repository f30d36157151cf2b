"""Writes what is ready to be sent: brand, segments, email and campaign. Nothing here pretends that it was sent."""

# ruff: noqa: E501  texts for people are kept whole

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from wagtail.images import get_image_model
from wagtail.models import GroupApprovalTask, Site, Workflow, WorkflowContentType, WorkflowTask

from example_site.demo.seed import landing
from example_site.demo.seed.brand import make_brand, make_sender
from example_site.demo.seed.colleagues import SENDERS
from example_site.demo.seed.streams import stream
from example_site.demo.seed.translations import make_translations
from example_site.magazine.models import ArticlePage
from wagtail_precise_mail.campaigns.landing.models import LandingPage
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.emails.models import Email, SavedBlock
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.services import save_segment

CAMPAIGN = "The kettle is on"
SEGMENT = "tea-lovers-gone-quiet"
EMAIL = "The kettle is on: teas for the quiet season"
SAVED_BLOCK = "Until soon"

_SEGMENTS: list[dict[str, Any]] = [
    {
        "slug": SEGMENT,
        "name": "Tea lovers gone quiet",
        "description": "Bought tea within a year, and nothing at all for 60 days.",
        "rules": [
            {"bought_product": {"categories": ["tea"], "days": 365}},
            {"last_order": {"min_days_ago": 60}},
        ],
    },
    {
        "slug": "plant-people",
        "name": "Plant people",
        "description": "Like plants or bought one, and are not waiting for a parcel just now.",
        "rules": [
            {
                "any": [
                    {
                        "contact_field": {
                            "field": "attribute",
                            "attribute": "interests",
                            "operator": "contains",
                            "values": ["plants"],
                        }
                    },
                    {"bought_product": {"categories": ["plants", "planters"], "days": 365}},
                ]
            },
            {"none": [{"last_order": {"max_days_ago": 7}}]},
        ],
    },
    {
        "slug": "best-customers",
        "name": "Best customers",
        "description": "Five orders or more, and over 200 pounds within a year.",
        "rules": [{"order_count": {"min": 5}}, {"net_spend": {"over": 200, "days": 365, "currency": "GBP"}}],
    },
]


def make_mailing(admin: User, *, site: Site) -> None:
    """Write what is missing."""
    make_brand(site)
    _make_workflow()
    for facts in _SEGMENTS:
        _make_segment(facts)
    landing_page = landing.make_landing_page(admin, site=site)
    saved = _first(SavedBlock, SAVED_BLOCK) or _make_saved_block(admin)
    email = _first(Email, EMAIL) or _make_email(admin, saved, landing_page)
    make_translations(email, saved, admin)
    campaign, _is_new = Campaign.objects.get_or_create(
        name=CAMPAIGN,
        defaults={
            "email": email,
            "segment": Segment.objects.get(slug=SEGMENT),
            "topic": Topic.objects.get(slug="newsletter"),
            "site": site,
            # A letter to people who have gone quiet comes from somebody, and not from a shop.
            "sender": make_sender("Ruth from Fern & Kettle", "ruth@example.com", reply_to="hello@example.com"),
            "time_zone": "Europe/London",
        },
    )
    if landing.belongs_to(landing_page, campaign):
        # Approved once more: the page that they lead to has changed since.
        for version in email.get_translations(inclusive=True):
            version.save_revision(user=admin).publish()


def _make_workflow() -> None:
    """Emails of editors are approved by senders."""
    workflow, created = Workflow.objects.get_or_create(name="Somebody else reads it first")
    if created:
        task = GroupApprovalTask.objects.create(name="A sender reads it")
        task.groups.add(Group.objects.get(name=SENDERS))
        WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    content_type = ContentType.objects.get_for_model(Email)
    WorkflowContentType.objects.get_or_create(content_type=content_type, defaults={"workflow": workflow})


def _make_segment(facts: dict[str, Any]) -> None:
    if not Segment.objects.filter(slug=facts["slug"]).exists():
        rules = Rules.from_json({"rules": facts["rules"]})
        save_segment(facts["slug"], name=facts["name"], description=facts["description"], rules=rules)


def _make_saved_block(admin: User) -> SavedBlock:
    saved = SavedBlock(
        name=SAVED_BLOCK,
        live=False,
        body=stream(
            [
                ("divider", {"style": "line"}),
                ("heading", {"title": "Until soon", "level": "3", "align": "left"}),
                (
                    "rich_text",
                    {
                        "content": "<p>Ruth, Tomasz and Mei</p><p>The shop is open Tuesday to Saturday, nine to five. "
                        "The kettle is on from eight.</p>"
                    },
                ),
            ]
        ),
    )
    saved.save()
    saved.save_revision(user=admin).publish()
    return saved


def _first(model: type[Any], name: str) -> Any:
    """Return the one that was written first: its translations have its name."""
    return model.objects.filter(name=name).order_by("pk").first()


def _make_email(admin: User, saved: SavedBlock, landing_page: LandingPage) -> Email:
    email = Email(
        name=EMAIL,
        subject='{{ contact.first_name | default: "Hello" }}, the kettle is on',
        preheader="Three teas for the quiet season, and the pot they deserve.",
        body=stream(_blocks(saved, landing_page)),
        sample_contact=Contact.objects.exclude(first_name="").order_by("pk").first(),
        live=False,
    )
    email.save()
    email.save_revision(user=admin).publish()
    return email


def _blocks(saved: SavedBlock, landing_page: LandingPage) -> list[tuple[str, dict[str, Any]]]:
    articles = {page.slug: page.pk for page in ArticlePage.objects.all()}
    products = {product.sku: product.pk for product in Product.objects.all()}
    picture = get_image_model().objects.get(title="Scene: storefront")
    return [
        ("preheader", {"words": "Three teas for the quiet season, the pot they deserve, and something green for the dark corner."}),
        ("header", {"links": [_link("Teas", "/shop/category/tea/"), _link("Plants", "/shop/category/plants/"), _link("Magazine", "/magazine/")], "align": ""}),
        (
            "image",
            {
                "image": {"image": picture.pk, "decorative": False, "alt_text": "A kettle and a cup before a sunny arch"},
                "caption": "",
                "page": None,
                "url": "/shop/category/tea/",
            },
        ),
        ("heading", {"title": "We have missed you at the table", "level": "1", "align": "left"}),
        (
            "rich_text",
            {
                "content": '<p>Dear {{ contact.first_name | default: "friend" }},</p>'
                "<p>it has been a while. In the meantime we have tasted <b>thirty cups a week</b>, moved the ferns out "
                "of the draft, and asked Hannah for one more round of teapots.</p>"
                "<p>Here is what we would put before you if you came in out of the rain.</p>"
            },
        ),
        ("product", _product(products["TEA-ASSAM"], layout="beside", description=True, label="To the Assam")),
        ("product", _product(products["TEA-DARJEELING"], layout="beside", description=True, label="To the Darjeeling")),
        ("button", {"label": "Get a tasting packet", "page": landing_page.pk, "url": "", "style": "filled", "second_label": "See all the teas", "second_page": None, "second_url": "/shop/category/tea/", "second_style": "outline", "align": "left"}),
        ("divider", {"style": "line"}),
        ("heading", {"title": "Worth a quarter of an hour", "level": "2", "align": "left"}),
        ("page", {"page": articles["a-proper-pot-of-tea"], "layout": "above", "max_length": 180, "link_label": "How to make it"}),
        ("page", {"page": articles["plants-for-dark-corners"], "layout": "beside", "max_length": 120, "link_label": ""}),
        ("heading", {"title": "To pour from, to drink from", "level": "2", "align": "left"}),
        (
            "columns",
            {
                "columns": [
                    [("product", _product(products["POT-FOREST"], layout="above", label="To the teapot"))],
                    [("product", _product(products["MUG-DIPPED"], layout="above", label="To the mug"))],
                ],
                "vertical_align": "top",
            },
        ),
        ("saved_block", {"saved_block": saved.pk}),
        ("footer", {"reason": "You get this because you have bought tea from us, and not for a while.", "unsubscribe_label": "", "show_links": True, "show_accounts": True, "align": ""}),
    ]  # fmt: skip


def _product(pk: int, *, layout: str, label: str, description: bool = False) -> dict[str, Any]:
    return {
        "product": pk,
        "replacement": None,
        "layout": layout,
        "show_price": True,
        "show_description": description,
        "link_label": label,
    }


def _link(label: str, url: str) -> dict[str, Any]:
    return {"label": label, "page": None, "url": url}
