"""The letters of the past: they went to those who had agreed, and what came of them could have happened."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.example_site.conftest import AT
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import ConsentChange, ConsentStatus, Suppression, SuppressionReason
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.tracking.engagement import ContactEngagement
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.queries import figures
from wagtail_precise_mail.tracking.site_views import SiteView

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]

Kind = MessageEvent.Kind


def test_everybody_who_got_a_letter_had_agreed_to_it() -> None:
    for message in OutboxMessage.objects.select_related("send", "contact"):
        changes = ConsentChange.objects.filter(
            contact=message.contact, topic=message.send.topic, changed_at__lt=message.created_at
        )
        last = changes.order_by("changed_at", "pk").last()
        assert last is not None
        assert last.status == ConsentStatus.GRANTED


def test_people_and_programs_react() -> None:
    kinds = Counter(MessageEvent.objects.values_list("kind", "is_machine"))

    assert kinds[Kind.OPEN, False] > kinds[Kind.CLICK, False] > 5
    assert kinds[Kind.OPEN, True] > 10
    assert not MessageEvent.objects.filter(message__state="rejected").exists()
    for event in MessageEvent.objects.select_related("message"):
        assert event.message.handed_off_at is not None
        assert event.happened_at >= event.message.handed_off_at


def test_an_order_is_credited_to_a_click_shortly_before_it() -> None:
    window = timedelta(days=options().conversion_window_days)
    for event in MessageEvent.objects.filter(kind=Kind.CONVERSION).select_related("order"):
        clicks = MessageEvent.objects.filter(contact=event.contact, kind=Kind.CLICK, is_machine=False)
        assert event.order is not None
        assert (event.value, event.currency) == (event.order.total, event.order.currency)
        assert clicks.filter(
            message=event.message, happened_at__range=(event.happened_at - window, event.happened_at)
        ).exists()


def test_nobody_is_written_to_after_they_left() -> None:
    others = Suppression.objects.exclude(reason=SuppressionReason.HARD_BOUNCE)
    gone = dict(others.values_list("address_hash", "created_at"))
    for message in OutboxMessage.objects.filter(recipient_key__in=gone, state="accepted"):
        assert message.created_at < gone[message.recipient_key]


def test_the_report_of_a_letter_knows_its_links() -> None:
    sent = Campaign.objects.filter(state=Campaign.State.SENT).order_by("-scheduled_at")
    found = [figures(campaign.send_id) for campaign in sent if campaign.send_id]

    assert len(found) == 16
    assert any(link.clicks and link.label for one in found for link in one.links)


def test_reactions_are_there_to_be_asked_for() -> None:
    clicked = Rules.from_json({"rules": [{"clicked_mail": {}}]})

    assert members(clicked, at=AT).exists()
    assert ContactEngagement.objects.values("stage").distinct().count() > 1
    assert SiteView.objects.filter(kind="product", product__isnull=False).exists()


def test_the_shop_asks_and_then_is_told(client: Client) -> None:
    assert "May we keep which pages" in client.get("/shop/").content.decode()
    assert "visits.js" not in client.get("/shop/").content.decode()

    answer = client.post(
        reverse("wagtail_precise_mail:visit_consent"), {"answer": "yes", "next": "/shop/tea-assam/"}, follow=True
    )

    page = answer.content.decode()
    assert "You agreed that we keep" in page
    assert 'data-product="TEA-ASSAM"' in page
    assert 'data-search="fern"' in client.get("/shop/?q=fern").content.decode()
