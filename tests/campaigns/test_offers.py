"""A campaign leaves while its offers are valid, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.factories.campaigns import DUE_AT, NOW, make_campaign, make_email, make_sender
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.starting import start_due
from wagtail_precise_mail.delivery.channels import MemoryChannel
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
