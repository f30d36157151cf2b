"""The metrics endpoint: who may read it, and what it says."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from tests.factories.campaigns import make_user
from tests.factories.delivery import make_messages, make_send
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.operations.metrics import Metric, Sample, collect, render
from wagtail_precise_mail.delivery.operations.models import WorkerBeat

URL = "/mail/metrics/"
TOKEN = "a-token-of-the-monitoring"

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(settings: Settings) -> str:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "metrics_tokens": [TOKEN]}
    return f"Bearer {TOKEN}"


def test_strangers_read_nothing(client: Client) -> None:
    response = client.get(URL)
    assert response.status_code == 401
    assert "precise_mail_" not in response.content.decode()


@pytest.mark.parametrize("header", ["Bearer wrong", f"Basic {TOKEN}", "Bearer ", f"Bearer {TOKEN}x"])
def test_a_wrong_token_opens_nothing(client: Client, token: str, header: str) -> None:
    assert client.get(URL, HTTP_AUTHORIZATION=header).status_code == 401


def test_no_token_opens_when_none_is_set(client: Client) -> None:
    assert client.get(URL, HTTP_AUTHORIZATION="Bearer ").status_code == 401


def test_monitoring_reads_with_its_token(client: Client, token: str) -> None:
    response = client.get(URL, HTTP_AUTHORIZATION=token)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "no-store" in response["Cache-Control"]


def test_people_read_with_the_permission(client: Client) -> None:
    client.force_login(make_user("access_admin", "view_workerbeat"))
    assert client.get(URL).status_code == 200


def test_people_without_the_permission_read_nothing(client: Client) -> None:
    client.force_login(make_user("access_admin", "view_campaign", "send_campaign"))
    assert client.get(URL).status_code == 401


def test_nothing_is_changed_by_post(client: Client, token: str) -> None:
    assert client.post(URL, HTTP_AUTHORIZATION=token).status_code == 405


def test_every_line_is_in_the_format_of_prometheus() -> None:
    make_messages(make_send(), 2)
    WorkerBeat.objects.create(name='web "1"', beat_at=timezone.now())
    label = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
    sample = re.compile(rf"^[a-z_]+(?:\{{{label}(?:,{label})*\}})? -?[0-9.e+]+$")
    lines = render(collect()).splitlines()
    assert [line for line in lines if not line.startswith("#") and not sample.match(line)] == []
    assert r'{cluster="web \"1\""}' in "\n".join(lines)


def test_labels_are_escaped() -> None:
    text = render([Metric("m", "h", [Sample(1, {"a": 'x"\\\n'})])])
    assert text.splitlines()[2] == r'm{a="x\"\\\n"} 1'


def test_messages_are_counted_by_send_and_state() -> None:
    send = make_send()
    make_messages(send, 2)
    line = f'precise_mail_send_messages{{send="{send.pk}",origin="campaign {send.origin_id}",state="pending"}} 2'
    assert line in render(collect())


def test_no_address_is_among_them() -> None:
    make_messages(make_send(), 2)
    assert "@" not in render(collect())


def test_the_oldest_due_message_tells_its_age() -> None:
    at = timezone.now()
    make_messages(make_send(frozen_at=at - timedelta(seconds=90)), 1)
    assert "precise_mail_oldest_due_seconds 90" in render(collect(at=at))


def test_a_held_send_is_not_due() -> None:
    at = timezone.now()
    make_messages(make_send(frozen_at=at - timedelta(seconds=90), state=Send.State.PAUSED), 1)
    assert "precise_mail_oldest_due_seconds 0" in render(collect(at=at))


def test_expired_leases_are_counted() -> None:
    at = timezone.now()
    held = make_messages(make_send(), 1)[0]
    OutboxMessage.objects.filter(pk=held.pk).update(state="claimed", lease_expires_at=at - timedelta(seconds=1))
    assert "precise_mail_expired_leases 1" in render(collect(at=at))


def test_many_sends_take_as_many_queries_as_one(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    make_messages(make_send(), 1)
    with django_assert_max_num_queries(12) as few:
        collect()
    for _number in range(3):
        make_messages(make_send(), 2)
    with django_assert_max_num_queries(len(few)):
        collect()
