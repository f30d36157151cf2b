"""Whatever is worked out every night is seen when it is old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories.commerce import make_order
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.tracking import make_message, make_send
from wagtail_precise_mail.commerce.forecasting import freshness as forecasts
from wagtail_precise_mail.commerce.forecasting.running import update_forecasts
from wagtail_precise_mail.contacts.freshness import last_success, stale_jobs
from wagtail_precise_mail.segments import measuring
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.tracking import engaging

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, tzinfo=UTC)


def is_stale(job: str, at: datetime) -> bool:
    return job in {one.key for one in stale_jobs(at)}


def test_engagement() -> None:
    assert not is_stale(engaging.AXIS, AT + timedelta(days=9))
    topic, contact = make_topic(), make_contact()
    grant(contact, topic)
    make_message(make_send(topic=topic), contact, created_at=AT, handed_off_at=AT)
    assert is_stale(engaging.AXIS, AT + timedelta(days=9))
    engaging.engage(at=AT + timedelta(days=9))
    assert not is_stale(engaging.AXIS, AT + timedelta(days=10))
    assert is_stale(engaging.AXIS, AT + timedelta(days=12))


def test_engagement_is_done_when_the_last_contact_is() -> None:
    make_contact()
    assert engaging.engage(at=AT, seconds=0) is not None
    assert last_success(engaging.AXIS) is None
    assert engaging.engage(at=AT) is None
    assert last_success(engaging.AXIS) == AT


def test_sizes_of_segments() -> None:
    Segment.objects.update(live=False)
    assert not is_stale(measuring.JOB, AT + timedelta(days=9))
    Segment.objects.create(name="All", slug="all-of-them", first_published_at=AT)
    assert is_stale(measuring.JOB, AT + timedelta(days=9))
    measuring.measure_sizes(at=AT + timedelta(days=9), seconds=0)
    assert is_stale(measuring.JOB, AT + timedelta(days=9))
    measuring.measure_sizes(at=AT + timedelta(days=9), seconds=60)
    assert not is_stale(measuring.JOB, AT + timedelta(days=10))


def test_forecasts() -> None:
    pytest.importorskip("scipy")
    assert not is_stale(forecasts.JOB, AT + timedelta(days=9))
    make_order(make_contact(), [("TEA", 1, "1")], AT, recorded_at=AT)
    assert is_stale(forecasts.JOB, AT + timedelta(days=9))
    update_forecasts(at=AT + timedelta(days=9))
    assert not is_stale(forecasts.JOB, AT + timedelta(days=10))
