"""What people may do with a campaign in each state, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django_q.models import OrmQ, Schedule
from wagtail.models import ModelLogEntry

from tests.factories.campaigns import (
    DUE_AT,
    NOW,
    make_brand,
    make_campaign,
    make_email,
    make_scheduled,
    make_segment,
    make_sender,
)
from wagtail_precise_mail.campaigns import services
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.signals import campaign_moved
from wagtail_precise_mail.exceptions import InvalidTransition, NotReady

pytestmark = pytest.mark.django_db
State = Campaign.State

VERBS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "schedule": (services.schedule, {"scheduled_at": DUE_AT, "at": NOW}),
    "reschedule": (services.reschedule, {"scheduled_at": DUE_AT + timedelta(days=1), "at": NOW}),
    "unschedule": (services.unschedule, {}),
    "pause": (services.pause, {"reason": "wrong price"}),
    "resume": (services.resume, {"at": NOW}),
    "cancel": (services.cancel, {}),
    "evaluate": (services.evaluate, {"note": "Send it earlier."}),
}
# Before anything was sent. What may be done to a campaign that sends is in test_starting.
ALLOWED = {
    State.DRAFT: {"schedule"},
    State.SCHEDULED: {"reschedule", "unschedule", "pause", "cancel"},
    State.PAUSED: {"reschedule", "unschedule", "resume", "cancel"},
    State.CANCELLED: set(),
    State.SENT: {"evaluate"},
    State.EVALUATED: {"evaluate"},
}


def in_state(state: str) -> Campaign:
    campaign = make_campaign() if state == State.DRAFT else make_scheduled()
    Campaign.objects.filter(pk=campaign.pk).update(state=state)
    campaign.refresh_from_db()
    return campaign


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", ALLOWED)
def test_each_state_allows_its_verbs_and_no_other(state: str, verb: str) -> None:
    campaign = in_state(state)
    call, arguments = VERBS[verb]
    if verb in ALLOWED[State(state)]:
        call(campaign, by=make_sender(), **arguments)
        return
    with pytest.raises(InvalidTransition):
        call(campaign, by=make_sender(), **arguments)
    campaign.refresh_from_db()
    assert campaign.state == state


def test_scheduling_pins_the_published_version() -> None:
    email = make_email()
    approved = email.live_revision_id
    email.subject = "Later thought"
    email.save_revision()

    campaign = make_scheduled(email=email)

    assert campaign.state == State.SCHEDULED
    assert campaign.email_revision_id == approved


def test_an_email_that_was_never_published_is_refused_with_what_to_do() -> None:
    campaign = make_campaign(email=make_email(publish=False))
    with pytest.raises(NotReady, match=r"never published.*publish it"):
        services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)
    campaign.refresh_from_db()
    assert campaign.state == State.DRAFT


def test_a_time_in_the_past_is_refused() -> None:
    with pytest.raises(NotReady, match="past"):
        services.schedule(make_campaign(), scheduled_at=NOW - timedelta(seconds=1), by=make_sender(), at=NOW)


def test_now_is_not_the_past() -> None:
    campaign = services.schedule(make_campaign(), scheduled_at=NOW, by=make_sender(), at=NOW)
    assert campaign.state == State.SCHEDULED


def test_errors_of_the_email_stop_it() -> None:
    campaign = make_campaign(email=make_email(subject=""))
    with pytest.raises(NotReady, match="no subject"):
        services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)


def test_a_site_without_a_sender_stops_it() -> None:
    campaign = make_campaign()
    make_brand(sender=None)
    with pytest.raises(NotReady, match="no sender"):
        services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)


def test_a_segment_that_cannot_be_evaluated_stops_it() -> None:
    campaign = make_campaign(segment=make_segment(rules=[], name="Unfinished"))
    with pytest.raises(NotReady, match=r"Unfinished.*cannot be evaluated"):
        services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)


def test_every_problem_is_named_at_once() -> None:
    campaign = make_campaign(email=make_email(subject=""), segment=make_segment(rules=[]))
    with pytest.raises(NotReady) as refused:
        services.schedule(campaign, scheduled_at=DUE_AT, by=make_sender(), at=NOW)
    assert len(refused.value.problems) == 2


def test_scheduling_wakes_the_worker_at_the_time_and_moving_moves_it() -> None:
    campaign = make_scheduled()
    schedule = Schedule.objects.get(name=f"precise_mail:start_campaign:{campaign.pk}")
    assert (schedule.next_run, schedule.schedule_type) == (DUE_AT, Schedule.ONCE)

    services.reschedule(campaign, scheduled_at=DUE_AT + timedelta(hours=3), by=make_sender(), at=NOW)

    schedule.refresh_from_db()
    assert schedule.next_run == DUE_AT + timedelta(hours=3)
    assert campaign.scheduled_at == DUE_AT + timedelta(hours=3)


@pytest.mark.parametrize("verb", ["unschedule", "pause", "cancel"])
def test_stopping_takes_the_alarm_back(verb: str) -> None:
    campaign = make_scheduled()
    call, arguments = VERBS[verb]
    call(campaign, by=make_sender(), **arguments)
    assert not Schedule.objects.filter(name__contains="start_campaign").exists()


def test_sending_now_wakes_the_worker_at_once(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.schedule(make_campaign(), scheduled_at=NOW, by=make_sender(), at=NOW)
    assert OrmQ.objects.count() == 1
    assert not Schedule.objects.filter(name__contains="start_campaign").exists()


def test_moving_a_paused_campaign_keeps_it_paused() -> None:
    campaign = services.pause(make_scheduled(), reason="later", by=make_sender())
    services.reschedule(campaign, scheduled_at=DUE_AT + timedelta(days=2), by=make_sender(), at=NOW)
    assert campaign.state == State.PAUSED
    assert not Schedule.objects.filter(name__contains="start_campaign").exists()


def test_moving_keeps_the_zone_in_which_the_time_was_chosen() -> None:
    campaign = make_scheduled()
    services.reschedule(
        campaign, scheduled_at=DUE_AT + timedelta(days=1), time_zone="Asia/Tokyo", by=make_sender(), at=NOW
    )
    assert campaign.scheduled_locally_at is not None
    assert campaign.scheduled_locally_at.isoformat() == "2026-03-03T19:00:00+09:00"


def test_a_pause_keeps_its_reason_until_it_ends() -> None:
    campaign = services.pause(make_scheduled(), reason="wrong price", by=make_sender())
    assert campaign.pause_reason == "wrong price"
    services.resume(campaign, by=make_sender(), at=NOW)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.pause_reason) == (State.SCHEDULED, "")


def test_who_resumes_answers_for_it() -> None:
    campaign = services.pause(make_scheduled(), reason="", by=make_sender())
    somebody = make_sender()
    services.resume(campaign, by=somebody, at=NOW)
    campaign.refresh_from_db()
    assert campaign.scheduled_by == somebody


def test_back_to_draft_forgets_the_pinned_version() -> None:
    campaign = services.unschedule(make_scheduled(), by=make_sender())
    campaign.refresh_from_db()
    assert (campaign.state, campaign.email_revision_id, campaign.scheduled_by) == (State.DRAFT, None, None)
    assert campaign.scheduled_at == DUE_AT


def test_a_stale_page_cannot_move_a_campaign_twice() -> None:
    campaign = make_scheduled()
    stale = Campaign.objects.get(pk=campaign.pk)
    services.cancel(campaign, by=make_sender())
    with pytest.raises(InvalidTransition):
        services.pause(stale, reason="", by=make_sender())


def test_every_move_is_in_the_audit_log_with_who_did_it() -> None:
    by = make_sender()
    campaign = make_scheduled(by=by)
    services.pause(campaign, reason="wrong price", by=by)
    services.resume(campaign, by=by, at=NOW)
    services.cancel(campaign, by=by)

    entries = ModelLogEntry.objects.for_instance(campaign).order_by("pk")

    verbs = [entry.action.rpartition(".")[2] for entry in entries]
    assert verbs == ["schedule", "pause", "resume", "cancel"]
    assert {entry.user for entry in entries} == {by}
    assert entries[1].message == "Paused: wrong price"
    assert entries[0].message.startswith("Scheduled for 2026-03-02 10:00 UTC, with version ")


def test_a_move_is_announced_after_commit(django_capture_on_commit_callbacks: Any) -> None:
    heard: list[tuple[str, str]] = []

    def listen(campaign: Campaign, before: str, after: str, **kwargs: Any) -> None:
        heard.append((before, after))

    campaign = make_scheduled()
    campaign_moved.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            services.cancel(campaign, by=make_sender())
            assert not heard
        assert heard == [(State.SCHEDULED, State.CANCELLED)]
    finally:
        campaign_moved.disconnect(listen)


def test_a_note_closes_a_sent_campaign_and_may_be_corrected() -> None:
    campaign = in_state(State.SENT)
    services.evaluate(campaign, note="Send it earlier.", by=make_sender())
    services.evaluate(campaign, note="Send it much earlier.", by=make_sender())
    campaign.refresh_from_db()
    assert (campaign.state, campaign.evaluation) == (State.EVALUATED, "Send it much earlier.")


def test_every_state_has_its_row_in_the_table_of_moves() -> None:
    assert set(Campaign.MOVES) == set(State)
