"""Prospects and customers: there from the start, and true after every order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import members

pytestmark = pytest.mark.django_db


def belongs(contact: Contact) -> list[str]:
    segments = Segment.objects.filter(is_system=True).order_by("slug")
    return [segment.slug for segment in segments if members(segment).filter(pk=contact.pk).exists()]


def test_the_first_order_makes_a_customer_of_a_prospect() -> None:
    contact = make_contact()
    assert belongs(contact) == ["prospects"]
    make_order(contact, placed_at=timezone.now(), kind=Order.Kind.REFUND)
    assert belongs(contact) == ["prospects"]
    make_order(contact, placed_at=timezone.now() - timedelta(seconds=1))
    assert belongs(contact) == ["customers"]


@pytest.mark.parametrize("slug", ["prospects", "customers"])
def test_a_system_segment_cannot_be_deleted(slug: str) -> None:
    segment = Segment.objects.get(slug=slug)
    assert segment.locked
    with pytest.raises(ProtectedError), transaction.atomic():
        segment.delete()
    with pytest.raises(ProtectedError), transaction.atomic():
        Segment.objects.filter(slug=slug).delete()
