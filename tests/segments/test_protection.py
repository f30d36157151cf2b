"""Segments that campaigns count on."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.db.models import ProtectedError

from tests.factories.segments import make_segment
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.protection import why_protected, with_protection

pytestmark = pytest.mark.django_db


def exclude_somewhere(segment: Segment) -> None:
    """Link it as a room above would, without knowing that room."""
    from tests.factories.campaigns import make_campaign

    make_campaign().excluded_segments.add(segment)


def test_an_excluded_segment_cannot_be_deleted_or_its_people_would_get_the_mail() -> None:
    segment = make_segment()
    assert why_protected(segment) == ""
    exclude_somewhere(segment)
    assert "is used" in why_protected(segment)
    with pytest.raises(ProtectedError), transaction.atomic():
        Segment.objects.filter(pk=segment.pk).delete()


def test_a_listing_knows_it_without_asking_per_row() -> None:
    free, used = make_segment(), make_segment()
    exclude_somewhere(used)
    known = {segment.pk: segment.is_referenced for segment in with_protection(Segment.objects.all())}
    assert known[used.pk] is True
    assert known[free.pk] is False
