"""The circuit breaker: who is stopped by what, who is told, and who lets them go on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from wagtail.models import ModelLogEntry

from tests.factories.delivery import make_messages, make_send
from tests.factories.pacing import AT, make_alarm, make_past, make_plan, make_returned
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.bounces.refusals import record_refusals
from wagtail_precise_mail.delivery.claims import Result
from wagtail_precise_mail.delivery.domains.models import DomainDay
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.pacing.circuit import check_circuits, let_go_on
from wagtail_precise_mail.delivery.pacing.models import Alarm
from wagtail_precise_mail.delivery.replies import read
from wagtail_precise_mail.exceptions import ConfigurationError, InvalidTransition

State = OutboxMessage.State

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNKNOWN_USER, BLOCKED = "550 5.1.1 user unknown", "550 5.7.1 blocked by Spamhaus"


def past(accepted: int = 1000, *, complaints: int = 0, hard: int = 0, blocks: int = 0, **overrides) -> Send:
    """A send of yesterday with what came back."""
    send = make_send(state=Send.State.FINISHED, **overrides)
    messages = make_past(send, accepted)
    make_returned(messages[:complaints], "complaint")
    make_returned(messages[-hard:] if hard else [], "hard")
    make_returned(messages[-blocks:] if blocks else [], "block")
    return send


def kinds() -> list[tuple[str, str]]:
    return list(Alarm.objects.filter(ended_at=None).order_by("kind").values_list("kind", "level"))


@pytest.mark.parametrize(
    ("came_back", "alarm"),
    [
        ({"complaints": 2}, []),
        ({"complaints": 3}, [("complaints", "stop")]),
        ({"accepted": 2000, "complaints": 3}, [("complaints", "warning")]),
        ({"hard": 19}, []),
        ({"hard": 20}, [("bounces", "warning")]),
        ({"hard": 50}, [("bounces", "stop")]),
        ({"blocks": 20}, [("blocks", "warning")]),
        ({"blocks": 100}, [("blocks", "stop")]),
        ({"accepted": 499, "complaints": 100}, []),
    ],
)
def test_shares_warn_and_stop(came_back: dict[str, int], alarm: list) -> None:
    past(**came_back)
    check_circuits(at=AT + HOUR)
    assert kinds() == alarm


def test_refusals_by_the_server_count_as_what_they_say() -> None:
    send = past(800)
    for count, reply in ((60, UNKNOWN_USER), (140, BLOCKED)):
        refused = make_past(send, count, state="rejected", reply=reply)
        reply_class = read(reply).reply_class
        record_refusals(Result(one, "rejected", reply, finished_at=AT, reply_class=reply_class) for one in refused)
    check_circuits(at=AT + HOUR)
    assert kinds() == [("blocks", "stop"), ("bounces", "stop")]


def test_a_stop_pauses_the_marketing_of_that_sender_and_nothing_else() -> None:
    past(complaints=9)
    running = {
        "newsletter": make_send(),
        "order": make_send(topic=None),
        "other sender": make_send(from_address="a@example.org"),
        "test": make_send(is_test=True),
    }
    check_circuits(at=AT + HOUR)
    states = {name: Send.objects.get(pk=send.pk).state for name, send in running.items()}
    assert states == {"newsletter": "paused", "order": "running", "other sender": "running", "test": "running"}


def test_the_reason_says_what_was_too_much() -> None:
    past(complaints=9)
    send = make_send()
    check_circuits(at=AT + HOUR)
    send.refresh_from_db()
    assert send.pause_reason.startswith("9 of 1,000 contacts called mail from example.com spam: 0.9%, and 0.3% is")


@pytest.mark.slow
def test_one_bad_send_stops_its_sender_whose_other_mail_is_good() -> None:
    past(20_000)
    bad = past(1000, complaints=8)
    check_circuits(at=AT + HOUR)
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.level, alarm.send, alarm.base_count) == ("complaints", "stop", bad, 1000)


def test_what_is_older_than_the_window_is_forgotten() -> None:
    past(complaints=9)
    check_circuits(at=AT + 7 * DAY + HOUR)
    assert kinds() == []


def test_an_alarm_comes_once() -> None:
    past(complaints=9)
    assert len(check_circuits(at=AT + HOUR)) == 1
    assert check_circuits(at=AT + 2 * HOUR) == []


def test_tests_do_not_count() -> None:
    past(complaints=9, is_test=True)
    check_circuits(at=AT + HOUR)
    assert kinds() == []


def test_a_warning_ends_by_itself() -> None:
    past(hard=20)
    check_circuits(at=AT + HOUR)
    past(1000)
    check_circuits(at=AT + 2 * HOUR)
    assert list(Alarm.objects.values_list("level", "ended_at")) == [("warning", AT + 2 * HOUR)]


def test_a_send_that_begins_under_a_stop_is_paused_before_anything_leaves(memory_channel) -> None:
    make_alarm()
    send = make_send()
    make_messages(send, 3)
    services.deliver(send.pk)
    send.refresh_from_db()
    assert (send.state, len(memory_channel.outbox)) == (Send.State.PAUSED, 0)
    assert "spam" in send.pause_reason


def test_a_stopped_sender_sends_mail_about_orders(memory_channel) -> None:
    make_alarm()
    send = make_send(topic=None)
    make_messages(send, 3)
    services.deliver(send.pk)
    assert len(memory_channel.outbox) == 3


def test_a_send_of_a_stopped_sender_cannot_be_resumed() -> None:
    make_alarm()
    send = make_send(state=Send.State.PAUSED, state_before_pause=Send.State.RUNNING)
    with pytest.raises(InvalidTransition, match="Let this sender go on first"):
        services.resume(send)


def test_a_person_lets_a_sender_go_on_which_is_logged_and_judged_anew() -> None:
    past(complaints=9)
    check_circuits(at=AT + HOUR)
    alarm, user = Alarm.objects.get(), User.objects.create_user("mia")
    let_go_on(alarm, by=user, at=AT + 2 * HOUR)
    assert (alarm.ended_by, ModelLogEntry.objects.get().user) == (user, user)
    check_circuits(at=AT + 3 * HOUR)
    assert kinds() == []
    again = make_send(state=Send.State.FINISHED)
    make_returned(make_past(again, 1000, at=AT + 4 * HOUR)[:5], "complaint", at=AT + 4 * HOUR)
    check_circuits(at=AT + 5 * HOUR)
    assert kinds() == [("complaints", "stop")]


def test_a_stop_ends_once() -> None:
    alarm, user = make_alarm(), User.objects.create_user("mia")
    let_go_on(alarm, by=user)
    with pytest.raises(InvalidTransition, match="over already"):
        let_go_on(alarm, by=user)


def _usual(count: int) -> None:
    for days in range(3, 20):
        on = (AT - days * DAY).date()
        DomainDay.objects.create(on=on, sender="example.com", domain="a.b", outcome="accepted", count=count)


@pytest.fixture
def small(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "usual_volume_minimum": 20}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("count", "alarm"), [(30, []), (31, [("volume", "stop")])])
def test_far_more_mail_than_usual_stops_before_it_leaves(count: int, alarm: list) -> None:
    _usual(3)
    make_messages(make_send(), count)
    check_circuits(at=AT)
    assert kinds() == alarm


@pytest.mark.usefixtures("small")
def test_a_new_sender_has_no_usual_volume() -> None:
    make_messages(make_send(), 50)
    check_circuits(at=AT)
    assert kinds() == []


@pytest.mark.usefixtures("small")
def test_a_warm_up_plan_already_limits_the_volume() -> None:
    _usual(3)
    make_plan([5])
    make_messages(make_send(), 50)
    check_circuits(at=AT)
    assert kinds() == []


@pytest.mark.usefixtures("small")
def test_a_volume_that_somebody_allowed_stops_nothing_for_a_day() -> None:
    _usual(3)
    make_messages(make_send(), 50)
    check_circuits(at=AT)
    let_go_on(Alarm.objects.get(), by=User.objects.create_user("mia"), at=AT)
    Send.objects.update(state=Send.State.RUNNING)
    check_circuits(at=AT + HOUR)
    assert kinds() == []


def test_whoever_may_let_it_go_on_is_told_in_their_language(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    may = User.objects.create_user("mia", "mia@example.com")
    may.user_permissions.add(Permission.objects.get(codename="resume_alarm"))
    User.objects.create_user("tom", "tom@example.com")
    User.objects.create_superuser("away", "away@example.com", is_active=False)
    past(complaints=9)
    with django_capture_on_commit_callbacks(execute=True):
        check_circuits(at=AT + HOUR)
    [message] = mail.outbox
    assert (message.to, message.subject) == (["mia@example.com"], "Mail from example.com is stopped")
    assert "9 of 1,000 contacts" in message.body
    assert "/admin/reports/precise-mail-alarms/" in message.body


def test_looking_at_senders_costs_the_same_for_one_and_for_many_sends() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            check_circuits(at=AT + HOUR)
        return len(captured)

    past(10)
    few = queries()
    for _number in range(5):
        past(10)
    assert queries() == few


@pytest.mark.parametrize(
    "given", [{"complaint_stop_percent": 0}, {"bounce_warn_percent": 50}, {"block_stop_percent": "10"}]
)
def test_thresholds_that_make_no_sense_are_refused(settings: Settings, given: dict) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, **given}
    with pytest.raises(ConfigurationError, match="percent"):
        options()
