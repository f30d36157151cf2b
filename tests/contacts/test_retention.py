"""Retention: nothing goes unless the site says so, the dry run tells the truth, and figures stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories.commerce import make_order
from tests.factories.contacts import grant, make_contact, make_note, make_topic
from tests.factories.delivery import make_message, make_reader, make_send
from tests.factories.emails import default_site
from wagtail_precise_mail.campaigns.schedules import RECURRING
from wagtail_precise_mail.contacts import rights
from wagtail_precise_mail.contacts.models import Consent, Contact, ServiceNote, Suppression
from wagtail_precise_mail.contacts.retention import RetentionRule, apply_rules, dry_run, retention_rules
from wagtail_precise_mail.contacts.subject_requests import SubjectRequest
from wagtail_precise_mail.delivery.models import MessageContent, OutboxMessage
from wagtail_precise_mail.exceptions import ConfigurationError
from wagtail_precise_mail.tracking.models import MessageEvent, SurveyAnswer
from wagtail_precise_mail.tracking.queries import figures

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
OLD = AT - timedelta(days=400)


@pytest.fixture
def keep(settings: Any) -> Any:
    """Say how many days rules keep."""

    def set_days(**days: int) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "retention_days": days}

    return set_days


def counts() -> dict[str, int]:
    return {row.key: row.count for row in dry_run(at=AT) if row.count}


def old_contact(**overrides: Any) -> Contact:
    contact = make_contact(**overrides)
    Contact.objects.filter(pk=contact.pk).update(created_at=OLD)
    return contact


def event_of(contact: Contact, *, at: datetime = OLD, **overrides: Any) -> MessageEvent:
    message = make_message(make_send(), contact, state="accepted")
    values = {"kind": "open", "user_agent": "Phone 1", "happened_at": at, **overrides}
    return MessageEvent.objects.create(message=message, send=message.send, contact=contact, **values)


def test_nothing_goes_where_the_site_says_nothing() -> None:
    contact = old_contact()
    make_note(contact, at=OLD)
    event_of(contact)
    assert counts() == {}
    assert apply_rules(at=AT) == {}
    assert ServiceNote.objects.exists()


def test_the_dry_run_says_what_would_go_and_changes_nothing(keep: Any) -> None:
    keep(service_notes=365)
    contact = make_contact()
    make_note(contact, at=OLD)
    make_note(contact, at=AT - timedelta(days=364))
    assert counts() == {"service_notes": 1}
    assert ServiceNote.objects.count() == 2
    assert apply_rules(at=AT) == {"service_notes": 1}
    assert counts() == {}


def test_a_rule_that_nobody_registered_is_named(keep: Any) -> None:
    keep(service_nots=1)
    with pytest.raises(ConfigurationError, match="service_nots"):
        dry_run(at=AT)


@pytest.mark.parametrize("bad", [{"events": -1}, {"events": "7"}, {"events": True}, ["events"]])
def test_days_are_whole_numbers(settings: Any, bad: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"retention_days": bad}
    with pytest.raises(ConfigurationError, match="retention_days"):
        dry_run(at=AT)


def test_events_lose_their_contact_and_reports_stay(keep: Any) -> None:
    keep(events=365)
    event = event_of(make_contact())
    before = figures(event.send_id)
    assert apply_rules(at=AT) == {"events": 1}
    event.refresh_from_db()
    assert (event.contact, event.user_agent) == (None, "")
    assert figures(event.send_id) == before


def test_programs_are_forgotten_earlier(keep: Any) -> None:
    keep(user_agents=30)
    contact = make_contact()
    event = event_of(contact)
    apply_rules(at=AT)
    event.refresh_from_db()
    assert (event.contact, event.user_agent) == (contact, "")


def test_contents_of_messages_go_and_messages_stay(keep: Any) -> None:
    keep(message_contents=365)
    old, new = (
        make_message(make_send(), state="accepted", finished_at=OLD),
        make_message(make_send(), state="accepted", finished_at=AT),
    )
    waiting = make_message(make_send())
    for message in (old, new, waiting):
        MessageContent.objects.create(message=message, contact=message.contact, data={})
    apply_rules(at=AT)
    assert set(MessageContent.objects.values_list("pk", flat=True)) == {new.pk, waiting.pk}
    assert OutboxMessage.objects.count() == 3


def test_comments_go_and_answers_stay(keep: Any) -> None:
    keep(survey_comments=365)
    message = make_message(make_send())
    SurveyAnswer.objects.create(
        message=message,
        send=message.send,
        contact=message.contact,
        block_id="b",
        question="?",
        kind="choice",
        value="a",
        label="A",
        comment="My name is Ann",
        answered_at=OLD,
    )
    apply_rules(at=AT)
    assert (SurveyAnswer.objects.get().comment, SurveyAnswer.objects.get().value) == ("", "a")


def test_answered_requests_go_and_open_ones_stay(keep: Any) -> None:
    keep(subject_requests=365)
    for kind in ("access", "erasure"):
        rights.receive(make_contact(), kind, source="letter", site=default_site(), at=OLD)
    SubjectRequest.objects.filter(kind="access").update(state="done", closed_at=OLD)
    apply_rules(at=AT)
    assert SubjectRequest.objects.get().kind == "erasure"


def asked(contact: Contact, *, at: datetime = OLD) -> None:
    Consent.objects.create(contact=contact, topic=make_topic(), status="pending", changed_at=at)


def test_who_never_confirmed_is_erased(keep: Any) -> None:
    keep(unconfirmed_signups=90)
    asked(old_contact(email="never@example.com"))
    assert counts() == {"unconfirmed_signups": 1}
    apply_rules(at=AT)
    assert not Contact.objects.exists()
    assert Suppression.objects.get().reason == "erased"


def test_who_did_anything_else_is_not_an_unconfirmed_sign_up(keep: Any) -> None:
    keep(unconfirmed_signups=90)
    recent, bought, member, noted, clicked = (old_contact() for _number in range(5))
    for contact in (bought, member, noted, clicked):
        asked(contact)
    asked(recent, at=AT - timedelta(days=1))
    make_order(contact=bought, lines=[("KETTLE", 1, "20")])
    grant(member, make_topic())
    make_note(noted)
    event_of(clicked)
    asked(make_contact(created_at=AT))
    assert counts() == {}


def test_who_is_silent_and_may_not_be_written_to_is_inactive(keep: Any) -> None:
    keep(inactive_contacts=365)
    silent = old_contact()
    granted, bought, clicked, machine, young = (
        old_contact(),
        old_contact(),
        old_contact(),
        old_contact(),
        make_contact(),
    )
    grant(granted, make_topic(), at=OLD)
    make_order(contact=bought, lines=[("KETTLE", 1, "20")], placed_at=AT - timedelta(days=3))
    event_of(clicked, at=AT - timedelta(days=3))
    event_of(machine, at=AT - timedelta(days=3), is_machine=True)
    assert counts() == {"inactive_contacts": 2}
    apply_rules(at=AT)
    assert set(Contact.objects.all()) == {granted, bought, clicked, young}
    assert silent.pk is not None


def test_a_run_out_of_time_goes_on_the_next_time(keep: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(service_notes=365)
    contact = make_contact()
    for _number in range(3):
        make_note(contact, at=OLD)
    assert apply_rules(seconds=0, at=AT) == {}
    monkeypatch.setattr("wagtail_precise_mail.contacts.retention.BATCH", 2)
    assert apply_rules(at=AT) == {"service_notes": 3}


def test_another_package_adds_its_own_rule(keep: Any) -> None:
    class Readers(RetentionRule):
        label, description, days = "Readers", "All go", 1

        def due(self, before: datetime) -> Any:
            return Contact.objects.filter(created_at__lt=before)

    old_contact()
    make_reader(make_send())
    with retention_rules.temporarily("readers", Readers):
        assert counts() == {"readers": 1}


def test_the_rules_run_by_themselves() -> None:
    assert "wagtail_precise_mail.contacts.tasks.apply_retention" in {item.path for item in RECURRING}
