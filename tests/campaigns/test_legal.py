"""What the law of an audience asks for stops a campaign where it is missing, with the remedy."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest

from tests.factories.campaigns import NOW, make_brand, make_campaign, make_email, make_sender
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.emails import make_identity
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.legal import jurisdictions_of
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.preflight import preflight
from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.exceptions import NotReady

pytestmark = pytest.mark.django_db


def campaign_to(*countries: str, **overrides: Any) -> Campaign:
    """A campaign to one reader in each of some countries."""
    topic = make_topic()
    for country in countries:
        grant(make_contact(country=country), topic)
    return make_campaign(topic=topic, **overrides)


def laws(campaign: Campaign) -> list[tuple[str, str]]:
    return [(one.key, one.level) for one in preflight(campaign, at=NOW) if one.key.startswith("law_")]


def test_the_audience_is_counted_by_law() -> None:
    campaign = campaign_to("DE", "FR", "CN", "cn", "BR", "")
    make_contact(country="CA")  # no consent: not written to
    assert jurisdictions_of(campaign, at=NOW) == {"gdpr": 4, "pipl": 2}


def test_a_complete_campaign_passes_everywhere() -> None:
    campaign = campaign_to("DE", "CN", "US", "CA")
    assert laws(campaign) == []


@pytest.mark.parametrize(("countries", "expected"), [(["DE"], []), (["DE", "CN"], [("law_label", "error")])])
def test_a_missing_label_stops_a_campaign_only_where_the_law_asks_for_it(
    countries: list[str], expected: list[tuple[str, str]]
) -> None:
    campaign = campaign_to(*countries)
    LegalSettings.objects.create(site=campaign.site, adds_labels=False)
    assert laws(campaign) == expected


def test_a_campaign_without_its_label_cannot_be_scheduled() -> None:
    campaign = campaign_to("CN")
    LegalSettings.objects.create(site=campaign.site, adds_labels=False)
    with pytest.raises(NotReady, match=r"does not begin with “\[AD\]”"):
        services.schedule(campaign, scheduled_at=NOW + timedelta(hours=1), by=make_sender(), at=NOW)


def test_a_label_that_the_editor_wrote_lets_it_pass() -> None:
    campaign = campaign_to("CN", email=make_email(subject="AD: New in the shop"))
    LegalSettings.objects.create(site=campaign.site, adds_labels=False)
    assert laws(campaign) == []


@pytest.mark.parametrize(("country", "expected"), [("US", []), ("CA", [("law_footer", "error")])])
def test_the_stricter_law_wants_somebody_to_be_reachable(country: str, expected: list[tuple[str, str]]) -> None:
    campaign = campaign_to("US", country)
    silent = make_identity(address="no-reply@example.com")
    make_brand(sender=silent)
    assert laws(campaign) == expected
    make_brand(sender=silent, phone="+44 1225 000000")
    assert laws(campaign) == []


@pytest.mark.parametrize(("hour", "expected"), [(20, []), (22, ["law_quiet_hours"]), (7, ["law_quiet_hours"])])
def test_quiet_hours_are_those_of_the_campaign_s_clocks(hour: int, expected: list[str]) -> None:
    campaign = campaign_to("DE", time_zone="Asia/Shanghai")
    LegalSettings.objects.create(site=campaign.site, quiet_from=time(21), quiet_until=time(8))
    send_at = (NOW + timedelta(days=1)).astimezone(campaign.zone).replace(hour=hour, minute=0)
    found = [one.key for one in preflight(campaign, at=NOW, send_at=send_at) if one.key.startswith("law_")]
    assert found == expected


def test_a_campaign_cannot_be_moved_into_quiet_hours() -> None:
    campaign = campaign_to("DE")
    LegalSettings.objects.create(site=campaign.site, quiet_from=time(21), quiet_until=time(8))
    day = NOW + timedelta(days=1)
    by = make_sender()
    services.schedule(campaign, scheduled_at=day.replace(hour=10), by=by, at=NOW)
    with pytest.raises(NotReady, match="quiet hours from 21:00 to 08:00"):
        services.reschedule(campaign, scheduled_at=day.replace(hour=22), by=by, at=NOW)
    services.reschedule(campaign, scheduled_at=day.replace(hour=22), time_zone="America/New_York", by=by, at=NOW)


def test_looking_at_it_writes_nothing() -> None:
    preflight(campaign_to("DE"), at=NOW)
    assert not LegalSettings.objects.exists()
