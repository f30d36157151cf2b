"""What a send keeps of its audience: the contacts, and the rules as they were (C032)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.campaigns import DUE_AT, make_campaign, make_scheduled
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.segments import make_rules, make_segment
from wagtail_precise_mail.campaigns.frozen import describe, frozen_of
from wagtail_precise_mail.campaigns.starting import gather, start
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.services import save_segment

pytestmark = pytest.mark.django_db

GERMANS = {"country": {"countries": ["DE"]}}
FRENCH = {"country": {"countries": ["FR"]}}
WOMEN = {"contact_field": {"field": "gender", "operator": "is", "values": ["f"]}}


def test_rules_of_other_segments_are_written_out() -> None:
    make_segment(GERMANS, slug="germans", name="Germans")
    segment = save_segment(
        "outer",
        name="Outer",
        rules=Rules.from_json({"rules": [{"in_segment": {"segments": ["germans"]}}], "except": [WOMEN]}),
    )
    campaign = make_campaign(segment=segment)
    campaign.excluded_segments.add(make_segment(FRENCH, name="French"))
    frozen = describe(campaign)
    kept = frozen.to_json()
    assert kept["rules"] == [{"all": [GERMANS]}]
    assert kept["except"] == [WOMEN]
    assert kept["sentence"].startswith("Contacts who belong to the segment “Germans”, except those who")
    assert kept["excluded"][0]["name"] == "French"
    assert kept["excluded"][0]["rules"] == [FRENCH]
    assert frozen_of(Send(audience=kept)) == frozen


def test_a_send_from_before_has_no_rules_and_that_is_no_error() -> None:
    assert frozen_of(None) is None
    assert frozen_of(Send()) is None


def test_the_report_shows_the_audience_as_it_was_after_the_segment_changed(admin_client: Client) -> None:
    campaign = make_scheduled(topic=make_topic(), segment=make_segment(slug="germans"))
    german = make_contact(country="DE")
    grant(german, campaign.topic)
    save_segment(campaign.segment.slug, name="Germans", rules=make_rules(GERMANS))
    assert start(campaign.pk, at=DUE_AT)
    save_segment(campaign.segment.slug, name="French now", rules=make_rules(FRENCH))
    campaign.refresh_from_db()
    assert campaign.send is not None
    assert list(campaign.send.messages.values_list("contact_id", flat=True)) == [german.pk]
    html = admin_client.get(reverse("precise-mail-campaigns:inspect", args=[campaign.pk])).content.decode()
    assert "Contacts who live in Germany." in html
    assert "Later changes of the segment do not change it." in html


def test_a_freeze_that_was_interrupted_goes_on_with_the_rules_it_began_with(monkeypatch: Any, settings: Any) -> None:
    campaign = make_scheduled(topic=make_topic(), segment=make_segment(slug="germans"))
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "freeze_chunk_size": 1, "task_seconds": 1}
    germans = [make_contact(country="DE") for _index in range(3)]
    french = make_contact(country="FR")
    for contact in (*germans, french):
        grant(contact, campaign.topic)
    save_segment(campaign.segment.slug, name="Germans", rules=make_rules(GERMANS))
    clock = iter([0.0, 99.0])
    monkeypatch.setattr("wagtail_precise_mail.delivery.freezing.time.monotonic", lambda: next(clock, 0.0))
    assert start(campaign.pk, at=DUE_AT)
    campaign.refresh_from_db()
    assert campaign.send is not None
    assert campaign.send.messages.count() == 1
    save_segment(campaign.segment.slug, name="Germans", rules=make_rules(FRENCH))
    gather(campaign.pk, at=DUE_AT)
    found = set(campaign.send.messages.values_list("contact_id", flat=True))
    assert found == {contact.pk for contact in germans}
