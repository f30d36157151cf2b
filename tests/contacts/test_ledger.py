"""The consent ledger only grows, whoever asks: the model refuses, and so does the database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction

from tests.factories.contacts import make_contact, make_topic
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.models import ConsentChange, Contact
from wagtail_precise_mail.contacts.proofs import Shown
from wagtail_precise_mail.contacts.services import subscribe
from wagtail_precise_mail.exceptions import LedgerIsClosed

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def entry() -> ConsentChange:
    contact = make_contact()
    subscribe(contact, make_topic(), source="form", evidence="box ticked", at=AT, shown=Shown(page_url="https://a.b/"))
    return contact.consent_changes.get()


def test_an_entry_cannot_be_saved_again(entry: ConsentChange) -> None:
    entry.status = "withdrawn"
    with pytest.raises(LedgerIsClosed):
        entry.save()


def test_an_entry_cannot_be_deleted(entry: ConsentChange) -> None:
    with pytest.raises(LedgerIsClosed):
        entry.delete()


def test_entries_cannot_be_deleted_together(entry: ConsentChange) -> None:
    with pytest.raises(LedgerIsClosed):
        ConsentChange.objects.all().delete()


def test_entries_cannot_be_updated_together(entry: ConsentChange) -> None:
    with pytest.raises(LedgerIsClosed):
        ConsentChange.objects.update(source="another")
    entry.source = "another"
    with pytest.raises(LedgerIsClosed):
        ConsentChange.objects.bulk_update([entry], ["source"])


@pytest.mark.parametrize(
    "change",
    ["status = 'withdrawn'", "source = 'x'", "basis = 'double'", "changed_at = '2020-01-01'", "evidence = 'made up'"],
)
def test_the_database_refuses_changes_too(entry: ConsentChange, change: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE wagtail_precise_mail_consentchange SET {change} WHERE id = %s", [entry.pk])


def test_an_entry_may_follow_its_contact_into_another(entry: ConsentChange) -> None:
    other = make_contact()
    assert ConsentChange.objects.filter(pk=entry.pk).update(contact=other) == 1
    assert other.consent_changes.get() == entry


def test_an_entry_outlives_the_account_that_wrote_it() -> None:
    contact, user = make_contact(), User.objects.create_user("ann")
    subscribe(contact, make_topic(), source="phone", by=user)
    user.delete()
    assert contact.consent_changes.get().changed_by is None


def test_redacting_empties_what_an_entry_knows_beside_the_decision(entry: ConsentChange) -> None:
    assert ConsentChange.objects.filter(pk=entry.pk).redact() == 1
    entry.refresh_from_db()
    assert (entry.evidence, entry.page_url, entry.ip_address) == ("", "", None)
    assert (entry.status, entry.source, entry.changed_at) == ("granted", "form", AT)


def test_erasing_a_contact_leaves_an_entry_about_nobody(entry: ConsentChange) -> None:
    erase(Contact.objects.get(pk=entry.contact_id))
    left = ConsentChange.objects.get()
    assert (left.contact_id, left.evidence, left.ip_address, left.page_url) == (None, "", None, "")
    assert left.status == entry.status
