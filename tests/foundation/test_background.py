"""The seam to django-q2: tasks by path, after commit; wakes by name; schedules in line with a list."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage
from pytest_django import Settings

from wagtail_precise_mail import background
from wagtail_precise_mail.background import Recurring, enqueue, forget_wake, sync_schedules, wake_at
from wagtail_precise_mail.delivery import tasks

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
PATH = "wagtail_precise_mail.delivery.tasks.deliver_send"

pytestmark = pytest.mark.django_db


def queued() -> list[tuple[str, tuple[Any, ...]]]:
    tasks_in_queue = [SignedPackage.loads(item.payload) for item in OrmQ.objects.order_by("pk")]
    return [(task["func"], task["args"]) for task in tasks_in_queue]


@pytest.mark.parametrize("task", [tasks.deliver_send, PATH], ids=["function", "path"])
def test_a_task_is_queued_by_its_path_with_its_arguments(task: Any, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        enqueue(task, 7)
    assert queued() == [(PATH, (7,))]


def test_nothing_is_queued_before_the_transaction_commits(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        enqueue(PATH, 7)
        assert queued() == []
    assert len(queued()) == 1


def test_what_a_rolled_back_transaction_asked_for_is_forgotten(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        enqueue(PATH, 7)
        transaction.set_rollback(True)
    assert queued() == []


def test_a_queue_that_is_down_is_logged_and_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError("no redis")

    monkeypatch.setattr(background, "async_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        enqueue(PATH, 7)
    assert "Could not enqueue" in caplog.text


def test_a_wake_is_a_one_time_schedule_that_deletes_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    # The scheduler's last act; the test still needs its own connection.
    monkeypatch.setattr("django_q.scheduler.close_old_django_connections", lambda: None)
    wake_at(AT, tasks.deliver_send, 7)
    schedule = Schedule.objects.get(name="precise_mail:deliver_send:7")
    assert (schedule.func, schedule.next_run, schedule.schedule_type) == (PATH, AT, Schedule.ONCE)
    assert ast.literal_eval(schedule.args) == (7,)
    _run_scheduler(AT + timedelta(seconds=1))
    assert not Schedule.objects.filter(pk=schedule.pk).exists()
    assert queued() == [(PATH, (7,))]


def test_waking_again_moves_the_first_wake() -> None:
    wake_at(AT, PATH, 7)
    wake_at(AT + timedelta(days=1), tasks.deliver_send, 7)
    assert Schedule.objects.get(name__startswith="precise_mail:deliver_send").next_run == AT + timedelta(days=1)


def test_wakes_of_different_arguments_live_side_by_side_and_are_forgotten_alone() -> None:
    wake_at(AT, PATH, 7)
    wake_at(AT, PATH, 77)
    forget_wake(PATH, 7)
    forget_wake(PATH, 8)
    assert [ast.literal_eval(schedule.args) for schedule in Schedule.objects.filter(func=PATH)] == [(77,)]


def test_a_path_that_leads_nowhere_is_refused_before_it_stops_every_schedule() -> None:
    with pytest.raises(ImportError):
        wake_at(AT, "wagtail_precise_mail.delivery.tasks.nothing", 7)
    with pytest.raises(ImportError):
        sync_schedules([Recurring("bad", "wagtail_precise_mail.nothing.at_all")])
    assert not Schedule.objects.filter(name__contains="nothing").exists()


def test_schedules_follow_the_list_and_leave_those_of_others_alone() -> None:
    Schedule.objects.filter(name__startswith="precise_mail:").delete()
    foreign = Schedule.objects.create(name="theirs", func="os.getcwd", schedule_type=Schedule.MINUTES, minutes=5)
    wake_at(AT, PATH, 7)
    sweep = "wagtail_precise_mail.delivery.tasks.sweep"
    sync_schedules([Recurring("old", sweep), Recurring("kept", sweep)], at=AT)
    sync_schedules([Recurring("kept", sweep, minutes=3)], at=AT + timedelta(days=1))
    kept = Schedule.objects.get(name="precise_mail:kept")
    # Its next run is not put off by a deployment.
    assert (kept.minutes, kept.repeats, kept.next_run) == (3, -1, AT + timedelta(seconds=5))
    names = set(Schedule.objects.values_list("name", flat=True))
    assert names == {"theirs", "precise_mail:kept", "precise_mail:deliver_send:7"}
    assert foreign in Schedule.objects.all()


def test_the_pump_runs_every_minute_as_soon_as_tables_are_migrated() -> None:
    from wagtail_precise_mail.campaigns.schedules import RECURRING

    declared = {f"precise_mail:{item.name}": item.path for item in RECURRING}
    stored = Schedule.objects.filter(name__in=declared, schedule_type=Schedule.MINUTES)
    assert {schedule.name: schedule.func for schedule in stored} == declared


def _run_scheduler(at: datetime) -> None:
    """One pass of django-q2's own scheduler."""
    import time_machine
    from django_q.scheduler import scheduler

    with time_machine.travel(at, tick=False):
        scheduler(broker=get_broker())


def test_settings_of_the_tests_run_no_task_by_themselves(settings: Settings) -> None:
    assert not settings.Q_CLUSTER.get("sync")
