"""A campaign comes from its own sender or that of its site, and never from one that is not verified."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.factories.campaigns import (
    DUE_AT,
    NOW,
    make_brand,
    make_campaign,
    make_email,
    make_scheduled,
    make_sender,
    make_user,
)
from tests.factories.emails import make_identity
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.preflight import preflight
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.emails.senders import SenderIdentity
from wagtail_precise_mail.exceptions import NotReady

State = Campaign.State
LATER = DUE_AT + timedelta(hours=1)

pytestmark = pytest.mark.django_db


def ruth(**overrides: Any) -> SenderIdentity:
    return make_identity("ruth@example.com", **{"name": "Ruth", "reply_to": "team@example.com", **overrides})


def keys(campaign: Campaign) -> list[str]:
    return [finding.key for finding in preflight(campaign, at=NOW) if finding.key.startswith("sender_")]


def page_of(campaign: Campaign, client: Client) -> str:
    client.force_login(make_sender())
    page = client.get(reverse("precise-mail-campaigns:inspect", args=[campaign.pk]))
    return " ".join(page.content.decode().split())


def start(campaign: Campaign, at: Any = DUE_AT) -> Campaign:
    services.start_due(at)
    campaign.refresh_from_db()
    return campaign


class TestGate:
    def test_site_whose_sender_is_not_verified_stops_it(self) -> None:
        campaign = make_campaign()
        make_identity("shop@example.com", is_verified=False)
        with pytest.raises(NotReady, match=r"shop@example\.com> is not verified\. Open it under Mail, Senders"):
            services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)

    def test_sender_of_its_own_that_is_not_verified_stops_it(self) -> None:
        with pytest.raises(NotReady, match=r"ruth@example\.com> is not verified"):
            make_scheduled(sender=ruth(is_verified=False))

    def test_verified_sender_of_its_own_makes_up_for_that_of_the_site(self) -> None:
        campaign = make_campaign(sender=ruth())
        make_brand(sender=None)
        assert services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW).state == State.SCHEDULED

    def test_no_level_of_the_project_lets_it_pass(self, settings: Settings) -> None:
        levels = {"check_levels": {"sender_unverified": "off", "sender_missing": "hint"}}
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, **levels}
        with pytest.raises(NotReady, match="is not verified"):
            make_scheduled(sender=ruth(is_verified=False))

    def test_problem_is_named_once(self) -> None:
        assert keys(make_campaign(sender=ruth(is_verified=False))) == ["sender_unverified"]

    def test_problem_is_named_beside_an_email_that_is_not_approved(self) -> None:
        campaign = make_campaign(sender=ruth(is_verified=False), email=make_email(publish=False))
        assert keys(campaign) == ["sender_unverified"]

    def test_warnings_are_about_the_sender_of_the_campaign(self) -> None:
        campaign = make_campaign(sender=make_identity("no-reply@example.com"))
        assert keys(campaign) == ["sender_no_reply"]

    def test_domain_that_is_vouched_for_lets_it_pass(self, settings: Settings) -> None:
        vouched = {"verified_sender_domains": ["example.com"]}
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, **vouched}
        assert make_scheduled(sender=ruth(is_verified=False)).state == State.SCHEDULED


class TestWorker:
    def test_send_keeps_the_sender_of_the_campaign(self) -> None:
        campaign = start(make_scheduled(sender=ruth()))
        send = campaign.send
        assert send is not None
        assert (send.from_name, send.from_address, send.reply_to) == ("Ruth", "ruth@example.com", "team@example.com")

    def test_send_keeps_the_sender_of_the_site(self) -> None:
        campaign = start(make_scheduled())
        assert campaign.send is not None
        assert campaign.send.from_address == "shop@example.com"

    @pytest.mark.parametrize("address", ["ruth@example.com", "shop@example.com"])
    def test_verification_that_was_lost_pauses_it(self, address: str) -> None:
        campaign = make_scheduled(**({"sender": ruth()} if address.startswith("ruth") else {}))
        make_identity(address, is_verified=False)
        start(campaign)
        assert campaign.state == State.PAUSED
        assert f"{address}> is not verified" in campaign.pause_reason
        assert not Send.objects.exists()

    def test_address_that_was_changed_pauses_it(self) -> None:
        campaign = make_scheduled(sender=ruth())
        SenderIdentity.objects.filter(address="ruth@example.com").update(address="mallory@example.com")
        assert "mallory@example.com> is not verified" in start(campaign).pause_reason

    def test_sender_that_was_deleted_pauses_it(self) -> None:
        campaign = make_scheduled()
        BrandSettings.objects.update(sender=None)
        SenderIdentity.objects.all().delete()
        start(campaign)
        assert (campaign.state, campaign.scheduled_at) == (State.PAUSED, DUE_AT)
        assert "The site has no sender." in campaign.pause_reason

    def test_it_goes_on_when_the_sender_is_verified_again(self) -> None:
        campaign = make_scheduled(sender=ruth())
        make_identity("ruth@example.com", is_verified=False)
        start(campaign)
        make_identity("ruth@example.com")
        services.resume(campaign, by=make_sender(), at=LATER)
        assert start(campaign, LATER).state == State.SENDING


class TestAdmin:
    def test_page_names_the_sender(self, client: Client) -> None:
        assert "Ruth <small>ruth@example.com</small>" in page_of(make_campaign(sender=ruth()), client)

    def test_page_says_that_it_is_not_verified(self, client: Client) -> None:
        page = page_of(make_campaign(sender=ruth(is_verified=False)), client)
        assert '<span class="wpm-missing">not verified</span>' in page
        assert "is not verified." in page

    def test_page_of_a_send_names_whom_it_came_from(self, client: Client) -> None:
        campaign = start(make_scheduled(sender=ruth()))
        SenderIdentity.objects.update(name="Somebody else")
        assert "Ruth <small>ruth@example.com</small>" in page_of(campaign, client)

    def test_form_refuses_a_sender_that_is_not_verified(self, client: Client) -> None:
        client.force_login(make_user("access_admin", "change_campaign", "view_campaign"))
        campaign = make_campaign()
        data = {"name": campaign.name, "sender": str(ruth(is_verified=False).pk)}
        answer = client.post(reverse("precise-mail-campaigns:edit", args=[campaign.pk]), data)
        assert "is not verified" in str(answer.context["form"].errors["sender"])

    def test_copy_keeps_the_sender(self, client: Client) -> None:
        client.force_login(make_user("access_admin", "add_campaign", "view_campaign"))
        sender = ruth()
        page = client.get(reverse("precise-mail-campaigns:copy", args=[make_campaign(sender=sender).pk]))
        assert page.context["form"].initial["sender"] == sender.pk
