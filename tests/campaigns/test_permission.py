"""Campaigns and people who must be asked for permission again: said before it goes out, with the way to ask them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.factories.campaigns import BODY, NOW, make_campaign, make_email, make_scheduled
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.emails import raw_block
from wagtail_precise_mail.campaigns.audience import preview_audience
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.preflight import preflight
from wagtail_precise_mail.campaigns.starting import start
from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.models import Contact, Topic

pytestmark = pytest.mark.django_db

BUTTON = raw_block("ask_again", label="Yes")


def forgotten(topic: Topic) -> Contact:
    contact = make_contact()
    Contact.objects.filter(pk=contact.pk).update(created_at=NOW - timedelta(days=800))
    grant(contact, topic, at=NOW - timedelta(days=800))
    return contact


def known(topic: Topic) -> Contact:
    contact = make_contact()
    grant(contact, topic, at=NOW - timedelta(days=8))
    return contact


def words(campaign: Campaign) -> list[str]:
    return [
        f"{one.level}: {one.message} {one.remedy}" for one in preflight(campaign, at=NOW) if one.key == "permission"
    ]


def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


class TestOrdinaryCampaign:
    def test_the_preflight_says_how_many_must_be_asked_first_and_how(self) -> None:
        campaign = make_campaign()
        for _number in range(2):
            forgotten(campaign.topic)
        known(campaign.topic)

        (said,) = words(campaign)

        assert said.startswith("warning: 2 people must be asked again first")
        assert "Ask them again" in said
        assert preview_audience(campaign, at=NOW).skipped == {"ask_first": 2}

    def test_nobody_to_ask_is_no_word(self) -> None:
        campaign = make_campaign()
        known(campaign.topic)

        assert words(campaign) == []

    def test_the_site_may_ask_nobody(self) -> None:
        campaign = make_campaign()
        forgotten(campaign.topic)
        LegalSettings.objects.create(site=campaign.site, permission_months=0)

        assert words(campaign) == []
        assert preview_audience(campaign, at=NOW).sendable_count == 1

    def test_the_page_names_them_and_leads_to_the_question(self) -> None:
        campaign = make_campaign()
        forgotten(campaign.topic)
        client = root()

        page = client.get(reverse("precise-mail-campaigns:inspect", args=[campaign.pk])).content.decode()
        link = reverse("precise-mail-campaigns:copy", args=[campaign.pk]) + "?asks_again=1"
        form = client.get(link).context["form"]

        assert "Must be asked again first" in page
        assert link in page
        assert (form.initial["asks_permission"], form.initial["email"]) == (True, None)
        assert form.initial["name"] == f"Ask again: {campaign.name}"

    def test_what_starts_skips_them(self) -> None:
        topic = make_topic()
        lost, reader = forgotten(topic), known(topic)
        campaign = make_scheduled(topic=topic)

        start(campaign.pk, at=campaign.scheduled_at)

        campaign.refresh_from_db()
        reasons = dict(campaign.send.messages.values_list("contact", "skip_reason"))
        assert reasons == {lost.pk: "ask_first", reader.pk: ""}


class TestAskingCampaign:
    def asking(self, *body: Any, **of: Any) -> Campaign:
        return make_campaign(email=make_email(body=[*BODY, *body]), asks_permission=True, **of)

    def test_without_the_button_it_is_refused(self) -> None:
        campaign = self.asking()
        forgotten(campaign.topic)

        assert [one.partition(":")[0] for one in words(campaign)] == ["error"]
        assert words(self.asking(BUTTON)) == []

    def test_where_the_site_asks_nobody_it_is_refused(self) -> None:
        campaign = self.asking(BUTTON)
        LegalSettings.objects.create(site=campaign.site, permission_months=0)

        assert "the site asks nobody" in words(campaign)[0]

    def test_it_goes_to_those_whom_others_skip(self) -> None:
        topic = make_topic()
        lost, reader = forgotten(topic), known(topic)
        campaign = make_scheduled(email=make_email(body=[*BODY, BUTTON]), asks_permission=True, topic=topic)

        start(campaign.pk, at=campaign.scheduled_at)

        campaign.refresh_from_db()
        assert campaign.send.asks_permission
        reasons = dict(campaign.send.messages.values_list("contact", "skip_reason"))
        assert reasons == {lost.pk: "", reader.pk: "no_need"}
