"""Segments by what contacts did with campaigns: the same people as in the log of events, with the evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories.campaigns import make_campaign
from tests.factories.contacts import make_contact, make_topic
from tests.factories.segments import make_rules, make_segment
from tests.factories.tracking import make_event, make_message, make_send
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.queries import explain, members, read_rules
from wagtail_precise_mail.tracking.models import MessageEvent

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def campaign_about(slug: str, name: str) -> Campaign:
    campaign = make_campaign(name=name, topic=make_topic(slug=slug, name=slug.title()))
    campaign.send, campaign.started_at = make_send(topic=campaign.topic), AT
    campaign.save()
    return campaign


def click(campaign: Campaign, contact: Contact, days: float, **overrides: Any) -> MessageEvent:
    message = make_message(campaign.send, contact)
    return make_event(message, "click", happened_at=AT - timedelta(days=days), **overrides)


def test_who_clicked_any_footwear_campaign_within_30_days_is_who_the_log_says() -> None:
    shoes, tea = campaign_about("footwear", "Boots"), campaign_about("tea", "Tea")
    fresh, edge, late, scanner, drinker, future = (make_contact() for _number in range(6))
    click(shoes, fresh, 3)
    click(shoes, edge, 30)
    click(shoes, late, 30.001)
    click(shoes, scanner, 3, is_machine=True)
    click(tea, drinker, 3)
    click(shoes, future, -1)
    rules = make_rules({"clicked_mail": {"topics": ["footwear"], "days": 30}})
    log = MessageEvent.objects.filter(
        kind="click",
        is_machine=False,
        send__topic__slug="footwear",
        happened_at__gte=AT - timedelta(days=30),
        happened_at__lte=AT,
    )
    assert set(members(rules, at=AT)) == {fresh, edge} == {event.contact for event in log}


def test_a_campaign_is_named_by_its_number_and_shown_by_its_name() -> None:
    campaign, contact = campaign_about("footwear", "Boots of spring"), make_contact()
    click(campaign, contact, 3)
    rules = make_rules({"clicked_mail": {"campaigns": [str(campaign.pk)]}})
    assert rules.sentence() == f"Contacts who clicked in Boots of spring ({campaign.pk})."
    part = explain(rules, contact, at=AT).parts[0]
    assert (part.holds, part.facts) == (True, "1: “Boots of spring” on May 29, 2026")
    assert rules.to_json()["rules"] == [{"clicked_mail": {"campaigns": [str(campaign.pk)]}}]


def test_the_form_keeps_campaigns() -> None:
    campaign = campaign_about("footwear", "Boots")
    rule = {"opened_mail": {"campaigns": [str(campaign.pk)], "by": "any"}}
    assert read_rules(make_segment(rule)).to_json()["rules"] == [rule]


@pytest.mark.parametrize("number", ["12345", "0", "-1", "x", "", "9" * 30, 1.5, None, True])
def test_a_campaign_that_is_not_there_is_refused(number: Any) -> None:
    with pytest.raises(InvalidRules):
        make_rules({"clicked_mail": {"campaigns": [number]}})


def test_who_never_did_has_no_evidence() -> None:
    part = explain(make_rules({"bought_from_mail": {}}), make_contact(), at=AT).parts[0]
    assert (part.holds, part.facts) == (False, "never")
