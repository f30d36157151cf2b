"""The gate before scheduling asks the checks of emails, for the time of the campaign."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import Site

from tests.factories.campaigns import BODY, NOW, make_campaign, make_email, make_sender
from tests.factories.emails import make_image, raw_block
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.preflight import preflight
from wagtail_precise_mail.emails.checks import Level
from wagtail_precise_mail.emails.rights import ImageRights
from wagtail_precise_mail.exceptions import NotReady

pytestmark = pytest.mark.django_db


def campaign_with_picture(*, expires_in_days: int):
    image = make_image()
    last = timezone.localdate(NOW) + timedelta(days=expires_in_days)
    ImageRights.objects.create(image=image, license="Agency", expires_on=last)
    picture = raw_block("image", image={"image": image.pk, "alt_text": "A fern", "decorative": False})
    return make_campaign(email=make_email(body=[*BODY, picture]))


def test_image_with_an_expired_license_keeps_a_campaign_from_being_scheduled() -> None:
    campaign = campaign_with_picture(expires_in_days=-1)
    with pytest.raises(NotReady, match="license of the image"):
        services.schedule(campaign, scheduled_at=NOW + timedelta(hours=1), by=make_sender(), at=NOW)


def test_license_that_ends_before_the_campaign_keeps_it_from_being_scheduled() -> None:
    campaign = campaign_with_picture(expires_in_days=3)
    with pytest.raises(NotReady, match="license of the image"):
        services.schedule(campaign, scheduled_at=NOW + timedelta(days=10), by=make_sender(), at=NOW)


def test_license_that_lasts_lets_it_pass() -> None:
    campaign = campaign_with_picture(expires_in_days=30)
    services.schedule(campaign, scheduled_at=NOW + timedelta(days=10), by=make_sender(), at=NOW)
    assert campaign.state == campaign.State.SCHEDULED


def test_email_of_another_site_is_a_warning() -> None:
    campaign = make_campaign()
    trade = Site.objects.create(hostname="trade.example.com", site_name="Trade", root_page=campaign.site.root_page)
    email = make_email(site=trade)
    found = preflight(make_campaign(email=email), at=NOW)
    assert [one.level for one in found if "written for “Trade" in one.message] == [Level.WARNING]
    assert not [one for one in preflight(campaign, at=NOW) if "written for" in one.message]


def test_fake_reply_keeps_a_campaign_from_being_scheduled() -> None:
    campaign = make_campaign(email=make_email(subject="Re: your order"))
    with pytest.raises(NotReady, match="pretends to be an answer"):
        services.schedule(campaign, scheduled_at=NOW + timedelta(hours=1), by=make_sender(), at=NOW)


def test_level_of_the_project_counts_at_the_gate(settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "check_levels": {"preheader_missing": "error"}}
    campaign = make_campaign(email=make_email(preheader=""))
    with pytest.raises(NotReady, match="preheader"):
        services.schedule(campaign, scheduled_at=NOW + timedelta(hours=1), by=make_sender(), at=NOW)


def test_approver_is_asked_whether_the_subject_states_the_benefit() -> None:
    campaign = make_campaign(email=make_email(subject="A third off all mugs"))
    (asked,) = [finding for finding in preflight(campaign, at=NOW) if finding.key == "value_stated"]
    assert asked.level == Level.HINT
    assert "A third off all mugs" in asked.message


def test_campaign_page_shows_hints_and_says_that_all_is_well(client: Client) -> None:
    user = make_sender()
    client.force_login(user)
    page = client.get(reverse("precise-mail-campaigns:inspect", args=[make_campaign().pk])).content.decode()
    assert "wpm-findings__item--hint" in page
    assert "Does the subject state what readers gain?" in page
    assert "Everything is ready" not in page, "nobody would get it, which is a warning"
