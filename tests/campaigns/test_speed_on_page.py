"""The page of a campaign that is being sent says how fast it goes and when it should end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories.campaigns import make_campaign, make_sender
from tests.factories.delivery import make_messages, make_send
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

pytestmark = pytest.mark.django_db


def words_of(client: Client, send: Send, *, settled: int, left: int) -> str:
    campaign = make_campaign(topic=send.topic)
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.SENDING, send=send)
    ids = [message.pk for message in make_messages(send, settled)]
    OutboxMessage.objects.filter(pk__in=ids).update(state="accepted", finished_at=timezone.now())
    make_messages(send, left)
    client.force_login(make_sender())
    page = client.get(reverse("precise-mail-campaigns:inspect", args=[campaign.pk]))
    return " ".join(BeautifulSoup(page.content, "html.parser").get_text(" ").split())


def test_a_running_send_shows_its_speed_and_its_end(client: Client) -> None:
    send = make_send(frozen_at=timezone.now() - timedelta(hours=1))
    words = words_of(client, send, settled=6, left=12)
    assert "0.1 messages per second over the last minute, 12 left." in words
    assert "It should end at" in words


def test_a_send_that_stands_still_shows_no_end(client: Client) -> None:
    send = make_send(frozen_at=timezone.now() - timedelta(hours=1))
    words = words_of(client, send, settled=0, left=12)
    assert "0.0 messages per second over the last minute, 12 left." in words
    assert "It should end at" not in words


def test_a_paused_send_shows_no_speed(client: Client) -> None:
    send = make_send(frozen_at=timezone.now() - timedelta(hours=1), state=Send.State.PAUSED)
    assert "per second" not in words_of(client, send, settled=6, left=12)
