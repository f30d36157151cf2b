"""Conditions on what is known about a contact."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.factories.contacts import make_contact, make_list
from tests.factories.segments import make_rules
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.queries import members

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def found(rule: dict[str, Any], at: datetime = AT) -> set[str]:
    return {email.partition("@")[0] for email in members(make_rules(rule), at=at).values_list("email", flat=True)}


def field(operator: str, *values: str, name: str = "attribute", attribute: str = "x") -> dict[str, Any]:
    data: dict[str, Any] = {"field": name, "operator": operator}
    if name == "attribute":
        data["attribute"] = attribute
    if values:
        data["values"] = list(values)
    return {"contact_field": data}


def test_country_and_an_interest_find_the_same_as_an_orm_query() -> None:
    make_contact(country="DE", attributes={"interest": ["running", "tea"]})
    make_contact(country="DE", attributes={"interest": "trail running"})
    make_contact(country="DE", attributes={"interest": ["tea"]})
    make_contact(country="DE")
    make_contact(country="AT", attributes={"interest": ["running"]})
    rules = make_rules({"country": {"countries": ["de"]}}, field("contains", "running", attribute="interest"))
    expected = [
        contact.pk
        for contact in Contact.objects.filter(country="DE").order_by("pk")
        if "running" in str(contact.attributes.get("interest", ""))
    ]
    assert list(members(rules, at=AT).order_by("pk").values_list("pk", flat=True)) == expected
    assert len(expected) == 2


@pytest.mark.parametrize("name", ["region", "city", "gender", "job_title", "organization", "locale", "source"])
def test_every_field_of_a_contact_can_be_compared(name: str) -> None:
    make_contact(email="yes@example.com", **{name: "Right value"})
    make_contact(email="no@example.com", **{name: "wrong"})
    make_contact(email="empty@example.com")
    assert found(field("is", "right VALUE", name=name)) == {"yes"}
    assert found(field("is_not", "right value", name=name)) == {"no", "empty"}
    assert found(field("contains", "VAL", name=name)) == {"yes"}
    assert found(field("one_of", "right value", "other", name=name)) == {"yes"}
    assert found(field("is_set", name=name)) == {"yes", "no"}


def test_a_further_field_of_any_kind_can_be_compared() -> None:
    values = {"text": "42", "number": 42, "big": 100, "decimal": 42.5, "true": True, "null": None, "list": [42]}
    for email, value in {**values, "word": "many"}.items():
        make_contact(email=f"{email}@example.com", attributes={"x": value})
    make_contact(email="without@example.com")
    assert found(field("is", "42")) == {"text", "number"}
    assert found(field("greater", "42")) == {"big", "decimal"}
    assert found(field("less", "42.5")) == {"text", "number"}
    assert found(field("greater", "-1")) == {"text", "number", "big", "decimal"}
    assert found(field("is", "true")) == {"true"}
    assert found(field("is_set")) == {"text", "number", "big", "decimal", "true", "list", "word"}
    assert found(field("is_not", "42")) == {"big", "decimal", "true", "null", "list", "word", "without"}


def test_dates_in_further_fields_can_be_compared() -> None:
    make_contact(email="early@example.com", attributes={"x": "2025-12-31"})
    make_contact(email="late@example.com", attributes={"x": "2026-01-31T10:00:00Z"})
    make_contact(email="word@example.com", attributes={"x": "zzz"})
    assert found(field("greater", "2026-01-01")) == {"late"}
    assert found(field("less", "2026-01-01")) == {"early"}


def test_wildcards_and_quotes_are_ordinary_characters() -> None:
    make_contact(email="percent@example.com", city="100% O'Neill_\"\\")
    make_contact(email="other@example.com", city="1000 ONeill")
    assert found(field("contains", "0%", name="city")) == {"percent"}
    assert found(field("contains", "l_", name="city")) == {"percent"}
    assert found(field("contains", "o'n", name="city")) == {"percent"}
    assert found(field("is", "100% O'Neill_\"\\", name="city")) == {"percent"}


def test_letters_beyond_ascii_are_found_in_a_list() -> None:
    make_contact(email="yes@example.com", attributes={"x": ["München", "Köln"]})
    assert found(field("contains", "München")) == {"yes"}


@pytest.mark.parametrize("key", ["it's", "a.b", "$", "a%s", "a b[0]", "日本"])
def test_the_name_of_a_further_field_is_never_a_path_or_sql(key: str) -> None:
    make_contact(email="yes@example.com", attributes={key: "1", "a": {"b": "1"}})
    make_contact(email="no@example.com", attributes={"a": {"b": "1"}})
    assert found(field("is", "1", attribute=key)) == {"yes"}


@pytest.mark.parametrize(
    ("birthday", "at", "is_25"),
    [
        (date(2001, 3, 1), AT, True),
        (date(2001, 3, 2), AT, False),
        (date(2000, 3, 2), AT, True),
        (date(2000, 3, 1), AT, False),
        (date(2000, 2, 29), datetime(2025, 2, 28, tzinfo=UTC), False),
        (date(2000, 2, 29), datetime(2025, 3, 1, tzinfo=UTC), True),
        (date(1999, 2, 28), datetime(2024, 2, 29, tzinfo=UTC), True),
        (date(1999, 3, 1), datetime(2024, 2, 29, tzinfo=UTC), False),
    ],
)
def test_age_counts_full_years(birthday: date, at: datetime, is_25: bool) -> None:
    make_contact(birthday_on=birthday)
    assert members(make_rules({"age": {"min": 25, "max": 25}}), at=at).exists() is is_25


def test_contacts_on_a_list_are_found_once_though_on_two() -> None:
    both, one, none = make_contact(), make_contact(), make_contact()
    make_list(both, one, slug="vips")
    make_list(both, slug="press")
    found_pks = list(members(make_rules({"in_list": {"lists": ["vips", "press"]}})).values_list("pk", flat=True))
    assert sorted(found_pks) == sorted([both.pk, one.pk])
    assert none.pk not in found_pks


def test_everybody_is_everybody() -> None:
    make_contact(), make_contact()
    assert members(make_rules({"everybody": {}})).count() == 2
    assert members(make_rules({"none": [{"everybody": {}}]})).count() == 0
