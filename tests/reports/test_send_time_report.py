"""Send times: the heat map adds up to the reports of the campaigns, and says where it knows too little."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.campaigns import make_campaign, make_user
from tests.factories.commerce import make_order
from tests.factories.contacts import make_topic
from tests.factories.tracking import make_event, make_message, make_send
from wagtail_precise_mail.reports import send_times as module
from wagtail_precise_mail.reports.queries import reports_by_campaign
from wagtail_precise_mail.reports.send_times import send_times

pytestmark = pytest.mark.django_db

# A Monday.
SENT_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
URL = "/admin/reports/precise-mail-send-times/"


def sent(send: Any, moment: datetime = SENT_AT, **overrides: Any) -> Any:
    return make_message(send, **{"created_at": moment, "handed_off_at": moment, **overrides})


def bought(message: Any, total: str, currency: str = "GBP") -> None:
    order = make_order(message.contact, total=Decimal(total), currency=currency)
    make_event(message, "conversion", order=order, value=Decimal(total), currency=currency)


def test_each_mail_counts_in_the_hour_in_which_it_left(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    send = make_send()
    message = sent(send)
    make_event(message, "open", happened_at=SENT_AT + timedelta(days=3))
    make_event(message, "open", happened_at=SENT_AT + timedelta(days=4))
    make_event(message, "click", happened_at=SENT_AT + timedelta(days=3))
    bought(message, "12.50")
    sent(send, datetime(2026, 3, 8, 23, 30, tzinfo=UTC))  # Sunday night is Monday in Berlin
    found = send_times()
    slot = found.slot(0, 10)
    assert (slot.accepted, slot.opened, slot.clicked, slot.orders) == (1, 1, 1, 1)
    assert slot.revenue == {"GBP": Decimal("12.50")}
    assert set(found.slots) == {(0, 10), (0, 0)}


def test_machines_tests_and_mails_that_are_no_campaign_count_nothing() -> None:
    message = sent(make_send())
    make_event(message, "open", is_machine=True)
    make_event(message, "click", is_machine=True)
    sent(make_send(is_test=True))
    sent(make_send(origin_kind="sign_up"))
    sent(make_send(), state="rejected")
    total = send_times().total()
    assert (total.accepted, total.opened, total.clicked) == (1, 0, 0)


def test_totals_equal_the_reports_of_the_campaigns() -> None:
    dice = random.Random(3)
    campaigns = []
    for _number in range(3):
        campaign = make_campaign()
        campaign.send, campaign.started_at = make_send(topic=campaign.topic), SENT_AT
        campaign.save()
        campaigns.append(campaign)
        for _message in range(30):
            state = dice.choice(["accepted", "accepted", "rejected"])
            moment = SENT_AT + timedelta(hours=dice.randint(0, 200))
            message = sent(campaign.send, moment, state=state)
            if state == "rejected":
                continue
            for _event in range(dice.randint(0, 3)):
                make_event(message, dice.choice(["open", "click"]), is_machine=dice.random() < 0.3)
            if dice.random() < 0.2:
                bought(message, str(dice.randint(1, 90)), dice.choice(["GBP", "EUR"]))
    reports = reports_by_campaign(campaigns).values()
    total = send_times().total()
    assert total.accepted == sum(one.accepted.count for one in reports)
    assert total.opened == sum(one.figures.open_count for one in reports)
    assert total.clicked == sum(one.figures.click_count for one in reports)
    assert total.orders == sum(one.figures.conversion_count for one in reports)
    for currency in ("GBP", "EUR"):
        assert total.revenue[currency] == sum(one.figures.revenue.get(currency, 0) for one in reports)


def test_period_and_topic_choose_mails() -> None:
    topic = make_topic()
    sent(make_send(topic=topic))
    sent(make_send(topic=make_topic()))
    sent(make_send(topic=topic), SENT_AT - timedelta(days=9))
    assert send_times(topic_id=topic.pk).total().accepted == 2
    assert send_times(since=SENT_AT).total().accepted == 2
    assert send_times(until=SENT_AT - timedelta(days=1)).total().accepted == 1


def test_any_number_of_mails_is_three_queries(django_assert_num_queries: Any) -> None:
    for _number in range(4):
        make_event(sent(make_send()), "click")
    with django_assert_num_queries(3):
        send_times()


def test_hours_with_too_few_mails_are_thin_and_never_best(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST_MAILS", 3)
    send = make_send()
    for number in range(3):
        message = sent(send)
        if number == 0:
            make_event(message, "click")
    make_event(sent(send, SENT_AT + timedelta(hours=5)), "click")
    found = send_times()
    assert (found.slot(0, 9).is_thin, found.slot(0, 14).is_thin) == (False, True)
    assert found.best("clicked") == (0, 9)


class TestPage:
    @pytest.fixture
    def client(self) -> Client:
        client = Client()
        client.force_login(make_user("access_admin", "view_campaign"))
        return client

    def test_it_shows_the_heat_map_and_greys_thin_cells(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "LEAST_MAILS", 2)
        send, moment = make_send(), timezone.now() - timedelta(days=2)
        first, second = sent(send, moment), sent(send, moment)
        make_event(first, "click")
        bought(first, "10")
        sent(send, moment - timedelta(hours=3))
        for measure in ("opened", "clicked", "orders", "revenue"):
            page = client.get(URL, {"measure": measure})
            html = page.content.decode()
            assert page.status_code == 200
            assert "Together: 3 accepted mails, 0 opened, 1 clicked, 1 orders" in html
            cells = [cell for row in page.context["grid"].cells for cell in row if cell]
            assert sorted(cell.is_thin for cell in cells) == [False, True]
        assert {cell.value for cell in cells} == {Decimal(5), 0}
        assert second.pk

    def test_an_empty_period_says_so(self, client: Client) -> None:
        assert "No mail of a campaign was accepted" in client.get(URL).content.decode()

    def test_nonsense_in_the_address_is_ignored(self, client: Client) -> None:
        page = client.get(URL, {"days": "x", "measure": "magic", "topic": "none", "currency": "?"})
        assert page.status_code == 200

    def test_without_permission_it_is_closed(self) -> None:
        client = Client()
        client.force_login(make_user("access_admin"))
        assert client.get(URL).status_code in (302, 403)
        assert reverse("precise_mail_send_time_report") == URL
