"""The health check: each thing that can be wrong is found, and said in a sentence."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule
from pytest_django import DjangoAssertNumQueries, Settings

from tests.delivery.smtp_server import MailServer
from tests.factories.campaigns import make_user
from tests.factories.delivery import make_messages, make_send
from wagtail_precise_mail.background import sync_schedules
from wagtail_precise_mail.campaigns.schedules import RECURRING
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.operations.health import Level, examine, worst
from wagtail_precise_mail.delivery.operations.models import WorkerBeat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _alive() -> None:
    WorkerBeat.objects.create(name="web1", beat_at=timezone.now())


def wrong(**options: object) -> list[tuple[str, Level]]:
    return [(one.check, one.level) for one in examine(**options) if one.level]  # type: ignore[arg-type]


def sentences() -> str:
    return "\n".join(one.sentence for one in examine() if one.level)


def test_a_site_that_works_is_well() -> None:
    make_messages(make_send(frozen_at=timezone.now()), 1)
    assert wrong() == []


def test_no_sign_of_life_is_critical() -> None:
    WorkerBeat.objects.update(beat_at=timezone.now() - timedelta(minutes=10))
    assert wrong() == [("workers", Level.CRITICAL)]
    assert "No worker has run a task since" in sentences()


def test_workers_that_never_ran_are_critical() -> None:
    WorkerBeat.objects.all().delete()
    assert "No worker has run a task yet" in sentences()


def test_one_silent_cluster_among_others_is_a_warning() -> None:
    WorkerBeat.objects.create(name="web2", beat_at=timezone.now() - timedelta(minutes=10))
    assert wrong() == [("workers", Level.WARNING)]
    assert "web2" in sentences()


def test_leases_that_nobody_frees_are_critical() -> None:
    held = make_messages(make_send(frozen_at=timezone.now()), 1)[0]
    OutboxMessage.objects.filter(pk=held.pk).update(
        state="handoff", lease_expires_at=timezone.now() - timedelta(minutes=4)
    )
    assert ("leases", Level.CRITICAL) in wrong()


def test_retries_that_nobody_makes_are_critical() -> None:
    put_off = make_messages(make_send(frozen_at=timezone.now()), 1)[0]
    OutboxMessage.objects.filter(pk=put_off.pk).update(
        state="deferred", next_attempt_at=timezone.now() - timedelta(minutes=4)
    )
    assert wrong() == [("retries", Level.CRITICAL)]


def test_a_send_that_does_not_move_is_critical() -> None:
    send = make_send(frozen_at=timezone.now() - timedelta(minutes=6))
    make_messages(send, 1)
    assert wrong() == [("sends", Level.CRITICAL)]
    assert f"Send {send.pk} is running" in sentences()


def test_a_send_that_moved_lately_is_well() -> None:
    send = make_send(frozen_at=timezone.now() - timedelta(minutes=6))
    done, _waiting = make_messages(send, 2)
    OutboxMessage.objects.filter(pk=done.pk).update(state="accepted", finished_at=timezone.now())
    assert wrong() == []


@pytest.mark.parametrize(("minutes", "found"), [(600, []), (-1, []), (-6, [("sends", Level.CRITICAL)])])
def test_a_send_that_waits_for_a_limit_is_well_until_its_wait_was_over(
    minutes: int, found: list[tuple[str, Level]]
) -> None:
    at = timezone.now()
    send = make_send(frozen_at=at - timedelta(hours=1), held_by="warm_up", held_until=at + timedelta(minutes=minutes))
    make_messages(send, 1)
    assert wrong() == found


def test_a_paused_send_is_a_warning() -> None:
    make_messages(make_send(state=Send.State.PAUSED), 1)
    assert wrong() == [("sends", Level.WARNING)]


def test_a_missing_schedule_is_critical() -> None:
    sync_schedules(RECURRING)
    assert wrong(recurring=RECURRING) == []
    Schedule.objects.filter(name="precise_mail:pump").delete()
    assert wrong(recurring=RECURRING) == [("schedules", Level.CRITICAL)]


def test_a_queue_that_does_not_answer_is_critical(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_q.conf.Conf.ORM", None)
    monkeypatch.setattr("django_q.conf.Conf.REDIS", "redis://127.0.0.1:1/0")
    assert ("queue", Level.CRITICAL) in wrong()


def test_a_mail_server_that_is_away_is_critical_if_it_is_asked_for(mail_server: MailServer, settings: Settings) -> None:
    assert wrong(with_channel=True) == []
    settings.EMAIL_PORT = 1
    assert wrong() == []
    assert wrong(with_channel=True) == [("channel", Level.CRITICAL)]


def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(12) as few:
        examine(recurring=RECURRING)
    for _number in range(3):
        make_messages(make_send(), 2)
        WorkerBeat.objects.create(name=f"more{_number}", beat_at=timezone.now())
    with django_assert_max_num_queries(len(few)):
        examine(recurring=RECURRING)


def test_the_worst_finding_counts() -> None:
    WorkerBeat.objects.all().delete()
    make_send(state=Send.State.PAUSED)
    assert worst(examine()) == Level.CRITICAL


class TestCommand:
    @staticmethod
    def run(*arguments: str) -> tuple[int, str]:
        output = StringIO()
        try:
            call_command("precise_mail_health", *arguments, stdout=output)
        except SystemExit as end:
            return int(end.code or 0), output.getvalue()
        return 0, output.getvalue()

    @pytest.fixture(autouse=True)
    def _schedules(self) -> None:
        sync_schedules(RECURRING)

    def test_it_ends_with_0_when_all_is_well(self) -> None:
        code, words = self.run()
        assert code == 0
        assert "OK       database: The database answers." in words

    def test_it_ends_with_1_after_a_warning(self) -> None:
        make_send(state=Send.State.PAUSED)
        assert self.run()[0] == 1

    def test_a_warning_can_be_no_reason_to_fail(self) -> None:
        make_send(state=Send.State.PAUSED)
        assert self.run("--only-critical")[0] == 0
        WorkerBeat.objects.all().delete()
        assert self.run("--only-critical")[0] == 2

    def test_it_ends_with_2_when_something_is_critical(self) -> None:
        WorkerBeat.objects.all().delete()
        code, words = self.run("--quiet")
        assert code == 2
        assert words.startswith("CRITICAL workers: No worker")
        assert "OK" not in words

    def test_it_speaks_json(self) -> None:
        WorkerBeat.objects.all().delete()
        found = json.loads(self.run("--json")[1])
        assert found["level"] == "critical"


class TestEndpoint:
    URL = "/mail/health/"

    def test_everybody_learns_whether_it_works_and_nothing_else(self, client: Client) -> None:
        response = client.get(self.URL)
        assert (response.status_code, response.json()) == (200, {"level": "ok"})

    def test_what_is_critical_is_a_503(self, client: Client) -> None:
        WorkerBeat.objects.all().delete()
        assert client.get(self.URL).status_code == 503

    def test_people_with_the_permission_read_the_sentences(self, client: Client) -> None:
        client.force_login(make_user("access_admin", "view_workerbeat"))
        assert client.get(self.URL).json()["findings"][0]["check"] == "queue"

    def test_a_database_that_does_not_answer_is_a_503(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        from django.db import OperationalError

        def fail(*args: object, **kwargs: object) -> None:
            raise OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr(connection, "cursor", fail)
        response = client.get(self.URL)
        assert (response.status_code, response.json()) == (503, {"level": "critical"})
