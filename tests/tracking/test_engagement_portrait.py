"""How a contact reacts, in their portrait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.factories.contacts import make_contact
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.portrait import PortraitFact, PortraitPanel
from wagtail_precise_mail.tracking.engagement import ContactEngagement
from wagtail_precise_mail.tracking.portrait import EngagementPortrait

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _frozen() -> Any:
    with time_machine.travel(AT, tick=False):
        yield


def read(contact: Contact, **values: Any) -> dict[str, PortraitFact]:
    facts = {
        "stage": "cooling",
        "stage_since": AT - timedelta(days=40),
        "silent_since": AT - timedelta(days=45),
        "last_sign": "click",
        "unanswered_count": 6,
        "clicks_90_days": 2,
        "mails_90_days": 9,
        "preferred_hour": 18,
        "preferred_weekday": 3,
        "hour_evidence_count": 7,
        **values,
    }
    ContactEngagement.objects.create(contact=contact, computed_at=AT, **facts)
    return {fact.label: fact for fact in EngagementPortrait().facts(contact)}


def test_each_fact_has_its_evidence() -> None:
    facts = read(make_contact())
    assert {label: (fact.value, fact.evidence) for label, fact in facts.items()} == {
        "Engagement": ("cooling", "Click in a mail on Jan. 15, 2026; 6 mails without a reaction since"),
        "Clicks in 90 days": ("2", "of 9 mails"),
        "Reads and buys at": ("18:00, mostly on a Thursday", "By 7 clicks and orders"),
    }
    assert {fact.computed_at for fact in facts.values()} == {AT}
    assert not any(fact.is_flagged for fact in facts.values())


def test_another_stage_is_news_for_a_month() -> None:
    assert read(make_contact(), stage_since=AT - timedelta(days=29))["Engagement"].is_flagged


def test_few_clicks_tell_no_hour() -> None:
    assert "Reads and buys at" not in read(make_contact(), hour_evidence_count=4)


def test_who_never_reacted_has_no_last_sign() -> None:
    assert read(make_contact(), last_sign="")["Engagement"].evidence == "6 mails without a reaction"


def test_who_may_not_be_tracked_has_none() -> None:
    assert read(make_contact(is_tracking_allowed=False)) == {}


def test_it_is_part_of_the_portrait_for_one_query(django_assert_num_queries: Any) -> None:
    contact = make_contact()
    read(contact)
    assert "Engagement" in [fact.label for fact in PortraitPanel().context(contact)["facts"]]
    fresh = Contact.objects.get(pk=contact.pk)
    with django_assert_num_queries(1):  # and none for the panel of reactions beside it
        EngagementPortrait().facts(fresh)
        assert fresh.engagement
