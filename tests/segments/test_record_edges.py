"""Conditions on days, chance and organizations: the edges, one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests.factories.contacts import make_contact
from tests.factories.segments import make_rules
from tests.segments.test_record_conditions import _celebrates, _ids
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.queries import members


@pytest.mark.django_db
def test_a_birthday_on_29_february_is_on_28_february_in_other_years() -> None:
    leapling = make_contact(birthday_on=date(1992, 2, 29))
    rule = {"birthday": {"days": 0}}

    def on(year: int, month: int, day: int) -> set[int]:
        return _ids(rule, at=datetime(year, month, day, 12, tzinfo=UTC))

    assert on(2027, 2, 28) == {leapling.pk}
    assert on(2027, 3, 1) == set()
    assert on(2028, 2, 28) == set()
    assert on(2028, 2, 29) == {leapling.pk}


@pytest.mark.django_db
def test_every_window_of_every_length_finds_the_birthdays_that_a_calendar_finds() -> None:
    born = [date(1992, 1, 1) + timedelta(days=index) for index in range(0, 366, 9)] + [date(1992, 2, 29)]
    for day in born:
        make_contact(birthday_on=day)
    for first in (date(2027, 2, 20), date(2027, 2, 28), date(2028, 2, 29), date(2027, 12, 25), date(2028, 1, 1)):
        for days in (0, 1, 8, 30, 200, 363, 364, 365):
            at = datetime(first.year, first.month, first.day, 12, tzinfo=UTC)
            window = [first + timedelta(days=ahead) for ahead in range(days + 1)]
            expected = sum(any(_celebrates(one, day) for day in window) for one in born)
            assert len(_ids({"birthday": {"days": days}}, at=at)) == expected, (first, days)


@pytest.mark.django_db
def test_the_day_of_the_site_counts_and_not_that_of_greenwich(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    contact = make_contact(birthday_on=date(1990, 3, 2))
    assert _ids({"birthday": {"days": 0}}, at=datetime(2026, 3, 1, 16, tzinfo=UTC)) == {contact.pk}


@pytest.mark.django_db
def test_a_birthday_comes_on_the_clock_of_each_contact(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/London"
    at, rule = datetime(2026, 3, 1, 16, tzinfo=UTC), {"birthday": {"days": 0}}
    second, first = date(1990, 3, 2), date(1990, 3, 1)
    in_tokyo = make_contact(birthday_on=second, time_zone="Asia/Tokyo")
    in_japan = make_contact(birthday_on=second, country="JP")
    here = make_contact(birthday_on=first)
    in_london = make_contact(birthday_on=first, time_zone="Europe/London", country="JP")
    over = [make_contact(birthday_on=first, time_zone="Asia/Tokyo"), make_contact(birthday_on=second), make_contact()]
    assert _ids(rule, at=at) == {in_tokyo.pk, in_japan.pk, here.pk, in_london.pk}
    assert _ids({"none": [rule]}, at=at) == {contact.pk for contact in over}


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL has an index of birthdays")
def test_birthdays_of_a_week_are_found_by_an_index() -> None:
    Contact.objects.bulk_create(
        Contact(email=f"p{number}@example.com", address_hash=str(number), birthday_on=date(1990, 1, 1 + number % 28))
        for number in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE wagtail_precise_mail_contact")
    found = members(make_rules({"birthday": {"days": 7}}), at=datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert "wpm_contact_birthday" in found.explain()
    assert not found.exists()


@pytest.mark.django_db
def test_the_month_of_a_birthday_begins_on_the_clock_of_each_contact(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/London"
    at, rule = datetime(2026, 2, 28, 16, tzinfo=UTC), {"birthday": {"month": "this"}}
    march, february = date(1990, 3, 20), date(1990, 2, 20)
    in_tokyo, here = make_contact(birthday_on=march, country="JP"), make_contact(birthday_on=february)
    make_contact(birthday_on=february, country="JP"), make_contact(birthday_on=march)
    assert _ids(rule, at=at) == {in_tokyo.pk, here.pk}
    assert len(_ids({"none": [rule]}, at=at)) == 2


@pytest.mark.django_db
def test_a_share_grows_and_is_about_as_large_as_it_says() -> None:
    Contact.objects.bulk_create(
        Contact(email=f"p{number}@example.com", address_hash=str(number)) for number in range(4000)
    )
    ten, twenty = _ids({"random_share": {"percent": 10}}), _ids({"random_share": {"percent": 20}})
    other = _ids({"random_share": {"percent": 10, "seed": "other"}})
    assert ten < twenty
    assert 330 < len(ten) < 470
    assert 15 < len(ten & other) < 70  # drawn anew: 40 would be expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"random_share": {"percent": 0}}, "percent: must be above 0"),
        ({"random_share": {"percent": 101}}, "percent: must be above 0 and at most 100"),
        ({"birthday": {}}, "give days or month"),
        ({"birthday": {"days": 1, "month": "3"}}, "give days or month"),
        ({"birthday": {"month": "13"}}, 'month: "13" is unknown'),
        ({"record_age": {}}, "give at least one of"),
        ({"record_age": {"from_on": "2026-02-30"}}, "from_on: must be a day such as"),
        ({"record_age": {"from_on": "20260230"}}, "from_on: must be a day such as"),
        ({"record_age": {"from_on": "2026-02-02", "until_on": "2026-02-01"}}, "until_on: must not be before from_on"),
        ({"record_age": {"min_days_ago": 9, "max_days_ago": 3}}, "max_days_ago: must not be below"),
        ({"consent": {"topics": ["gone"]}}, "there is no topic"),
        ({"contact_state": {"state": "happy"}}, 'state: "happy" is unknown'),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRules, match=message):
        make_rules(rule)


@pytest.mark.django_db
def test_industry_and_size_of_an_organization_find_the_expected_contacts() -> None:
    """C029, by further fields, which an import brings."""
    expected = {
        make_contact(attributes={"industry": "Education", "organization_size": size}).pk for size in (50, "200", 120)
    }
    for attributes in (
        {"industry": "education", "organization_size": 49},
        {"industry": "education", "organization_size": 201},
        {"industry": "retail", "organization_size": 100},
        {"industry": "education"},
        {},
    ):
        make_contact(attributes=attributes)

    def further(name: str, operator: str, value: str) -> dict[str, Any]:
        return {"contact_field": {"field": "attribute", "attribute": name, "operator": operator, "values": [value]}}

    size = [further("organization_size", "greater", "49"), further("organization_size", "less", "201")]
    assert _ids(further("industry", "is", "education"), *size) == expected


@pytest.mark.django_db
def test_decision_makers_are_found_by_their_level() -> None:
    """C036."""
    expected = {make_contact(job_level=level).pk for level in ("head", "director", "executive")}
    make_contact(job_level="staff")
    make_contact()
    assert _ids({"job_level": {"levels": ["head", "director", "executive"]}}) == expected
