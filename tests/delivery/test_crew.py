"""How many workers a send is given."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django_q.models import OrmQ
from pytest_django import Settings

from tests.factories.delivery import make_messages, make_send
from wagtail_precise_mail.delivery import crew, services

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("pending", "called"), [(0, 1), (1, 1), (5, 1), (6, 2), (11, 3), (40, 3)])
def test_as_many_are_called_as_have_something_to_do(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    pending: int,
    called: int,
) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "claim_size": 5}
    monkeypatch.setattr(crew, "crew_size", lambda: 3)
    send = make_send()
    make_messages(send, pending)
    with django_capture_on_commit_callbacks(execute=True):
        crew.call_workers(send.pk)
    assert OrmQ.objects.count() == called


def test_one_of_a_cluster_stays_free(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "worker_count", lambda: 4)
    assert crew.crew_size() == (1 if connection.vendor == "sqlite" else 3)
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "workers_per_send": 9}
    assert crew.crew_size() == (1 if connection.vendor == "sqlite" else 9)


def test_who_is_called_for_a_finished_send_does_nothing(django_capture_on_commit_callbacks: Any) -> None:
    send = make_send()
    make_messages(send, 2)
    services.deliver(send.pk)
    with django_capture_on_commit_callbacks(execute=True):
        services.deliver(send.pk)
    assert OrmQ.objects.count() == 0
