"""The page of a campaign that is being sent says how fast it goes, when it should end, and what it waits for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.factories.campaigns import make_campaign, make_sender, make_user
from tests.factories.delivery import make_messages, make_send
from tests.factories.pacing import make_to
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

pytestmark = pytest.mark.django_db


SEES_PACING = ("view_sendinglimit", "view_warmup")
MINUTE = "It goes on by itself within a minute."


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


def held(by: str, *, minutes: int = 0, **overrides: Any) -> Send:
    at = timezone.now()
    until = at + timedelta(minutes=minutes) if minutes else None
    return make_send(frozen_at=at - timedelta(hours=1), held_by=by, held_until=until, **overrides)


def page_of(client: Client, send: Send, *codenames: str) -> BeautifulSoup:
    campaign = make_campaign(topic=send.topic)
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.SENDING, send=send)
    client.force_login(make_user("access_admin", "view_campaign", *codenames))
    response = client.get(reverse("precise-mail-campaigns:inspect", args=[campaign.pk]))
    return BeautifulSoup(response.content, "html.parser")


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("limit", "It waits for a limit of its sender or channel."),
        ("provider", "It waits for a limit of the mailbox providers that are left."),
        ("warm_up", "It waits for the warm-up plan of its sender: what may leave today has left."),
    ],
)
def test_it_says_what_it_waits_for(client: Client, by: str, words: str) -> None:
    assert f"{words} {MINUTE}" in words_of(client, held(by), settled=0, left=2)


def test_it_says_when_it_goes_on_and_expects_no_end_before(client: Client) -> None:
    words = words_of(client, held("limit", minutes=130), settled=6, left=12)
    assert "It goes on by itself at" in words
    assert "in 2 hours" in words
    assert MINUTE not in words
    assert "It should end at" not in words


def test_it_names_the_providers_that_it_waits_for(client: Client) -> None:
    send = held("provider", minutes=30)
    make_to(send, "gmail.com", mx_group="gmail")
    make_to(send, "qq.com", mx_group="qq")
    words = words_of(client, send, settled=0, left=0)
    assert "It waits for a limit: no more mail may go to Gmail; QQ, Foxmail for now." in words


def test_a_wait_that_is_over_goes_on_within_a_minute(client: Client) -> None:
    assert MINUTE in words_of(client, held("limit", minutes=-5), settled=0, left=2)


@pytest.mark.parametrize("overrides", [{"state": Send.State.PAUSED}, {"state": Send.State.FINISHED}, {"held_by": ""}])
def test_what_does_not_run_or_is_not_held_waits_for_nothing(client: Client, overrides: dict[str, str]) -> None:
    send = held("limit", minutes=5)
    Send.objects.filter(pk=send.pk).update(**overrides)
    send.refresh_from_db()
    assert "It waits for" not in words_of(client, send, settled=0, left=2)


@pytest.mark.parametrize(
    ("by", "label", "name"),
    [
        ("limit", "See the limits", "precise-mail-limits:index"),
        ("provider", "See the limits", "precise-mail-limits:index"),
        ("warm_up", "See the plans", "precise-mail-warm-ups:index"),
    ],
)
def test_whoever_may_see_limits_and_plans_is_led_to_them(client: Client, by: str, label: str, name: str) -> None:
    link = page_of(client, held(by), *SEES_PACING).find("a", string=label)
    assert link is not None
    assert link["href"] == reverse(name)


def test_nobody_else_is_led_there(client: Client) -> None:
    assert "See the limits" not in page_of(client, held("limit")).get_text()


def test_the_names_of_providers_cost_one_query(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    send = held("provider", minutes=30)
    make_to(send, "gmail.com", mx_group="gmail")
    campaign = make_campaign(topic=send.topic)
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.SENDING, send=send)
    client.force_login(make_sender())
    url = reverse("precise-mail-campaigns:progress", args=[campaign.pk])
    client.get(url)  # content types and permissions are read once per process
    with django_assert_max_num_queries(17):
        client.get(url)
