"""The goal of a landing page: pressed, bought or recorded, and the figures of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from tests.factories.campaigns import make_campaign, make_user
from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.emails import make_email
from tests.factories.landing import BROWSER, client_of, goal_block, make_landing_page, send_mail
from tests.factories.pages import make_page
from tests.factories.tracking import make_event
from tests.tracking.hits import count_now
from wagtail_precise_mail.campaigns.landing.figures import addresses_of, landing_report, landing_reports
from wagtail_precise_mail.campaigns.landing.models import LandingPage
from wagtail_precise_mail.contacts.timeline import read_timeline
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.services import attribute_order
from wagtail_precise_mail.tracking.tokens import make_click_token

pytestmark = pytest.mark.django_db

Kind = MessageEvent.Kind


def sent(count: int = 1, **page: Any) -> tuple[LandingPage, list[OutboxMessage]]:
    """A landing page of a campaign, and messages of it."""
    email = make_email()
    campaign = make_campaign(email=email)
    messages = send_mail(campaign, email, *(make_contact(first_name="Ada") for _number in range(count)))
    return make_landing_page(campaign=campaign, **page), messages


def button_of(page: LandingPage) -> str:
    return str(next(child.id for child in page.body if child.block_type == "goal"))


def press(page: LandingPage, client: Client) -> Any:
    return client.post(page.url, {"goal": button_of(page)})


def click(page: LandingPage, message: OutboxMessage) -> MessageEvent:
    return make_event(message, Kind.CLICK, url=page.full_url, happened_at=datetime.now(UTC) - timedelta(hours=1))


class TestPressing:
    def test_button_posts_with_a_token_and_without_a_script(self) -> None:
        page, _messages = sent()
        client = Client(headers=BROWSER, enforce_csrf_checks=True)
        soup = BeautifulSoup(client.get(page.url).content, "html.parser")
        button, form = soup.find("button"), soup.find("form")
        assert (button["form"], form["method"], button["type"]) == (form["id"], "post", "submit")
        data = {button["name"]: button["value"], form.input["name"]: form.input["value"]}
        assert client.post(page.url, data)["Location"] == "https://shop.example.com/shop/"
        assert client.post(page.url, {button["name"]: button["value"]}).status_code == 403, "not from elsewhere"

    def test_it_is_kept_once_and_leads_on_each_time(self) -> None:
        page, [message] = sent()
        client = client_of(message)
        assert press(page, client)["Location"] == press(page, client)["Location"] == "https://shop.example.com/shop/"
        event = MessageEvent.objects.get(kind=Kind.GOAL)
        assert (event.contact, event.url, event.detail) == (message.contact, page.full_url, page.title)
        assert event.block_id == button_of(page)

    def test_strangers_are_led_on_and_kept_nowhere(self) -> None:
        page, _messages = sent()
        assert press(page, Client(headers=BROWSER))["Location"] == "https://shop.example.com/shop/"
        assert not MessageEvent.objects.exists()

    def test_looking_reaches_nothing(self) -> None:
        page, [message] = sent()
        client = client_of(message)
        client.get(page.url)
        client.get(f"{page.url}?goal={button_of(page)}")
        client.head(page.url)
        assert not MessageEvent.objects.exists()

    def test_it_leads_to_a_page_of_the_site(self) -> None:
        thanks = make_page(title="Thank you")
        page = make_landing_page(goal_block(page=thanks.pk, url=""))
        assert press(page, Client())["Location"] == f"https://shop.example.com{thanks.url}"

    def test_a_button_that_is_gone_leads_back_to_the_page(self) -> None:
        page = make_landing_page()
        assert Client().post(page.url, {"goal": "other"})["Location"] == page.url

    def test_where_to_buy_is_the_goal_the_button_only_leads_on(self) -> None:
        page, [message] = sent(goal="buy")
        press(page, client_of(message))
        assert not MessageEvent.objects.exists()

    def test_it_is_on_the_timeline(self) -> None:
        page, [message] = sent()
        press(page, client_of(message))
        [day] = read_timeline(message.contact, kind="goal").days
        assert day.entries[0].title.startswith("Reached the goal after “Email")
        assert day.entries[0].detail == page.title


class TestFigures:
    def test_visitors_goals_and_orders_of_those_who_came(self) -> None:
        page, messages = sent(4)
        presser, buyer, other, _silent = messages
        for message in (presser, buyer):
            click(page, message)
        make_event(buyer, Kind.CLICK, url=f"{page.full_url}?colour=green", is_machine=False)
        make_event(other, Kind.CLICK, url="https://shop.example.com/elsewhere/", happened_at=datetime.now(UTC))
        press(page, client_of(presser))
        for message in (buyer, other):
            attribute_order(make_order(message.contact, [("POT", 1, "40")], datetime.now(UTC)))
        report = landing_report(page.campaign)
        assert (report.visitors, report.reached.count, report.reached.percent) == (2, 1, 50)
        assert (report.figures.order_count, report.revenue_lines) == (1, ["£40.00"]), "the other came elsewhere"
        assert report.sentence == "2 contacts came by a click; 1 reached the goal; 1 order of theirs: £40.00."

    def test_where_to_buy_is_the_goal_buyers_reached_it(self) -> None:
        page, [message, _other] = sent(2, goal="buy")
        click(page, message)
        for _time in range(2):
            attribute_order(make_order(message.contact, [("POT", 1, "40")], datetime.now(UTC)))
        report = landing_report(page.campaign)
        assert (report.visitors, report.reached.count, report.figures.order_count) == (1, 1, 2)

    def test_an_order_before_the_visit_is_none_of_the_page(self) -> None:
        page, [message] = sent()
        make_event(message, Kind.CLICK, url="https://shop.example.com/mug/", happened_at=datetime.now(UTC))
        order = make_order(message.contact, [("POT", 1, "40")], datetime.now(UTC))
        assert attribute_order(order)
        make_event(message, Kind.CLICK, url=page.full_url, happened_at=datetime.now(UTC))
        report = landing_report(page.campaign)
        assert (report.visitors, report.figures.order_count) == (1, 0)

    def test_machines_are_no_visitors(self) -> None:
        page, [message] = sent()
        make_event(message, Kind.CLICK, url=page.full_url, is_machine=True)
        assert landing_report(page.campaign).sentence == "Nobody has come yet."

    def test_who_reaches_the_goal_by_another_way_is_a_visitor(self) -> None:
        page, [message] = sent()
        press(page, client_of(message))
        assert landing_report(page.campaign).reached.percent == 100

    def test_a_real_click_counts(self) -> None:
        page, [message] = sent()
        token = make_click_token(
            message.send_id, message.pk, link_index=0, block_id="b", url=next(iter(addresses_of(page)))
        )
        Client(headers=BROWSER).get(reverse("wagtail_precise_mail:click", args=[token]))
        count_now()
        assert landing_report(page.campaign).visitors == 1

    def test_an_address_that_only_begins_the_same_is_another_page(self) -> None:
        page, [message] = sent()
        make_event(message, Kind.CLICK, url=f"{page.full_url}more/")
        assert landing_report(page.campaign).visitors == 0

    def test_many_campaigns_cost_as_many_queries_as_one(self, django_assert_num_queries: Any) -> None:
        campaigns = [sent()[0].campaign for _number in range(3)]
        landing_report(campaigns[0])
        for some in (campaigns[:1], campaigns):
            with django_assert_num_queries(4):
                landing_reports(some)

    def test_campaigns_without_pages_cost_one_query(self, django_assert_num_queries: Any) -> None:
        campaign = make_campaign()
        with django_assert_num_queries(1):
            assert landing_report(campaign).pages == []


class TestShown:
    def test_on_the_page_of_the_campaign(self, client: Client) -> None:
        page, [message] = sent()
        click(page, message)
        press(page, client_of(message))
        client.force_login(make_user("access_admin", "view_campaign"))
        html = client.get(reverse("precise-mail-campaigns:inspect", args=[page.campaign.pk])).content.decode()
        assert "1 contact came by a click; 1 reached the goal." in html
        assert page.title in html

    def test_in_the_report(self, client: Client) -> None:
        page, [message] = sent()
        click(page, message)
        press(page, client_of(message))
        client.force_login(make_user("access_admin", "view_campaign"))
        assert "Goal reached" in client.get(reverse("precise_mail_campaign_report")).content.decode()
        rows = b"".join(client.get(reverse("precise_mail_campaign_report"), {"export": "csv"}))
        head, row = rows.decode("utf-8-sig").splitlines()[:2]
        cells = dict(zip(head.split(","), row.split(","), strict=True))
        assert (cells["Visitors of landing pages"], cells["Reached the goal"]) == ("1", "1")

    def test_it_says_that_the_middleware_is_missing(self, client: Client, settings: Any) -> None:
        page, _messages = sent()
        settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if "VisitorMiddleware" not in one]
        client.force_login(make_user("access_admin", "view_campaign"))
        html = client.get(reverse("precise-mail-campaigns:inspect", args=[page.campaign.pk])).content.decode()
        assert "the VisitorMiddleware is missing" in html
