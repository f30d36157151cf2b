"""The hour for each contact: from their own clicks and orders, else the segment's, else the site's, with its reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact, make_topic
from tests.factories.tracking import make_event, make_message, make_send
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.tracking.engagement import ContactEngagement
from wagtail_precise_mail.tracking.engaging import engage
from wagtail_precise_mail.tracking.profile_panel import EngagementPanel
from wagtail_precise_mail.tracking.send_hours import send_hour

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, 3, tzinfo=UTC)


def clicks(contact: Contact, hours: list[int], **overrides: Any) -> None:
    """One click a day at these hours (UTC), the latest day first; 31 May 2026 is a Sunday."""
    message = make_message(make_send(topic=make_topic()), contact, handed_off_at=AT - timedelta(days=100))
    for number, hour in enumerate(hours):
        moment = datetime(2026, 5, 31, hour, 10, tzinfo=UTC) - timedelta(days=7 * number)
        make_event(message, "click", **{"happened_at": moment, **overrides})


def test_five_clicks_at_nine_in_the_evening_plan_nine_in_the_evening() -> None:
    contact = make_contact(time_zone="UTC")
    clicks(contact, [21] * 5)
    engage(at=AT)
    found = send_hour(contact, at=AT)
    assert (found.hour, found.weekday, found.basis, found.evidence_count) == (21, 6, "own", 5)
    assert found.why == "21:00: when this contact clicks and orders most, by 5 clicks and orders in a year."


def test_hours_are_those_on_the_contacts_own_clock() -> None:
    berlin, tokyo = make_contact(time_zone="Europe/Berlin"), make_contact(country="JP")
    for contact in (berlin, tokyo):
        clicks(contact, [21] * 5)
    engage(at=AT)
    found = send_hour(berlin, at=AT)
    assert (found.hour, found.weekday, found.zone) == (23, 6, ZoneInfo("Europe/Berlin"))
    assert (send_hour(tokyo, at=AT).hour, send_hour(tokyo, at=AT).weekday) == (6, 0)


def test_orders_count_like_clicks() -> None:
    contact = make_contact(time_zone="UTC")
    clicks(contact, [9, 9])
    for day in (1, 2, 3):
        make_order(contact, placed_at=datetime(2026, 5, day, 17, 59, tzinfo=UTC))
    make_order(contact, placed_at=datetime(2026, 5, 4, 9, tzinfo=UTC), kind="refund")
    engage(at=AT)
    assert (send_hour(contact, at=AT).hour, send_hour(contact, at=AT).evidence_count) == (17, 5)


def test_machines_and_opens_and_old_clicks_teach_nothing() -> None:
    contact = make_contact(time_zone="UTC")
    clicks(contact, [3] * 9, is_machine=True)
    message = contact.outbox_messages.first()
    assert message is not None
    for _number in range(6):
        make_event(message, "open", happened_at=AT - timedelta(days=1))
        make_event(message, "click", happened_at=AT - timedelta(days=366))
    engage(at=AT)
    row = ContactEngagement.objects.get(contact=contact)
    assert (row.preferred_hour, row.preferred_weekday, row.hour_evidence_count) == (None, None, 0)


def test_four_clicks_are_too_few_to_believe() -> None:
    contact = make_contact(time_zone="UTC")
    clicks(contact, [21] * 4)
    engage(at=AT)
    found = send_hour(contact, at=AT)
    assert (found.basis, found.hour) == ("setting", 10)
    assert found.why == "10:00: as set, for nobody clicked enough yet."
    assert ContactEngagement.objects.get(contact=contact).preferred_hour == 21


def test_a_contact_without_data_falls_back_to_the_segment_and_then_to_the_site() -> None:
    quiet, fan = make_contact(), make_contact()
    clicks(fan, [7] * 50)
    clicks(make_contact(), [19] * 51)
    segment = Contact.objects.filter(pk__in=[quiet.pk, fan.pk])
    of_segment, of_site = send_hour(quiet, segment=segment, at=AT), send_hour(quiet, at=AT)
    assert (of_segment.hour, of_segment.basis, of_segment.evidence_count) == (7, "segment", 50)
    assert (of_site.hour, of_site.basis, of_site.evidence_count) == (19, "site", 101)
    assert "segment" in of_segment.why
    lonely = Contact.objects.filter(pk=quiet.pk)
    assert send_hour(quiet, segment=lonely, at=AT).basis == "site"


def test_between_equal_hours_the_busier_neighborhood_wins() -> None:
    contact = make_contact(time_zone="UTC")
    clicks(contact, [8, 8, 20, 20, 21])
    engage(at=AT)
    assert send_hour(contact, at=AT).hour == 20


def test_who_has_no_evidence_any_more_prefers_nothing() -> None:
    contact = make_contact(time_zone="UTC")
    clicks(contact, [21] * 5)
    engage(at=AT)
    contact.message_events.all().delete()
    engage(at=AT + timedelta(days=1))
    row = ContactEngagement.objects.get(contact=contact)
    assert (row.preferred_hour, row.hour_evidence_count) == (None, 0)


def test_the_panel_of_a_profile_says_it_all(django_assert_max_num_queries: Any) -> None:
    contact = make_contact(time_zone="UTC")
    clicks(contact, [21] * 5)
    engage(at=AT)
    with django_assert_max_num_queries(6):
        context = EngagementPanel().context(contact)
        assert len(list(context["reactions"])) == 5
    assert context["weekday"] == "Sunday"
    assert context["engagement"].get_stage_display() == "engaged"
