"""Consent: the current row, the ledger behind it, and what imports may do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.factories.contacts import grant, make_contact, make_topic
from wagtail_precise_mail.contacts.models import Consent, ConsentChange, ConsentStatus, Contact, Suppression
from wagtail_precise_mail.contacts.services import grant_in_bulk, subscribe, suppress, unsubscribe, withdraw
from wagtail_precise_mail.contacts.signals import consent_changed

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_subscribing_writes_the_row_and_the_ledger():
    contact, topic = make_contact(), make_topic()
    consent = subscribe(contact, topic, source="sign-up form", evidence="box ticked", at=AT)
    change = contact.consent_changes.get()
    assert (consent.status, consent.changed_at) == (ConsentStatus.GRANTED, AT)
    assert (change.topic, change.status, change.source, change.evidence, change.changed_at) == (
        topic,
        ConsentStatus.GRANTED,
        "sign-up form",
        "box ticked",
        AT,
    )


def test_subscribing_twice_writes_the_ledger_once():
    contact, topic = make_contact(), make_topic()
    subscribe(contact, topic, source="form")
    subscribe(contact, topic, source="form")
    assert contact.consent_changes.count() == 1


def test_withdrawing_keeps_the_earlier_entries_of_the_ledger():
    contact, topic = make_contact(), make_topic()
    subscribe(contact, topic, source="form")
    withdraw(contact, topic, source="phone")
    assert [change.status for change in contact.consent_changes.order_by("pk")] == ["granted", "withdrawn"]
    assert Contact.objects.with_consent(topic.pk).count() == 0


def test_subscribing_lifts_an_earlier_unsubscription():
    contact, topic = make_contact(), make_topic()
    unsubscribe(contact)
    subscribe(contact, topic, source="form")
    assert Contact.objects.not_suppressed().get() == contact


@pytest.mark.parametrize("reason", ["hard_bounce", "complaint", "manual"])
def test_subscribing_lifts_no_other_suppression(reason):
    contact, topic = make_contact(), make_topic()
    suppress(contact.email, reason=reason)
    subscribe(contact, topic, source="form")
    assert Contact.objects.suppressed().get() == contact


def test_a_change_of_consent_is_announced_after_commit(django_capture_on_commit_callbacks):
    heard = []
    consent_changed.connect(listener := lambda **kwargs: heard.append(kwargs), weak=False)
    contact, topic = make_contact(), make_topic()
    try:
        with django_capture_on_commit_callbacks(execute=True):
            subscribe(contact, topic, source="form", at=AT)
            assert not heard
    finally:
        consent_changed.disconnect(listener)
    assert [(told["contact"], told["topic"], told["status"], told["at"]) for told in heard] == [
        (contact, topic, "granted", AT)
    ]


def test_a_bulk_grant_writes_rows_and_ledger_for_everybody_in_few_queries(django_assert_max_num_queries):
    topic = make_topic()
    contacts = [make_contact() for _ in range(30)]
    with django_assert_max_num_queries(6):
        count = grant_in_bulk([c.pk for c in contacts], topic, source="import", evidence="file.csv", at=AT)
    assert count == 30
    assert Contact.objects.with_consent(topic.pk).count() == 30
    assert set(ConsentChange.objects.values_list("source", "evidence", "changed_at")) == {("import", "file.csv", AT)}


def test_a_bulk_grant_repeated_changes_nothing():
    topic, contact = make_topic(), make_contact()
    grant_in_bulk([contact.pk, contact.pk], topic, source="import", at=AT)
    assert grant_in_bulk([contact.pk], topic, source="import") == 0
    assert Consent.objects.get().changed_at == AT
    assert ConsentChange.objects.count() == 1


def test_a_bulk_grant_never_overturns_a_withdrawal():
    topic, contact = make_topic(), make_contact()
    grant(contact, topic)
    unsubscribe(contact)
    assert grant_in_bulk([contact.pk], topic, source="import") == 0
    assert Consent.objects.get().status == ConsentStatus.WITHDRAWN
    assert Suppression.objects.exists()


def test_a_bulk_grant_confirms_a_pending_consent():
    topic, contact = make_topic(), make_contact()
    Consent.objects.create(contact=contact, topic=topic, status=ConsentStatus.PENDING, changed_at=AT)
    assert grant_in_bulk([contact.pk], topic, source="import") == 1
    assert Consent.objects.get().status == ConsentStatus.GRANTED
