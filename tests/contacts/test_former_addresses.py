"""Addresses of old in files: whoever was merged stays one person, and whoever left stays away."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.commerce.files import make_mapping, row, write_orders
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.imports import imported
from wagtail_precise_mail.commerce.importing import import_orders
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.merging import merge_contacts
from wagtail_precise_mail.contacts.models import Contact, Suppression, SuppressionReason, SuppressionScope
from wagtail_precise_mail.contacts.suppressing import suppress

pytestmark = pytest.mark.django_db


def merged(old: str, new: str) -> Contact:
    """Somebody known by a new address, with an old one."""
    keep, other = make_contact(email=new), make_contact(email=old)
    merge_contacts(keep, [other], by=None)
    return Contact.objects.get(pk=keep.pk)


def test_an_imported_address_of_old_belongs_to_whom_it_was_merged_into() -> None:
    keep = merged("ann.old@example.com", "ann@example.com")
    imported("email,city\nann.old@example.com,Bath\n", make_topic())
    assert Contact.objects.get().pk == keep.pk
    assert Contact.objects.get().city == "Bath"


def test_both_addresses_in_one_file_are_one_person_and_the_stricter_consent_counts() -> None:
    topic = make_topic()
    keep = merged("ann.old@example.com", "ann@example.com")
    imported("email,status\nann@example.com,subscribed\nann.old@example.com,unsubscribed\n", topic)
    assert Contact.objects.get().pk == keep.pk
    assert not Contact.objects.with_consent(topic.pk).exists()
    assert Suppression.objects.get().address_hash == keep.address_hash


def test_an_order_of_an_old_address_belongs_to_whom_it_was_merged_into(tmp_path: Path) -> None:
    keep = merged("customer-17850@example.com", "ann@example.com")
    import_orders(write_orders(tmp_path / "o.csv", row()), make_mapping(), at=timezone.now())
    assert Order.objects.get().contact == Contact.objects.get() == keep


def test_an_address_that_belongs_to_somebody_else_by_now_is_theirs() -> None:
    merged("ann.old@example.com", "ann@example.com")
    heir = make_contact(email="ann.old@example.com")
    imported("email,city\nann.old@example.com,Bath\n", make_topic())
    assert Contact.objects.get(city="Bath") == heir


def test_a_suppression_that_expired_does_not_shield_from_a_no_in_a_file() -> None:
    contact, topic = make_contact(email="ann@example.com"), make_topic()
    grant(contact, topic)
    yesterday = timezone.now() - timedelta(days=1)
    suppress(contact.email, reason=SuppressionReason.MANUAL, expires_at=yesterday, at=yesterday - timedelta(days=9))
    imported("email,status\nann@example.com,unsubscribed\n", topic)
    assert [one.reason for one in Suppression.objects.in_force(timezone.now())] == [SuppressionReason.UNSUBSCRIBED]


def test_a_no_in_a_file_holds_back_as_much_as_one_by_the_link() -> None:
    contact, topic = make_contact(email="ann@example.com"), make_topic()
    grant(contact, topic)
    imported("email,status\nann@example.com,unsubscribed\n", topic)
    assert Suppression.objects.get().scope == SuppressionScope.MARKETING
