"""Contacts: one per address, filled in and never wiped out."""

from __future__ import annotations

import pytest

from tests.factories.contacts import make_contact
from wagtail_precise_mail.contacts.addresses import address_hash, mask_address, normalize_address
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.services import record_service_note, upsert_contact
from wagtail_precise_mail.exceptions import InvalidAddress


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        ("  ann@example.com ", "ann@example.com"),
        ("ann+tag@example.com", "ann+tag@example.com"),
        ("a.n.n@example.com", "a.n.n@example.com"),
        ("ann@xn--bcher-kva.example", "ann@bücher.example"),
        ("Jos\u0065\u0301@example.com", "jos\u00e9@example.com"),
    ],
)
def test_one_mailbox_has_one_spelling(given, expected):
    assert normalize_address(given) == expected


@pytest.mark.parametrize(
    "bad",
    ["", "ann", "ann@", "@example.com", "ann@@example.com", "ann@example.com\r\nBcc: x@example.com", "a b@example.com"],
)
def test_what_is_no_address_is_refused(bad):
    with pytest.raises(InvalidAddress):
        normalize_address(bad)


def test_a_masked_address_hides_the_person_and_keeps_the_domain():
    assert mask_address("ann.smith@example.com") == "a•••@example.com"


def test_an_error_about_an_address_is_a_readable_length():
    with pytest.raises(InvalidAddress) as caught:
        normalize_address("x" * 100_000)
    assert len(str(caught.value)) < 400


@pytest.mark.django_db
class TestUpsert:
    def test_a_new_address_makes_a_contact_with_its_source(self):
        contact = upsert_contact("Ann@Example.com", source="shop", first_name="Ann")
        assert (contact.email, contact.source, contact.first_name) == ("Ann@Example.com", "shop", "Ann")
        assert contact.address_hash == address_hash("ann@example.com")

    def test_another_spelling_finds_the_same_contact(self):
        assert upsert_contact("ANN@example.com") == upsert_contact("ann@EXAMPLE.com")

    def test_given_fields_are_filled_in_and_the_rest_stays(self):
        make_contact(email="ann@example.com", first_name="Ann", country="GB", source="shop")
        contact = upsert_contact("ann@example.com", source="import", country="FR")
        contact.refresh_from_db()
        assert (contact.first_name, contact.country, contact.source) == ("Ann", "FR", "shop")

    def test_an_empty_field_wipes_nothing_out(self):
        make_contact(email="ann@example.com", first_name="Ann")
        assert upsert_contact("ann@example.com", first_name="").first_name == "Ann"

    def test_nothing_new_writes_nothing(self, django_assert_num_queries):
        make_contact(email="ann@example.com", first_name="Ann")
        with django_assert_num_queries(1):
            upsert_contact("ann@example.com", first_name="Ann")

    def test_no_address_makes_no_contact(self):
        with pytest.raises(InvalidAddress):
            upsert_contact("nobody")
        assert not Contact.objects.exists()


@pytest.mark.django_db
class TestServiceNotes:
    def test_the_same_ticket_again_updates_its_note(self):
        contact = make_contact()
        record_service_note(contact, subject="Broken cup", source="desk", external_id="T1", kind="ticket")
        record_service_note(contact, subject="Broken cup, replaced", source="desk", external_id="T1", kind="ticket")
        assert contact.service_notes.get().subject == "Broken cup, replaced"

    def test_notes_without_a_number_are_all_kept(self):
        contact = make_contact()
        record_service_note(contact, subject="Called")
        record_service_note(contact, subject="Called")
        assert contact.service_notes.count() == 2
