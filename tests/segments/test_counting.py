"""Counting against the clock, and the sizes of every night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, Func, IntegerField, Q, Value
from django.db.models.lookups import GreaterThan
from django.test import Client, RequestFactory
from django.urls import reverse
from wagtail.test.utils.form_data import nested_form_data, streamfield

from tests.factories.contacts import make_contact
from tests.factories.segments import make_rules, make_segment
from wagtail_precise_mail.campaigns.schedules import RECURRING
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments import counting, measuring, preview
from wagtail_precise_mail.segments.blocks import make_rules_block
from wagtail_precise_mail.segments.budgets import OutOfTime, at_most, estimate
from wagtail_precise_mail.segments.conditions import Condition, conditions
from wagtail_precise_mail.segments.counting import figures
from wagtail_precise_mail.segments.measuring import measure_sizes
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.sizes import SegmentSize
from wagtail_precise_mail.segments.tasks import measure_sizes as task

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
GERMANS = {"country": {"countries": ["DE"]}}

_ENDLESS = (
    "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n)"
)


class Endless(Func):
    """What no database answers in this century's patience."""

    template = _ENDLESS
    output_field = IntegerField()


class Slow(Condition):
    """Members after a very long thought."""

    label = "Slow"

    def as_q(self, at: datetime) -> Q:
        return Q(GreaterThan(Endless() + F("pk") * 0, Value(5)))

    def sentence(self) -> str:
        return "are slow"


@pytest.fixture
def slow() -> Any:
    """The condition "slow", for as long as a test."""
    with conditions.temporarily("slow", Slow):
        make_contact()
        yield make_rules({"slow": {}})


def test_a_statement_is_stopped_and_the_connection_goes_on(slow: Any) -> None:
    started = datetime.now(UTC)
    with pytest.raises(OutOfTime), at_most(0.3):
        members(slow, at=AT).count()
    assert datetime.now(UTC) - started < timedelta(seconds=5)
    with transaction.atomic():
        assert Contact.objects.count() == 1


def test_what_is_quick_enough_is_not_touched_and_the_limit_ends_with_it() -> None:
    make_contact()
    with at_most(5):
        assert Contact.objects.count() == 1
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)


def test_figures_that_take_too_long_say_what_they_know(slow: Any) -> None:
    found = figures(slow, at=AT, seconds=0.2)
    assert found.count is None
    assert not found.is_complete
    assert (found.estimated is None) == (connection.vendor != "postgresql")
    assert figures(make_rules(), at=AT).count == 1


@pytest.mark.postgres
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only its planner says what it expects")
def test_the_planner_is_asked_without_reading_anything() -> None:
    for _index in range(5):
        make_contact(country="DE")
    assert isinstance(estimate(members(make_rules(GERMANS), at=AT)), int)


def test_the_preview_says_that_it_is_still_counting_and_a_patient_one_that_it_gave_up(
    admin_client: Client, slow: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(preview, "QUICK_SECONDS", 0.2)
    monkeypatch.setattr(preview, "PATIENT_SECONDS", 0.4)
    segment = make_segment()
    Segment.objects.filter(pk=segment.pk).update(rules=[{"type": "slow", "value": {}, "id": "1"}])
    segment = Segment.objects.get(pk=segment.pk)
    segment.rules = make_rules_block().to_python([{"type": "slow", "value": {}, "id": "1"}])
    request = RequestFactory().get("/", {"in_preview_panel": "true"})
    request.user, request.in_preview_panel = admin_client_user(), True
    html = segment.serve_preview(request, "").render().content.decode()
    assert "Still counting" in html
    assert "data-wpm-counting" in html
    request.GET = request.GET.copy()
    request.GET["patient"] = "1"
    html = segment.serve_preview(request, "").render().content.decode()
    assert "Too many to count while you wait" in html
    assert "data-wpm-counting" not in html


def admin_client_user() -> Any:
    return User.objects.get(is_superuser=True)


def test_the_editor_loads_what_fetches_the_late_count(admin_client: Client) -> None:
    base = "wagtailsnippets_wagtail_precise_mail_segment"
    for address in (reverse(f"{base}:add"), reverse(f"{base}:edit", args=[make_segment().pk])):
        assert "wagtail_precise_mail/segments/counting.js" in admin_client.get(address).content.decode()


@pytest.mark.parametrize("number", [1, 500, 501])
def test_however_many_rules_the_preview_answers(admin_client: Client, number: int, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
    rules = streamfield([("everybody", {})] * number)
    data = nested_form_data(
        {"name": "Many", "slug": "many", "description": "", "rules": rules, "exclusions": streamfield([])}
    )
    address = reverse("wagtailsnippets_wagtail_precise_mail_segment:preview_on_add")
    assert admin_client.post(address, data).status_code == 200
    html = admin_client.get(address, {"in_preview_panel": "true"}).content.decode()
    assert ("more than 500 conditions" in html) == (number > 500)
    assert ("wpm-segment__count" in html) == (number <= 500)


def test_every_published_segment_is_measured_once_a_day() -> None:
    make_contact(country="DE")
    germans = make_segment(GERMANS, slug="germans")
    make_segment(GERMANS, slug="draft", live=False)
    published = Segment.objects.filter(live=True).count()
    assert measure_sizes(at=AT) == published
    assert measure_sizes(at=AT + timedelta(hours=2)) == 0
    assert measure_sizes(at=AT + timedelta(days=1)) == published
    assert list(germans.sizes.values_list("contact_count", flat=True)) == [1, 1]
    assert not SegmentSize.objects.filter(segment__slug="draft").exists()


def test_a_segment_that_cannot_be_measured_fails_alone(slow: Any) -> None:
    broken, endless, fine = make_segment(GERMANS), make_segment(GERMANS), make_segment()
    Segment.objects.filter(pk=broken.pk).update(rules=[{"type": "gone", "value": {}, "id": "1"}])
    with conditions.temporarily("country", Slow):
        Segment.objects.filter(pk=endless.pk).update(rules=[{"type": "country", "value": {}, "id": "1"}])
    measure_sizes(at=AT, seconds=30)
    assert broken.sizes.get().contact_count is None
    assert "not known here any more" in broken.sizes.get().problem
    assert endless.sizes.get().contact_count is None
    assert fine.sizes.get().contact_count == 1


def test_the_nights_work_is_declared_and_done_by_a_task() -> None:
    segment = make_segment()
    assert any(one.path.endswith("segments.tasks.measure_sizes") for one in RECURRING)
    assert task() >= 1
    assert segment.sizes.count() == 1


def test_what_does_not_fit_into_one_task_is_left_to_the_next(monkeypatch: Any) -> None:
    asked: list[str] = []
    monkeypatch.setattr(measuring, "enqueue", asked.append)
    make_segment()
    assert measure_sizes(at=AT, seconds=0) == 0
    assert asked == ["wagtail_precise_mail.segments.tasks.measure_sizes"]


def test_a_budget_for_a_page_is_about_a_second() -> None:
    assert counting.QUICK_SECONDS < 1 <= counting.PATIENT_SECONDS < 30
