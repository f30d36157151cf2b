"""What a campaign shows is what was approved, or somebody is told."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from wagtail.log_actions import registry as log_registry

from tests.factories.campaigns import (
    BODY,
    DUE_AT,
    NOW,
    make_campaign,
    make_email,
    make_readers,
    make_scheduled,
    make_sender,
)
from tests.factories.commerce import make_product
from tests.factories.contacts import make_topic
from tests.factories.pages import make_page
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.preflight import preflight
from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.emails.models import ApprovedContent, Email

pytestmark = pytest.mark.django_db
State = Campaign.State
CHANGED = "Teapot: price £38.00 → £42.00"


@pytest.fixture
def product() -> Product:
    return make_product(name="Teapot", price="38", stock_count=9)


@pytest.fixture
def stops(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "price_change": "stop"}


def email_of(product: Product) -> Email:
    return make_email(body=[*BODY, {"type": "product", "value": {"product": product.pk}}])


def raise_price(to: str = "42") -> None:
    Product.objects.update(price=to)


def messages(campaign: Campaign, at: datetime = NOW) -> list[str]:
    return [finding.message for finding in preflight(campaign, at=at)]


def start(campaign: Campaign, at: datetime = DUE_AT) -> Campaign:
    services.start_due(at)
    campaign.refresh_from_db()
    return campaign


def log(campaign: Campaign) -> list[str]:
    return [entry.message for entry in log_registry.get_logs_for_instance(campaign)]


def sent_html(campaign: Campaign) -> str:
    parts = Send.objects.get(pk=campaign.send_id).compiled.payload["html"]
    return "".join(part for part in parts if isinstance(part, str))


class TestPreflight:
    def test_price_that_changed_since_the_email_was_published_is_a_warning(self, product: Product) -> None:
        campaign = make_campaign(email=email_of(product))
        assert CHANGED not in messages(campaign)
        raise_price()
        assert CHANGED in messages(campaign)

    def test_page_that_was_published_again_is_a_warning(self) -> None:
        page = make_page(title="Spring tea")
        campaign = make_campaign(email=make_email(body=[*BODY, {"type": "page", "value": {"page": page.pk}}]))
        page.save_revision().publish()
        assert any(message.startswith("The page “Spring tea” was published again") for message in messages(campaign))

    def test_changes_hinder_nobody_from_scheduling(self, product: Product) -> None:
        campaign = make_campaign(email=email_of(product))
        raise_price()
        services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)
        assert campaign.state == State.SCHEDULED

    def test_link_to_an_unpublished_page_is_an_error(self) -> None:
        page = make_page(title="Not yet", live=False)
        button = {"type": "button", "value": {"label": "Read", "page": page.pk}}
        campaign = make_campaign(email=make_email(body=[*BODY, button]))
        with pytest.raises(Exception, match="“Not yet”, which is not published"):
            services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)


class TestScheduling:
    def test_scheduling_approves_what_the_email_shows_then(self, product: Product) -> None:
        email = email_of(product)
        raise_price()
        campaign = make_scheduled(email=email)
        pinned = ApprovedContent.objects.get(origin_kind="campaign", origin_id=campaign.pk)
        assert pinned.facts["products"][str(product.pk)]["price"] == "42"
        assert pinned.revision_id == campaign.email_revision_id
        assert pinned.approved_at == NOW

    def test_second_campaign_does_not_approve_for_the_first(self, product: Product, stops: None) -> None:
        email = email_of(product)
        first = make_scheduled(email=email)
        raise_price()
        second = make_scheduled(email=email)
        start(first)
        second.refresh_from_db()
        assert (first.state, second.state) == (State.PAUSED, State.SENDING)

    def test_unscheduling_forgets_it(self, product: Product) -> None:
        campaign = make_scheduled(email=email_of(product))
        services.unschedule(campaign, by=make_sender())
        assert not ApprovedContent.objects.filter(origin_kind="campaign").exists()
        assert ApprovedContent.objects.count() == 1


class TestStarting:
    def test_price_is_read_at_the_start_and_the_difference_is_on_record(self, product: Product) -> None:
        topic = make_topic()
        make_readers(topic, 2)
        campaign = make_scheduled(email=email_of(product), topic=topic)
        raise_price()
        start(campaign)
        assert campaign.state == State.SENDING
        assert "£42.00" in sent_html(campaign)
        assert f"Not as it was approved: {CHANGED}" in log(campaign)

    def test_nothing_changed_is_nothing_on_record(self, product: Product) -> None:
        campaign = start(make_scheduled(email=email_of(product)))
        assert not any("Not as it was approved" in entry for entry in log(campaign))

    def test_price_stops_it_where_the_site_says_so(self, product: Product, stops: None) -> None:
        campaign = make_scheduled(email=email_of(product))
        raise_price()
        start(campaign)
        assert (campaign.state, campaign.send) == (State.PAUSED, None)
        assert CHANGED in campaign.pause_reason
        assert "resuming approves them" in campaign.pause_reason

    def test_it_stays_paused_until_somebody_resumes_it(self, product: Product, stops: None) -> None:
        campaign = make_scheduled(email=email_of(product))
        raise_price()
        start(campaign)
        start(campaign, DUE_AT + timedelta(minutes=1))
        assert campaign.state == State.PAUSED
        services.resume(campaign, by=make_sender(), at=DUE_AT + timedelta(minutes=2))
        start(campaign, DUE_AT + timedelta(minutes=2))
        assert campaign.state == State.SENDING
        assert "£42.00" in sent_html(campaign)

    def test_price_that_changes_once_more_stops_it_once_more(self, product: Product, stops: None) -> None:
        campaign = make_scheduled(email=email_of(product))
        raise_price()
        start(campaign)
        services.resume(campaign, by=make_sender(), at=DUE_AT)
        raise_price("45")
        start(campaign)
        assert campaign.state == State.PAUSED
        assert "£42.00 → £45.00" in campaign.pause_reason

    @pytest.mark.parametrize("values", [{"stock_count": 3}, {"name": "Big teapot"}, {"description": "Blue."}])
    def test_other_changes_do_not_stop_it(self, product: Product, stops: None, values: dict[str, Any]) -> None:
        campaign = make_scheduled(email=email_of(product))
        Product.objects.update(**values)
        assert start(campaign).state == State.SENDING

    def test_reason_names_the_first_changes_only(self, stops: None) -> None:
        products = [make_product(name=f"Pot {number}", price="10") for number in range(8)]
        blocks = [{"type": "product", "value": {"product": one.pk}} for one in products]
        campaign = make_scheduled(email=make_email(body=[*BODY, *blocks]))
        raise_price()
        start(campaign)
        assert len(re.findall(r"price £10", campaign.pause_reason)) == 5
        assert "and 3 more" in campaign.pause_reason

    def test_page_that_was_unpublished_meanwhile_stops_its_links(self) -> None:
        page = make_page(title="Spring tea")
        button = {"type": "button", "value": {"label": "Read", "page": page.pk}}
        campaign = make_scheduled(email=make_email(body=[*BODY, button]))
        page.unpublish()
        start(campaign)
        assert campaign.state == State.PAUSED
        assert "“Spring tea” is not published" in campaign.pause_reason


class TestLists:
    """Lists choose anew: that they show others is a hint, but a price that was approved is a price."""

    @pytest.fixture
    def listed(self) -> Email:
        make_product(name="Teapot", price="38", image_url="https://cdn.example.com/a.jpg")
        value = {"selection": "newest", "count": 1, "heading": "New in"}
        return make_email(body=[*BODY, {"type": "product_list", "value": value}])

    def newer(self) -> None:
        make_product(name="Mug", price="9", image_url="https://cdn.example.com/b.jpg")

    def test_price_in_a_list_stops_the_campaign(self, listed: Email, stops: None) -> None:
        campaign = make_scheduled(email=listed)
        raise_price()
        start(campaign)
        assert campaign.state == State.PAUSED
        assert CHANGED in campaign.pause_reason

    def test_price_of_what_the_list_shows_no_longer_does_not(self, listed: Email, stops: None) -> None:
        campaign = make_scheduled(email=listed)
        raise_price()
        self.newer()
        start(campaign)
        assert campaign.state == State.SENDING
        assert not any("Not as it was approved" in entry for entry in log(campaign))

    def test_list_that_shows_others_is_a_hint_before_scheduling(self, listed: Email) -> None:
        campaign = make_campaign(email=listed)
        self.newer()
        (hint,) = [one for one in preflight(campaign, at=NOW) if "The list" in one.message]
        assert (hint.level, hint.key) == ("hint", "changed_since_approval")

    def test_page_says_apart_from_changes_what_lists_show(self, listed: Email, client: Client) -> None:
        campaign = make_scheduled(email=listed)
        self.newer()
        content = TestPage().shown(client, campaign)
        assert "What its lists show now" in content
        assert "The list “New in” shows “Mug” now, and no longer “Teapot”" in content
        assert "Changed since it was approved" not in content


class TestPage:
    def shown(self, client: Client, campaign: Campaign) -> str:
        client.force_login(make_sender())
        with time_machine.travel(NOW, tick=False):
            response = client.get(reverse("precise-mail-campaigns:inspect", args=[campaign.pk]))
        return " ".join(response.content.decode().split())

    def test_draft_shows_changes_among_its_checks(self, client: Client, product: Product) -> None:
        campaign = make_campaign(email=email_of(product))
        raise_price()
        assert CHANGED in self.shown(client, campaign)

    def test_scheduled_one_shows_what_changed_since(self, client: Client, product: Product) -> None:
        campaign = make_scheduled(email=email_of(product))
        assert "Changed since it was approved" not in self.shown(client, campaign)
        raise_price()
        content = self.shown(client, campaign)
        assert "Changed since it was approved" in content
        assert CHANGED in content
        assert "It goes out with what these say at its start." in content

    def test_scheduled_one_says_that_prices_will_stop_it(self, client: Client, product: Product, stops: None) -> None:
        campaign = make_scheduled(email=email_of(product))
        raise_price()
        assert "pause it at its start" in self.shown(client, campaign)

    def test_started_one_keeps_the_difference_in_its_log(self, client: Client, product: Product) -> None:
        campaign = make_scheduled(email=email_of(product))
        raise_price()
        start(campaign)
        assert f"Not as it was approved: {CHANGED}" in self.shown(client, campaign)
