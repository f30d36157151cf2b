"""A campaign leaves while its offers are valid, or not at all."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.campaigns.test_translations import translate
from tests.factories.campaigns import BODY, DUE_AT, NOW, make_campaign, make_email, make_sender
from tests.factories.emails import make_image, raw_block
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.starting import start_due
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.emails.rights import ImageRights
from wagtail_precise_mail.exceptions import NotReady

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def campaign_with_offer(**period: Any) -> Campaign:
    value = {"title": "A tenth off", "terms": "One each.", **{name: at.isoformat() for name, at in period.items()}}
    return make_campaign(email=make_email(body=[{"type": "offer", "value": value}]))


def schedule(campaign: Campaign) -> Campaign:
    return services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)


def test_campaign_may_be_scheduled_for_an_offer_that_starts_before_it_leaves() -> None:
    campaign = schedule(campaign_with_offer(start=NOW + HOUR / 2, end=DUE_AT + HOUR))
    assert campaign.state == Campaign.State.SCHEDULED


@pytest.mark.parametrize(
    ("period", "reason"),
    [
        ({"end": DUE_AT}, "The offer ended on"),
        ({"start": DUE_AT + HOUR, "end": DUE_AT + 2 * HOUR}, "The offer starts on"),
    ],
)
def test_campaign_cannot_be_scheduled_outside_the_time_of_its_offer(period: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotReady) as caught:
        schedule(campaign_with_offer(**period))
    assert any(reason in problem for problem in caught.value.problems)


def test_campaign_cannot_be_moved_outside_the_time_of_its_offer() -> None:
    campaign = schedule(campaign_with_offer(start=NOW + HOUR / 2, end=DUE_AT + HOUR))
    for scheduled_at in (DUE_AT + HOUR, NOW + HOUR / 4):
        with pytest.raises(NotReady, match="An offer in the email"):
            services.reschedule(campaign, scheduled_at=scheduled_at, by=make_sender(), at=NOW)
    services.reschedule(campaign, scheduled_at=DUE_AT + HOUR / 2, by=make_sender(), at=NOW)


def campaign_in_two_languages(end: datetime) -> Campaign:
    """A campaign whose German version has an offer that the original has not."""
    original = make_email()
    offer = {"title": "Ein Zehntel", "terms": "Je eins.", "end": end.isoformat()}
    translate(original, "de", body=json.dumps([{"type": "offer", "value": offer}]))
    return schedule(make_campaign(email=original))


def test_campaign_cannot_be_moved_past_the_offer_of_a_translation() -> None:
    campaign = campaign_in_two_languages(DUE_AT + HOUR)
    with pytest.raises(NotReady, match="An offer in the email ends"):
        services.reschedule(campaign, scheduled_at=DUE_AT + 2 * HOUR, by=make_sender(), at=NOW)
    campaign.refresh_from_db()
    assert campaign.scheduled_at == DUE_AT


def test_messages_wait_no_longer_than_the_offer_of_a_translation() -> None:
    campaign = campaign_in_two_languages(DUE_AT + HOUR)
    start_due(DUE_AT)
    campaign.refresh_from_db()
    assert campaign.send is not None
    assert campaign.send.send_before == DUE_AT + HOUR


def test_campaign_cannot_be_moved_past_the_license_of_an_image() -> None:
    image = make_image()
    last = timezone.localdate(DUE_AT) + timedelta(days=3)
    ImageRights.objects.create(image=image, license="Agency", expires_on=last)
    picture = raw_block("image", image={"image": image.pk, "alt_text": "A fern", "decorative": False})
    campaign = schedule(make_campaign(email=make_email(body=[*BODY, picture])))
    services.reschedule(campaign, scheduled_at=DUE_AT + timedelta(days=2), by=make_sender(), at=NOW)
    with pytest.raises(NotReady, match="license of the image"):
        services.reschedule(campaign, scheduled_at=DUE_AT + timedelta(days=5), by=make_sender(), at=NOW)


def test_moving_asks_the_approved_version_and_not_what_was_written_since() -> None:
    campaign = schedule(make_campaign())
    email = campaign.email
    email.subject = "Re: your order"
    email.save_revision().publish()
    services.reschedule(campaign, scheduled_at=DUE_AT + HOUR, by=make_sender(), at=NOW)


def test_campaign_that_starts_late_stops_with_the_reason() -> None:
    campaign = schedule(campaign_with_offer(end=DUE_AT + HOUR))
    start_due(DUE_AT + 2 * HOUR)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.PAUSED
    assert "The offer ended on" in campaign.pause_reason
    assert not MemoryChannel.outbox


def test_messages_that_wait_past_the_end_are_not_sent() -> None:
    end = DUE_AT + HOUR
    campaign = schedule(campaign_with_offer(end=end))
    start_due(DUE_AT)
    campaign.refresh_from_db()
    assert campaign.send is not None
    assert campaign.send.send_before == end
