"""Suppression and unsubscribing: the service side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories.contacts import grant, make_contact, make_topic
from wagtail_precise_mail.contacts.models import ConsentStatus, Contact, Suppression
from wagtail_precise_mail.contacts.services import (
    lift_suppression,
    suppress,
    undo_unsubscribe,
    unsubscribe,
    withdraw,
)
from wagtail_precise_mail.contacts.signals import resubscribed, unsubscribed
from wagtail_precise_mail.exceptions import InvalidAddress

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORIGIN = {"origin_kind": "outbox_message", "origin_id": 7}


@pytest.fixture
def heard(django_capture_on_commit_callbacks):
    """The unsubscriptions announced so far."""
    told = []
    listener = lambda **kwargs: told.append(kwargs)  # noqa: E731
    unsubscribed.connect(listener)
    yield told
    unsubscribed.disconnect(listener)


def test_a_suppressed_address_counts_in_every_spelling():
    contact = make_contact(email="Ann@example.com")
    suppress("ann@EXAMPLE.com", reason="manual")
    assert Contact.objects.suppressed().get() == contact
    assert not Contact.objects.not_suppressed().exists()


def test_suppressing_again_keeps_the_earliest_moment():
    suppress("ann@example.com", reason="manual", at=AT)
    suppress("ann@example.com", reason="manual", at=AT + timedelta(days=1))
    assert Suppression.objects.get().created_at == AT


def test_a_stronger_reason_replaces_a_weaker_one_and_keeps_the_moment():
    suppress("ann@example.com", reason="unsubscribed", detail="too_many", at=AT)
    suppress("ann@example.com", reason="complaint", detail="abuse report", at=AT + timedelta(days=1))
    kept = Suppression.objects.get()
    assert (kept.reason, kept.detail, kept.created_at) == ("complaint", "abuse report", AT)


def test_a_weaker_reason_replaces_nothing():
    suppress("ann@example.com", reason="complaint", at=AT)
    suppress("ann@example.com", reason="unsubscribed")
    assert Suppression.objects.get().reason == "complaint"


def test_an_unknown_reason_is_refused():
    with pytest.raises(ValueError, match="bored"):
        suppress("ann@example.com", reason="bored")


def test_lifting_says_whether_there_was_something_to_lift():
    suppress("ann@example.com", reason="manual")
    assert lift_suppression("ANN@example.com")
    assert not lift_suppression("ann@example.com")


def test_what_is_no_address_cannot_be_suppressed():
    with pytest.raises(InvalidAddress):
        suppress("ann", reason="manual")


def test_a_suppression_outlives_the_contact():
    contact = make_contact(email="ann@example.com")
    unsubscribe(contact)
    contact.delete()
    again = make_contact(email="ann@example.com")
    assert Contact.objects.suppressed().get() == again


def test_unsubscribing_withdraws_every_topic_and_suppresses():
    contact = make_contact()
    for _ in range(2):
        grant(contact, make_topic())
    unsubscribe(contact, **ORIGIN, reason="too_many", at=AT)
    assert {consent.status for consent in contact.consents.all()} == {ConsentStatus.WITHDRAWN}
    kept = Suppression.objects.get()
    assert (kept.reason, kept.detail, kept.origin_kind, kept.origin_id, kept.created_at) == (
        "unsubscribed",
        "too_many",
        "outbox_message",
        7,
        AT,
    )


def test_unsubscribing_twice_changes_and_announces_once(heard, django_capture_on_commit_callbacks):
    contact = make_contact()
    grant(contact, make_topic())
    with django_capture_on_commit_callbacks(execute=True):
        assert unsubscribe(contact, **ORIGIN, at=AT)
        assert not unsubscribe(contact, **ORIGIN)
    assert contact.consent_changes.filter(status="withdrawn").count() == 1
    assert [(told["contact"], told["origin_id"], told["at"]) for told in heard] == [(contact, 7, AT)]


def test_a_reason_may_come_after_the_one_click(heard, django_capture_on_commit_callbacks):
    contact = make_contact()
    with django_capture_on_commit_callbacks(execute=True):
        unsubscribe(contact, **ORIGIN)
        unsubscribe(contact, **ORIGIN, reason="not_relevant")
    assert Suppression.objects.get().detail == "not_relevant"
    assert [told["reason"] for told in heard] == ["", "not_relevant"]


def test_a_second_reason_does_not_replace_the_first():
    contact = make_contact()
    unsubscribe(contact, **ORIGIN, reason="not_relevant")
    assert not unsubscribe(contact, **ORIGIN, reason="too_many")
    assert Suppression.objects.get().detail == "not_relevant"


def test_unsubscribing_from_another_mail_later_is_no_second_unsubscription(heard, django_capture_on_commit_callbacks):
    contact = make_contact()
    with django_capture_on_commit_callbacks(execute=True):
        unsubscribe(contact, **ORIGIN)
        unsubscribe(contact, origin_kind="outbox_message", origin_id=8, reason="too_many")
    assert len(heard) == 1


def test_a_failing_listener_does_not_stop_the_unsubscription(django_capture_on_commit_callbacks):
    def broken(**kwargs):
        raise RuntimeError("a listener of somebody else")

    contact = make_contact()
    unsubscribed.connect(broken)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            unsubscribe(contact)
    finally:
        unsubscribed.disconnect(broken)
    assert Contact.objects.suppressed().exists()


def test_undoing_grants_again_what_the_unsubscription_withdrew():
    contact, topic = make_contact(), make_topic()
    grant(contact, topic)
    unsubscribe(contact, **ORIGIN)
    assert undo_unsubscribe(contact, **ORIGIN, at=AT)
    assert not Suppression.objects.exists()
    assert Contact.objects.with_consent(topic.pk).get() == contact
    assert [change.status for change in contact.consent_changes.order_by("pk")] == ["granted", "withdrawn", "granted"]


def test_undoing_leaves_what_the_contact_had_left_before():
    contact, left, kept = make_contact(), make_topic(), make_topic()
    grant(contact, left)
    grant(contact, kept)
    withdraw(contact, left, source="preference page")
    unsubscribe(contact)
    undo_unsubscribe(contact)
    assert not Contact.objects.with_consent(left.pk).exists()
    assert Contact.objects.with_consent(kept.pk).exists()


@pytest.mark.parametrize("reason", ["complaint", "hard_bounce", "manual"])
def test_undoing_lifts_nothing_but_an_unsubscription(reason):
    contact, topic = make_contact(), make_topic()
    grant(contact, topic)
    unsubscribe(contact)
    suppress(contact.email, reason=reason)
    assert not undo_unsubscribe(contact)
    assert Suppression.objects.get().reason == reason
    assert not Contact.objects.with_consent(topic.pk).exists()


def test_undoing_twice_announces_once(django_capture_on_commit_callbacks):
    told = []
    listener = lambda **kwargs: told.append(kwargs)  # noqa: E731
    resubscribed.connect(listener)
    contact = make_contact()
    unsubscribe(contact)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            undo_unsubscribe(contact, **ORIGIN)
            undo_unsubscribe(contact, **ORIGIN)
    finally:
        resubscribed.disconnect(listener)
    assert [item["origin_id"] for item in told] == [7]
