"""When the members of a segment are active, hour by weekday."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.segments import make_segment
from tests.factories.tracking import make_event, make_message
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.queries import read_rules
from wagtail_precise_mail.tracking.activity_hours import activity_by_hour
from wagtail_precise_mail.tracking.segment_panel import ActivityPanel
from wagtail_precise_mail.tracking.site_views import SiteView

pytestmark = pytest.mark.django_db

# A Monday.
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_clicks_orders_and_visits_of_members_count(settings: Any, django_assert_num_queries: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    member, other = make_contact(country="GB"), make_contact(country="FR")
    for contact in (member, other):
        message = make_message(contact=contact)
        sunday = datetime(2026, 5, 31, 19, 30, tzinfo=UTC)
        make_event(message, "click", happened_at=sunday)
        make_event(message, "click", happened_at=sunday, is_machine=True)
        make_event(message, "open", happened_at=sunday)
        make_event(message, "click", happened_at=AT + timedelta(seconds=1))
        make_event(message, "click", happened_at=AT - timedelta(days=365))
    make_order(member, placed_at=datetime(2026, 5, 31, 22, 15, tzinfo=UTC))
    make_order(member, placed_at=AT, kind="refund")
    SiteView.objects.create(contact=member, kind="page", path="/", happened_at=AT)
    with django_assert_num_queries(3):
        found = activity_by_hour(Contact.objects.filter(country="GB"), at=AT)
    # Half past nine on Sunday in Berlin; a quarter past midnight on Monday; two on Monday.
    assert found == {(6, 21): 1, (0, 0): 1, (0, 14): 1}


def test_the_panel_shows_them_with_their_sums() -> None:
    member = make_contact(country="GB")
    message = make_message(contact=member)
    for hour in (9, 9, 11):
        make_event(message, "click", happened_at=datetime(2026, 5, 31, hour, tzinfo=UTC))
    segment = make_segment({"country": {"countries": ["GB"]}})
    context = ActivityPanel().context(segment, read_rules(segment), at=AT, user=None)
    picture = context["picture"]
    assert (picture.labels[6], picture.columns[9], picture.columns[11]) == ("Sunday", "9", "11")
    assert [picture.cells[6][hour].value for hour in (9, 10, 11)] == [2, 0, 1]
    assert sum(cell.value for row in picture.cells for cell in row) == 3
    assert picture.highlights == ["Most of it on Sunday at 09:00: 2 times."]
    assert "Activity by hour and weekday" in render_to_string(ActivityPanel.template_name, context)


def test_nothing_is_said_to_be_nothing() -> None:
    segment = make_segment({"country": {"countries": ["GB"]}})
    picture = ActivityPanel().context(segment, read_rules(segment), at=AT, user=None)["picture"]
    assert "Nobody in this segment" in picture.missing
