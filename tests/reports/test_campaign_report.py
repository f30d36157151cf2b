"""Campaigns side by side: the same figures as on their pages, at a constant cost."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.factories.campaigns import DUE_AT, make_campaign, make_readers, make_scheduled, make_user
from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.tracking import make_event
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.queries import report_for
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.reports.queries import reports_by_campaign, started_campaigns

pytestmark = pytest.mark.django_db
REPORT = "precise_mail_campaign_report"


def sent(**overrides: Any) -> Campaign:
    """A campaign with a message of each kind and some events."""
    campaign = make_scheduled(**overrides)
    readers = make_readers(campaign.topic, 4)
    make_contact()
    services.start_due(DUE_AT)
    campaign.refresh_from_db()
    assert campaign.send is not None
    messages = list(campaign.send.messages.filter(contact__in=readers).order_by("pk"))
    for message, state in zip(messages, ["accepted", "accepted", "rejected", "unknown"], strict=True):
        OutboxMessage.objects.filter(pk=message.pk).update(state=state)
    make_event(messages[0], "open")
    make_event(messages[0], "click", link_index=0)
    make_event(messages[1], "open", is_machine=True)
    make_event(messages[1], "unsubscribe", detail="too_many")
    order = make_order(messages[0].contact, [("MUG", 1, "19.90")])
    make_event(messages[0], "conversion", order=order, value=order.total, currency="GBP")
    return campaign


def test_figures_are_those_of_the_campaign_page() -> None:
    campaigns = [sent(), sent()]
    reports = reports_by_campaign(started_campaigns())
    for campaign in campaigns:
        assert campaign.send is not None
        single, listed = report_for(campaign.send), reports[campaign.pk]
        for name in ("accepted", "rejected", "unknown", "opened", "clicked", "unsubscribed", "converted", "done"):
            assert getattr(listed, name) == getattr(single, name), name
        assert listed.revenue_lines == single.revenue_lines == ["£19.90"]
        assert listed.progress == single.progress
        assert listed.figures.revenue == {"GBP": Decimal("19.90")}


def test_only_started_campaigns_are_listed(client: Client) -> None:
    client.force_login(make_user(is_superuser=True))
    make_campaign(name="Never sent")
    sent(name="Spring")
    content = client.get(reverse(REPORT)).content.decode()
    assert "Spring" in content
    assert "Never sent" not in content
    assert "£19.90" in content


def test_the_number_of_queries_does_not_grow(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(make_user(is_superuser=True))
    sent()
    client.get(reverse(REPORT))
    with django_assert_max_num_queries(16) as few:
        client.get(reverse(REPORT))
    for _ in range(3):
        sent()
    with django_assert_max_num_queries(len(few)):
        client.get(reverse(REPORT))


@pytest.mark.parametrize("suffix", ["", "_results"])
def test_who_lacks_permission_sees_no_report(client: Client, suffix: str) -> None:
    client.force_login(make_user("access_admin"))
    assert client.get(reverse(REPORT + suffix)).status_code in (302, 403)


def test_who_may_see_campaigns_finds_it_in_the_menu(client: Client) -> None:
    client.force_login(make_user("access_admin", "view_campaign"))
    assert reverse(REPORT) in client.get(reverse("wagtailadmin_home")).content.decode()


def test_it_is_filtered_by_topic(client: Client) -> None:
    client.force_login(make_user(is_superuser=True))
    spring, _autumn = sent(name="Spring"), sent(name="Autumn")
    content = client.get(reverse(f"{REPORT}_results"), {"topic": spring.topic_id}).content.decode()
    assert "Spring" in content
    assert "Autumn" not in content


def test_the_spreadsheet_has_counts_and_no_formulas(client: Client) -> None:
    client.force_login(make_user(is_superuser=True))
    sent(name="=HYPERLINK(1)")
    response = client.get(reverse(REPORT), {"export": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(response).decode())))
    assert rows[0]["Campaign"] == "'=HYPERLINK(1)"
    assert (rows[0]["Accepted"], rows[0]["Opened"], rows[0]["Unsubscribed"]) == ("2", "1", "1")


def test_the_workbook_opens(client: Client) -> None:
    from openpyxl import load_workbook

    client.force_login(make_user(is_superuser=True))
    sent(name="Spring")
    response = client.get(reverse(REPORT), {"export": "xlsx"})
    sheet = load_workbook(io.BytesIO(b"".join(response))).active
    assert sheet["A2"].value == "Spring"
