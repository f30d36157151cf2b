"""The best time of the audience in the form of a campaign."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.factories.campaigns import NOW, make_campaign, make_sender, make_user
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.segments.models import Segment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _frozen(settings: Any) -> Any:
    settings.TIME_ZONE = "UTC"
    with time_machine.travel(NOW, tick=False):
        yield


def page(client: Client, campaign: Campaign, **query: str) -> str:
    url = reverse("precise-mail-campaigns:inspect", args=[campaign.pk])
    return " ".join(client.get(url, query).content.decode().split())


def fixed(campaign: Campaign, **timing: int) -> Campaign:
    Segment.objects.filter(pk=campaign.segment_id).update(timing="fixed", **timing)
    return campaign


def test_next_best_time_stands_in_the_form_with_its_reason(client: Client) -> None:
    client.force_login(make_sender())
    # Thursday evening, which is an hour later in Berlin.
    campaign = fixed(make_campaign(time_zone="Europe/Berlin"), send_weekday=3, send_hour=18)
    shown = page(client, campaign, best_time="1")
    assert 'value="2026-03-05T19:00"' in shown
    assert "Thursday, 18:00: as colleagues chose for this segment." in shown
    campaign.refresh_from_db()
    assert campaign.scheduled_at is None


def test_nothing_is_looked_up_before_it_is_asked_for(client: Client) -> None:
    client.force_login(make_sender())
    shown = page(client, fixed(make_campaign(), send_weekday=3, send_hour=18))
    assert 'href="?best_time=1#wpm-when"' in shown
    assert "as colleagues chose" not in shown


def test_who_may_not_send_is_offered_none(client: Client) -> None:
    client.force_login(make_user("access_admin", "view_campaign"))
    shown = page(client, fixed(make_campaign(), send_hour=18), best_time="1")
    assert "best_time" not in shown
    assert "as colleagues chose" not in shown


def test_rules_that_cannot_be_read_are_said(client: Client) -> None:
    client.force_login(make_sender())
    campaign = make_campaign(scheduled_at=NOW)
    Segment.objects.filter(pk=campaign.segment_id).update(rules=[])
    assert 'role="status"' in page(client, campaign, best_time="1")
