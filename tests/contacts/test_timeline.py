"""The timeline: what every room tells about a contact, in order, filtered, in a constant number of queries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from wagtail.admin.icons import get_icons

from tests.factories.commerce import make_order
from tests.factories.contacts import grant, make_contact, make_note, make_topic
from tests.factories.tracking import make_event, make_message
from wagtail_precise_mail.contacts.services import withdraw
from wagtail_precise_mail.contacts.timeline import (
    TimelineEntry,
    TimelineSource,
    read_facts,
    read_timeline,
    timeline_sources,
)
from wagtail_precise_mail.exceptions import UnknownKey

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 10, 12, tzinfo=UTC)


def days_ago(days):
    return AT - timedelta(days=days)


def fill(contact, *, days):
    """One event of every kind, that many days ago."""
    at = days_ago(days)
    topic = make_topic(name="News")
    grant(contact, topic, at=at)
    make_note(contact, at=at)
    message = make_message(contact=contact, created_at=at, finished_at=at)
    make_event(message, "open", happened_at=at)
    make_event(message, "click", happened_at=at, url="https://x.example/teapot", link_index=0)
    order = make_order(contact, [("TEAPOT", 1, "10.00")], placed_at=at)
    make_event(message, "conversion", happened_at=at, order=order, value=order.total, currency="GBP")


def entries(contact, **arguments):
    return [entry for day in read_timeline(contact, **arguments).days for entry in day.entries]


def test_every_room_tells_its_part():
    contact = make_contact()
    fill(contact, days=1)
    assert {"consent", "note", "order", "open", "click", "conversion"} <= {entry.kind for entry in entries(contact)}


def test_every_room_has_an_icon_that_there_is():
    sprite = get_icons()
    assert [name for name, source in timeline_sources.items() if f'id="icon-{source.icon}"' not in sprite] == []


def test_the_newest_comes_first_and_days_stand_together():
    contact = make_contact()
    for days in (3, 1, 2):
        fill(contact, days=days)
    timeline = read_timeline(contact)
    assert [day.day for day in timeline.days] == [days_ago(days).date() for days in (1, 2, 3)]


def test_days_are_those_of_the_reader(settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    contact = make_contact()
    make_note(contact, at=datetime(2026, 3, 1, 20, tzinfo=UTC))
    assert read_timeline(contact).days[0].day.isoformat() == "2026-03-02"


def test_one_kind_can_be_picked():
    contact = make_contact()
    fill(contact, days=1)
    assert [entry.kind for entry in entries(contact, kind="click")] == ["click"]


def test_an_unknown_kind_is_refused():
    with pytest.raises(UnknownKey):
        read_timeline(make_contact(), kind="dreams")


def test_a_long_history_is_cut_and_says_so():
    contact = make_contact()
    for day in range(4):
        make_note(contact, subject=f"Day {day}", at=days_ago(day))
    timeline = read_timeline(contact, limit=3)
    assert timeline.has_more
    assert [entry.title for day in timeline.days for entry in day.entries] == ["Day 0", "Day 1", "Day 2"]
    assert not read_timeline(contact, limit=4).has_more


def test_somebody_elses_history_does_not_show():
    fill(make_contact(), days=1)
    assert entries(make_contact()) == []


def test_machines_do_not_show():
    contact = make_contact()
    message = make_message(contact=contact)
    for kind in ("open", "click"):
        make_event(message, kind, is_machine=True, link_index=0)
    assert [entry for entry in entries(contact) if entry.kind in ("open", "click")] == []


def test_leaving_a_topic_shows_with_its_source():
    contact, topic = make_contact(), make_topic(name="News")
    grant(contact, topic)
    withdraw(contact, topic, source="phone", at=AT)
    newest = entries(contact, kind="consent")[0]
    assert (newest.title, newest.detail) == ("Left “News”", "phone")


def test_refunds_show_and_bookkeeping_does_not():
    contact = make_contact()
    make_order(contact, [("CUP", -1, "5.00")], kind="refund", number="C9", placed_at=AT)
    make_order(contact, [("CUP", 1, "5.00")], kind="adjustment", number="A1", placed_at=AT)
    assert [entry.title for entry in entries(contact, kind="order")] == ["Refund C9"]


def test_the_number_of_queries_does_not_grow(django_assert_num_queries, django_assert_max_num_queries):
    contact = make_contact()
    fill(contact, days=1)
    with django_assert_max_num_queries(14) as one:
        read_timeline(contact)
    for days in range(2, 6):
        fill(contact, days=days)
    with django_assert_num_queries(len(one)):
        read_timeline(contact)


def test_another_package_adds_its_own_source():
    class Visits(TimelineSource):
        label = "Visits"
        icon = "site"

        def entries(self, contact, *, limit):
            return [TimelineEntry(AT, "visit", "Looked at teapots")]

    with timeline_sources.temporarily("visit", Visits):
        (entry,) = entries(make_contact(), kind="visit")
    assert (entry.title, entry.icon) == ("Looked at teapots", "site")


def test_the_facts_sum_up_the_purchases():
    contact = make_contact()
    make_order(contact, [("TEAPOT", 2, "10.00")], placed_at=days_ago(40))
    make_order(contact, [("TEAPOT", 1, "10.00")], placed_at=days_ago(2))
    make_order(contact, [("TEAPOT", -1, "10.00")], kind="refund", placed_at=days_ago(1))
    make_order(contact, [("CUP", 1, "99.00")], kind="adjustment", placed_at=days_ago(1))
    facts = {str(fact.label): fact.value for fact in read_facts(contact)}
    assert facts == {
        "Orders": "2",
        "Net spend": "£20.00",
        "First order": "Jan. 29, 2026",
        "Last order": "March 8, 2026",
    }


def test_spend_is_kept_apart_by_currency():
    contact = make_contact()
    make_order(contact, [("TEAPOT", 1, "10.00")])
    make_order(contact, [("TEAPOT", 1, Decimal("7.50"))], currency="EUR")
    assert {fact.label: fact.value for fact in read_facts(contact)}["Net spend"] == "£10.00 + €7.50"
