"""The invented past: always the same, believable, and honest about what was sent."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from wagtail.models import Locale, Page, Site

from example_site.demo.seed import SEED, seed
from example_site.demo.seed.mailing import CAMPAIGN
from example_site.demo.seed.past import make_orders
from example_site.demo.seed.people import make_people
from example_site.demo.seed.translations import LANGUAGES
from tests.example_site.conftest import AT, small_seed
from wagtail_precise_mail.campaigns.ideas import Idea
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.preflight import preflight
from wagtail_precise_mail.commerce.models import Order, OrderLine, Product
from wagtail_precise_mail.commerce.reviews import Review
from wagtail_precise_mail.commerce.stores import Store
from wagtail_precise_mail.contacts.fields import ContactField
from wagtail_precise_mail.contacts.models import Consent, ConsentChange, Contact, ContactList, Suppression
from wagtail_precise_mail.contacts.questions import SignUpChoice
from wagtail_precise_mail.contacts.tags import Tag, TagChange
from wagtail_precise_mail.contacts.values import read_value
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.checks import EmailFacts, check_email
from wagtail_precise_mail.emails.models import Email, SavedBlock
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.site_views import SiteView

COUNTED = [
    *(Contact, Consent, ConsentChange, Suppression, Order, OrderLine, Product, Page, Email, Campaign),
    *(SavedBlock, Review, Store, Idea),
    *(OutboxMessage, MessageEvent, SiteView),
]


def text_of(email: Email) -> str:
    """The text part for somebody made up."""
    filled = EmailFacts(email, Site.objects.get(is_default_site=True)).filled
    assert filled is not None
    return filled.text


def counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in COUNTED}


def fingerprint() -> list[Any]:
    return [
        *Contact.objects.order_by("email").values_list(
            "email", "first_name", "birthday_on", "created_at", "attributes", "organization"
        ),
        *Contact.objects.order_by("email", "tags__slug").values_list("email", "tags__slug"),
        *Contact.objects.order_by("email", "lists__slug").values_list("email", "lists__slug"),
        *Order.objects.order_by("number").values_list("number", "kind", "total", "placed_at", "contact__email"),
        *Consent.objects.order_by("contact__email", "topic__slug").values_list(
            "contact__email", "status", "changed_at"
        ),
        *Suppression.objects.order_by("address_hash").values_list("address_hash", "reason", "created_at"),
        *MessageEvent.objects.order_by("happened_at", "contact__email", "kind", "link_index").values_list(
            "happened_at", "contact__email", "kind", "link_index", "is_machine"
        ),
        *SiteView.objects.order_by("happened_at", "contact__email").values_list("happened_at", "path", "seconds"),
    ]


@pytest.mark.slow
@pytest.mark.django_db
def test_the_same_moment_gives_the_same_past() -> None:
    seen = []
    for _time in range(2):
        with transaction.atomic():
            small_seed()
            seen.append(fingerprint())
            transaction.set_rollback(True)

    assert len(seen[0]) > 200
    assert seen[0] == seen[1]


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_a_second_time_changes_nothing_but_the_port() -> None:
    before = counts(), fingerprint()

    seed(scale=0.05, picture_size=48, at=AT + timedelta(days=3), port=8123)

    assert (counts(), fingerprint()) == before
    assert Site.objects.get(is_default_site=True).root_url == "http://localhost:8123"


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_every_address_is_nobodys() -> None:
    assert Contact.objects.exclude(email__endswith="@example.com").count() == 0
    assert Contact.objects.count() == 100


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_something_is_known_of_people_beside_their_names() -> None:
    held = list(Contact.objects.values_list("attributes", flat=True))
    fields = {field.key: field for field in ContactField.objects.all()}

    for key in fields.keys() - {"allergies"}:
        assert any(key in attributes for attributes in held), key
    assert all(read_value(fields[key], value) == value for one in held for key, value in one.items())
    assert Contact.objects.exclude(organization="").exists()
    answered = Tag.objects.exclude(pk__in=SignUpChoice.objects.filter(tag__isnull=False).values("tag"))
    assert all(tag.contact_tags.exists() for tag in answered)
    assert TagChange.objects.filter(action="removed").exists() == any(one.get("points", 0) > 460 for one in held)
    assert all(one.contacts.exists() for one in ContactList.objects.exclude(slug="market-stall"))


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_the_campaign_of_today_was_not_sent_yet() -> None:
    campaign = Campaign.objects.get(name=CAMPAIGN)

    assert (campaign.state, campaign.send) == (Campaign.State.DRAFT, None)
    assert {one.state for one in Campaign.objects.exclude(pk=campaign.pk)} == {Campaign.State.SENT}
    assert {one.state for one in Send.objects.all()} == {Send.State.FINISHED}
    assert not OutboxMessage.objects.filter(state__in=OutboxMessage.OPEN_STATES).exists()
    assert not MessageEvent.objects.filter(happened_at__gte=AT).exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_the_campaign_is_ready_to_be_scheduled() -> None:
    campaign = Campaign.objects.get(name=CAMPAIGN)

    findings = preflight(campaign, at=timezone.now())

    assert [str(finding.message) for finding in findings if finding.is_error] == []
    assert members(campaign.segment, at=AT).exists()


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_the_emails_are_published_and_nothing_is_wrong_with_them() -> None:
    site = Site.objects.get(is_default_site=True)
    used = set()
    for email in Email.objects.all():
        used |= {child.block_type for child in email.body}
        errors = [str(finding.message) for finding in check_email(email, site) if finding.is_error]
        assert (email.name, email.live, errors) == (email.name, True, [])

    assert used >= {"heading", "columns", "saved_block", "page", "product", "page_list", "product_list", "coupon"}


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("code", ["de", "zh-hans"])
def test_readers_get_the_email_of_the_campaign_in_their_language(code: str) -> None:
    email = Campaign.objects.get(name=CAMPAIGN).email
    translation = email.get_translation(Locale.objects.get(language_code=code))
    stored = json.dumps([email.body.get_prep_value(), translation.body.get_prep_value()], ensure_ascii=False)

    assert translation.live
    assert [child.block_type for child in translation.body] == [child.block_type for child in email.body]
    left = [words for words in LANGUAGES[code] if stored.count(json.dumps(words, ensure_ascii=False)) > 1]
    assert left == [], "words that nobody translated"
    closing = SavedBlock.objects.get(locale=translation.locale).body[1].value["title"]
    assert closing == LANGUAGES[code]["Until soon"]
    assert closing in text_of(translation)


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_one_review_waits_and_the_others_are_shown() -> None:
    assert Counter(Review.objects.values_list("state", flat=True)) == {"approved": 2, "pending": 1}
    chosen = Email.objects.get(name="Chosen for you")
    text = text_of(chosen)

    assert "It pours without a drip." in text
    assert "smaller than I thought" not in text
    assert "The Old Seed Store" in text
    assert Store.objects.count() == 2
    assert Idea.objects.filter(state=Idea.State.OPEN).count() == 2


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_an_editor_may_write_and_a_sender_may_send() -> None:
    editor, sender = (get_user_model().objects.get(username=name) for name in ("editor", "sender"))

    assert editor.has_perm("wagtail_precise_mail.change_email")
    assert not editor.has_perm("wagtail_precise_mail.send_campaign")
    assert not editor.has_perm("wagtail_precise_mail.view_contact")
    assert sender.has_perm("wagtail_precise_mail.send_campaign")
    assert sender.has_perm("wagtail_precise_mail.publish_email")
    assert sender.has_perm("wagtail_precise_mail.view_contact")


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_totals_are_the_sums_of_their_lines_less_the_discount_and_with_the_shipping() -> None:
    for order in Order.objects.prefetch_related("lines"):
        lines = sum(line.total for line in order.lines.all())
        assert order.total == lines - order.order_discount + order.shipping_total
        assert order.is_historical
        assert (order.total < 0) == (order.kind == Order.Kind.REFUND)


def test_the_year_the_week_and_the_day_have_their_rhythm() -> None:
    chance = random.Random(SEED)
    people = make_people(2000, chance=chance, at=AT)
    orders = make_orders(people, chance=chance, at=AT)
    months, days, hours = (Counter(map(part, orders)) for part in (_month, _weekday, _hour))

    assert months["2025-12"] > 1.5 * months["2025-08"]
    assert days[6] > days[5]
    assert hours[20] > 5 * hours[3]
    assert 0.02 < sum(order.kind == "refund" for order in orders) / len(orders) < 0.06
    assert max(order.placed_at for order in orders) < AT
    assert min(order.placed_at for order in orders) >= AT - timedelta(days=731)


def test_people_buy_again_what_runs_out() -> None:
    chance = random.Random(SEED)
    orders = make_orders(make_people(2000, chance=chance, at=AT), chance=chance, at=AT)
    bought: Counter[tuple[str, str]] = Counter(
        (order.person.email, line.sku) for order in orders if order.kind == "sale" for line in order.lines
    )
    again = Counter(sku for (_email, sku), times in bought.items() if times > 1)

    assert again["TEA-BREAKFAST"] > 5 * again["KET-COPPER"]


def _month(order: Any) -> str:
    return f"{order.placed_at:%Y-%m}"


def _weekday(order: Any) -> int:
    return order.placed_at.weekday()


def _hour(order: Any) -> int:
    return order.placed_at.hour
