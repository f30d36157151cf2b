"""Who would get it, counted before: the same answer as freezing gives."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories.campaigns import DUE_AT, make_campaign, make_email, make_readers, make_scheduled, make_segment
from tests.factories.contacts import grant, make_contact, make_list, make_topic
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.audience import preview_audience
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.preflight import coverage_or_none
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.services import suppress, withdraw
from wagtail_precise_mail.delivery.queries import progress
from wagtail_precise_mail.exceptions import InvalidRules

pytestmark = pytest.mark.django_db


def scene() -> dict:
    """Six readers: two fine, one suppressed, one gone, one without consent, one of the staff and suppressed too."""
    topic = make_topic()
    _fine, _too, dead, gone, staff = make_readers(topic, 5)
    make_contact()
    suppress(dead.email, reason="hard_bounce")
    suppress(staff.email, reason="manual")
    withdraw(gone, topic, source="test")
    make_list(staff, slug="staff")
    excluded = make_segment([{"type": "in_list", "value": {"lists": ["staff"]}}])
    return {"topic": topic, "excluded_segments": [excluded]}


def test_every_member_is_counted_under_one_reason() -> None:
    audience = preview_audience(make_campaign(**scene()), at=DUE_AT)
    assert audience.sendable_count == 2
    assert audience.skipped == {"no_consent": 1, "suppressed": 2, "unsubscribed": 1}
    assert audience.sendable_count + audience.skipped_count == audience.total_count == 6


def test_the_freeze_comes_to_the_same_numbers() -> None:
    campaign = make_scheduled(**scene())
    audience = preview_audience(campaign, at=DUE_AT)
    services.start_due(DUE_AT)
    campaign = Campaign.objects.get(pk=campaign.pk)
    assert campaign.send is not None
    counted = progress(campaign.send)
    assert counted.skipped == audience.skipped
    assert counted.by_state["pending"] == audience.sendable_count
    assert counted.total == audience.total_count


def test_an_audience_of_nobody_is_nobody() -> None:
    audience = preview_audience(make_campaign(), at=timezone.now())
    assert (audience.total_count, audience.sendable_count, audience.skipped) == (0, 0, {})


def test_counting_is_one_query_beside_reading_the_rules(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    campaign = make_campaign()
    for contact in make_readers(campaign.topic, 5):
        assert contact.pk
    with django_assert_num_queries(3):  # what the site asks, the excluded segments, and the count
        preview_audience(campaign, at=DUE_AT)


def test_an_excluded_segment_that_cannot_be_evaluated_is_an_error_and_not_ignored() -> None:
    campaign = make_campaign(excluded_segments=[make_segment(rules=[])])
    grant(make_contact(), campaign.topic)
    with pytest.raises(InvalidRules):
        preview_audience(campaign, at=DUE_AT)


GREETING = '{{ contact.first_name | default: "friend" }}'


def test_fallbacks_are_counted_among_those_who_would_get_it() -> None:
    facts = scene()
    fine = Contact.objects.order_by("pk").first()
    assert fine is not None
    fine.first_name = "Ada"
    fine.save()
    email = make_email(subject=f"Dear {GREETING}")
    coverage = coverage_or_none(make_campaign(email=email, **facts), at=DUE_AT)
    assert coverage is not None
    assert coverage.total_count == 2
    assert [(line.tag.field, line.count) for line in coverage.tags] == [("contact.first_name", 1)]


def test_fallbacks_are_those_of_the_approved_version() -> None:
    email = make_email(subject=f"Dear {GREETING}")
    email.subject = "Dear {{ contact.city | default: 'neighbor' }}"
    email.save_revision()
    coverage = coverage_or_none(make_campaign(email=email), at=DUE_AT)
    assert coverage is not None
    assert [line.tag.field for line in coverage.tags] == ["contact.first_name"]


def test_no_fallbacks_are_counted_before_an_email_is_approved_or_without_an_audience() -> None:
    assert coverage_or_none(make_campaign(email=make_email(publish=False)), at=DUE_AT) is None
    assert coverage_or_none(make_campaign(excluded_segments=[make_segment(rules=[])]), at=DUE_AT) is None
