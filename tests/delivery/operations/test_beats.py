"""Signs of life: each task that a worker runs is one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.signals import pre_execute
from pytest_django import DjangoAssertNumQueries, Settings

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery import tasks
from wagtail_precise_mail.delivery.operations import beats
from wagtail_precise_mail.delivery.operations.models import WorkerBeat
from wagtail_precise_mail.exceptions import ConfigurationError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(beats.CLUSTER_VARIABLE, "web1")
    monkeypatch.setattr(beats, "_written_at", None)


def start_a_task(**task: object) -> None:
    """As django-q2 does in a worker."""
    pre_execute.send(sender="django_q", func=None, task={"id": "1", **task})


def test_a_task_that_starts_is_a_sign_of_life() -> None:
    start_a_task()
    assert timezone.now() - WorkerBeat.objects.get(name="web1").beat_at < timedelta(seconds=5)


def test_a_task_inside_of_a_request_is_none() -> None:
    start_a_task(sync=True)
    assert not WorkerBeat.objects.exists()


def test_many_short_tasks_write_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    start_a_task()
    with django_assert_num_queries(0):
        for _number in range(20):
            start_a_task()


def test_a_cluster_without_a_supervisor_is_named_by_its_host_and_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(beats.CLUSTER_VARIABLE)
    start_a_task()
    assert ":" in WorkerBeat.objects.get().name


def test_clusters_that_have_gone_are_forgotten_after_a_day() -> None:
    now = timezone.now()
    WorkerBeat.objects.create(name="old", beat_at=now - timedelta(hours=25))
    WorkerBeat.objects.create(name="new", beat_at=now - timedelta(hours=23))
    tasks.beat()
    assert list(WorkerBeat.objects.values_list("name", flat=True)) == ["new"]


def test_restarts_are_counted() -> None:
    beats.note_restart("web1", at=timezone.now())
    beats.note_restart("web1", at=timezone.now())
    assert WorkerBeat.objects.get(name="web1").restart_count == 2


def test_a_cluster_is_not_silent_while_the_longest_task_runs(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "heartbeat_seconds": 1}
    assert beats.silence_seconds() == settings.Q_CLUSTER["timeout"] + 1


@pytest.mark.parametrize("tokens", ["a-token-of-the-monitoring", ["short"], [""]])
def test_tokens_that_open_to_anybody_are_refused(settings: Settings, tokens: object) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "metrics_tokens": tokens}
    with pytest.raises(ConfigurationError, match="metrics_tokens"):
        options()
