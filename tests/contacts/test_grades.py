"""Grades of consent: what a yes rests on, and topics that ask for more than any yes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from tests.factories.contacts import make_contact, make_topic
from wagtail_precise_mail.contacts.asking_again import enforce_minimum
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.services import grant_in_bulk, subscribe, undo_unsubscribe, unsubscribe, withdraw

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_yes_of_ones_own_is_a_single_opt_in():
    consent = subscribe(make_contact(), make_topic(), source="form")
    assert (consent.status, consent.basis) == ("granted", "single")


def test_a_yes_that_a_colleague_heard_is_graded_as_such():
    contact, ann = make_contact(), User.objects.create_user("ann")
    consent = subscribe(contact, make_topic(), source="phone", by=ann)
    entry = contact.consent_changes.get()
    assert (consent.basis, entry.basis, entry.actor, entry.changed_by) == ("staff", "staff", "colleague", ann)


def test_an_imported_yes_is_graded_as_such():
    contact, topic = make_contact(), make_topic()
    grant_in_bulk([contact.pk], topic, source="file", evidence="terms of 2024")
    entry = contact.consent_changes.get()
    assert (contact.consents.get().basis, entry.basis, entry.actor) == ("imported", "imported", "import")


def test_a_stronger_yes_raises_the_grade_and_is_written_down():
    contact, topic = make_contact(), make_topic()
    first = subscribe(contact, topic, source="form", at=AT)
    second = subscribe(contact, topic, source="mail", basis="double")
    assert (second.basis, second.changed_at) == ("double", first.changed_at)
    assert [entry.basis for entry in contact.consent_changes.order_by("pk")] == ["single", "double"]


def test_a_weaker_yes_changes_nothing():
    contact, topic = make_contact(), make_topic()
    subscribe(contact, topic, source="mail", basis="double")
    subscribe(contact, topic, source="form")
    assert contact.consents.get().basis == "double"
    assert contact.consent_changes.count() == 1


def test_a_no_has_no_grade():
    contact, topic = make_contact(), make_topic()
    subscribe(contact, topic, source="mail", basis="double")
    assert withdraw(contact, topic, source="phone").basis == ""


@pytest.mark.parametrize("basis", ["imported", "staff", "single"])
def test_a_yes_that_is_too_weak_for_its_topic_stays_pending(basis):
    contact, topic = make_contact(), make_topic(minimum_basis="double")
    consent = subscribe(contact, topic, source="form", basis=basis)
    assert (consent.status, consent.basis) == ("pending", basis)
    assert not Contact.objects.with_consent(topic.pk).exists()
    assert contact.consent_changes.get().status == "pending"


def test_reaching_the_least_proof_grants():
    contact, topic = make_contact(), make_topic(minimum_basis="double")
    subscribe(contact, topic, source="form")
    subscribe(contact, topic, source="mail", basis="double")
    assert Contact.objects.with_consent(topic.pk).get() == contact


def test_an_import_into_a_topic_that_asks_for_more_grants_nothing():
    contact, topic = make_contact(), make_topic(minimum_basis="single")
    assert grant_in_bulk([contact.pk], topic, source="file") == 0
    assert contact.consents.get().status == "pending"
    assert grant_in_bulk([contact.pk], topic, source="file") == 0
    assert contact.consent_changes.count() == 1, "the same file again says nothing new"


def test_an_import_never_takes_a_better_grade_away():
    contact, topic = make_contact(), make_topic(minimum_basis="double")
    subscribe(contact, topic, source="form", basis="single")
    grant_in_bulk([contact.pk], topic, source="file")
    assert contact.consents.get().basis == "single"


def test_taking_an_unsubscription_back_restores_the_grade():
    contact, topic = make_contact(), make_topic(minimum_basis="double")
    subscribe(contact, topic, source="mail", basis="double")
    unsubscribe(contact)
    undo_unsubscribe(contact)
    assert (contact.consents.get().status, contact.consents.get().basis) == ("granted", "double")


def test_taking_an_unsubscription_back_grants_nothing_that_was_pending():
    contact, topic = make_contact(), make_topic(minimum_basis="double")
    subscribe(contact, topic, source="form")
    unsubscribe(contact)
    undo_unsubscribe(contact)
    assert contact.consents.get().status == "pending"


def test_raising_the_least_proof_is_looked_at_before_it_is_done():
    weak, strong, topic = make_contact(), make_contact(), make_topic()
    subscribe(weak, topic, source="form")
    subscribe(strong, topic, source="mail", basis="double")
    topic.minimum_basis = "double"
    topic.save()

    assert enforce_minimum(topic, is_dry_run=True) == 1
    assert Contact.objects.with_consent(topic.pk).count() == 2
    assert enforce_minimum(topic, is_dry_run=False, at=AT) == 1
    assert list(Contact.objects.with_consent(topic.pk)) == [strong]
    entry = weak.consent_changes.latest("pk")
    assert (entry.status, entry.basis, entry.actor, entry.changed_at) == ("pending", "single", "system", AT)
    assert enforce_minimum(topic, is_dry_run=False) == 0


def test_a_topic_that_needs_double_opt_in_has_to_ask_by_mail():
    topic = make_topic(minimum_basis="double", opt_in="single")
    with pytest.raises(ValidationError, match="a mail has to ask"):
        topic.clean()
