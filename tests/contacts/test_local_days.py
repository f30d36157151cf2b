"""Which day it is where contacts live: the database says the same as the clock of each contact."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Q

from tests.factories.contacts import make_contact
from wagtail_precise_mail.contacts.local_days import days_elsewhere
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.zones import zone_of

pytestmark = pytest.mark.django_db

PLACES: list[dict[str, str]] = [
    {},
    {"time_zone": "Pacific/Kiritimati"},
    {"time_zone": "Pacific/Pago_Pago"},
    {"time_zone": "America/New_York", "country": "JP"},
    {"time_zone": "Asia/Kathmandu"},
    {"time_zone": "UTC"},
    {"country": "JP"},
    {"country": "NZ"},
    {"country": "US"},
    {"country": "US", "city": "Los Angeles"},
    {"country": "US", "city": "los angeles"},
    {"country": "US", "city": "Honolulu"},
    {"country": "AU", "city": "Perth"},
    {"country": "DE", "city": "Honolulu"},
    {"country": "IN"},
    {"country": "PF", "city": "Marquesas"},
    {"country": "RU", "city": "Kamchatka"},
    {"country": "XX"},
    {"city": "Perth"},
]
MOMENTS = [datetime(2026, 6, 1, tzinfo=UTC) + timedelta(minutes=minutes) for minutes in range(0, 24 * 60, 95)]
MOMENTS += [datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), datetime(2026, 12, 31, 23, 30, tzinfo=UTC)]


def found_days(at: datetime) -> dict[int, date]:
    """The day of every contact, as the database says it."""
    elsewhere, found = days_elsewhere(at), {}
    for day, lives_there in elsewhere.items():
        for pk in Contact.objects.filter(lives_there).values_list("pk", flat=True):
            assert pk not in found
            found[pk] = day
    rest = Contact.objects.exclude(pk__in=found)
    return found | dict.fromkeys(rest.values_list("pk", flat=True), site_day(at))


def site_day(at: datetime) -> date:
    return at.astimezone(zone_of(Contact()).zone).date()


@pytest.mark.parametrize("site", ["UTC", "Europe/London", "Pacific/Auckland", "America/Los_Angeles"])
def test_database_says_the_same_as_the_clock_of_each_contact(site: str, settings: Any) -> None:
    settings.TIME_ZONE = site
    contacts = [make_contact(**place) for place in PLACES]
    for at in MOMENTS:
        expected = {contact.pk: at.astimezone(zone_of(contact).zone).date() for contact in contacts}
        assert found_days(at) == expected, at


def test_statement_and_its_negation_leave_nobody_out(settings: Any) -> None:
    settings.TIME_ZONE = "UTC"
    for place in PLACES:
        make_contact(**place)
    for at in random.Random(5).sample(MOMENTS, 5):
        for lives_there in days_elsewhere(at).values():
            inside, outside = Contact.objects.filter(lives_there), Contact.objects.filter(~Q(lives_there))
            assert inside.count() + outside.count() == len(PLACES)


def test_there_are_three_days_on_earth_at_the_most(settings: Any) -> None:
    settings.TIME_ZONE = "UTC"
    assert [len(days_elsewhere(at)) for at in MOMENTS if at.hour == 11] == [2]
    assert all(1 <= len(days_elsewhere(at)) <= 2 for at in MOMENTS)


def test_looking_costs_no_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        days_elsewhere(MOMENTS[0])
