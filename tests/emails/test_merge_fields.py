"""What merge fields say about contacts, for one and for many."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.merge_attributes import known_attributes, plain
from wagtail_precise_mail.emails.merge_fields import (
    MergeField,
    contact_fields,
    contact_values,
    find_field,
    made_up_values,
    values_of,
    values_of_nobody,
)
from wagtail_precise_mail.exceptions import RegistrationError

pytestmark = pytest.mark.django_db

ORDERS = {"contact.last_order_on", "contact.order_count"}


def test_contact_says_its_values_as_filters_read_them() -> None:
    contact = make_contact(
        first_name="Ada",
        last_name="Lovelace",
        country="DE",
        birthday_on="1815-12-10",
        attributes={"shoe": 38, "weight": 0.0000001, "list": [1], "no": None, "yes": True},
    )
    contact.refresh_from_db()
    values = contact_values(contact)
    assert values["contact.full_name"] == "Ada Lovelace"
    assert values["contact.country"] == "DE"
    assert values["contact.birthday_on"] == "1815-12-10"
    assert values["contact.attributes.shoe"] == "38"
    assert values["contact.attributes.weight"] == "0.0000001"
    assert (
        values["contact.attributes.list"] == values["contact.attributes.yes"] == values["contact.attributes.no"] == ""
    )


def test_day_of_joining_is_the_day_where_the_site_is(settings: Settings) -> None:
    settings.TIME_ZONE = "Asia/Shanghai"
    contact = make_contact()
    contact.created_at = datetime(2026, 3, 1, 20, tzinfo=UTC)
    assert contact_values(contact)["contact.created_on"] == "2026-03-02"


def test_facts_about_orders_count_sales_only() -> None:
    contact = make_contact()
    make_order(contact, placed_at=datetime(2026, 1, 1, 12, tzinfo=UTC))
    make_order(contact, placed_at=datetime(2026, 2, 1, 12, tzinfo=UTC))
    make_order(contact, placed_at=datetime(2026, 3, 1, 12, tzinfo=UTC), kind=Order.Kind.REFUND)
    stranger = make_contact()
    values = values_of([contact, stranger], ORDERS)
    assert values[contact.pk] == {"contact.last_order_on": "2026-02-01", "contact.order_count": "2"}
    assert values[stranger.pk] == {"contact.last_order_on": "", "contact.order_count": "0"}


def test_values_of_many_cost_as_much_as_those_of_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    contacts = [make_contact(first_name=f"Ada {number}", attributes={"x": number}) for number in range(20)]
    for contact in contacts:
        make_order(contact)
    names = {*ORDERS, "contact.first_name", "contact.attributes.x"}
    for some in (contacts[:1], contacts):
        with django_assert_num_queries(3):  # two of orders, and whether the further field is sensitive
            values = values_of(some, names)
        assert values[some[-1].pk]["contact.order_count"] == "1"
        assert values[some[0].pk]["contact.attributes.x"] == "0"


def test_only_the_fields_that_are_asked_for_are_read(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    contact = make_contact(first_name="Ada")
    with django_assert_num_queries(0):
        assert contact_values(contact, {"contact.first_name"}) == {"contact.first_name": "Ada"}


def test_names_that_are_no_fields_of_contacts_are_left_out() -> None:
    contact = make_contact()
    assert values_of([contact], {"brand.company_name", "contact.gone"}) == {contact.pk: {}}


def test_contact_that_is_not_stored_has_what_is_its_own() -> None:
    values = contact_values(Contact(first_name="Ada", attributes={"x": 1}))
    assert values["contact.first_name"] == "Ada"
    assert values["contact.attributes.x"] == "1"
    assert "contact.order_count" not in values


def test_every_registered_field_has_an_example_and_a_group() -> None:
    assert all(made_up_values().values())
    assert all(str(field.group) for _key, field in contact_fields.items())


def test_nobody_has_what_is_never_empty_and_no_more() -> None:
    of_contacts = {name for name in values_of_nobody() if not name.startswith("digest.")}
    assert of_contacts == {"contact.email", "contact.created_on", "contact.order_count"}


def test_field_without_a_value_or_with_two_is_refused() -> None:
    with pytest.raises(RegistrationError, match="needs a value or a load"):
        MergeField("Points")
    with pytest.raises(RegistrationError, match="and not both"):
        MergeField("Points", lambda contact: "", load=lambda contacts: {})


def test_own_field_is_loaded_for_many_at_once() -> None:
    calls: list[int] = []

    def load(contacts: object) -> dict[int, str]:
        calls.append(len(list(contacts)))
        return {first.pk: "12"}

    first, second = make_contact(), make_contact()
    with contact_fields.temporarily("points", MergeField("Points", load=load)):
        values = values_of([first, second], {"contact.points"})
    assert [values[contact.pk]["contact.points"] for contact in (first, second)] == ["12", ""]
    assert calls == [2]


def test_further_fields_that_occur_are_listed_the_most_frequent_first(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_contact(attributes={"points": 3, "empty": "", "list": [1], "bad key": "x", "secret.path": "x"})
    make_contact(attributes={"points": 5, "shoe-size": "38"})
    with django_assert_num_queries(3):  # the sample once, and each time what is sensitive
        assert known_attributes(Contact.objects.all()) == ["points", "shoe-size"]
        assert known_attributes(Contact.objects.all()) == ["points", "shoe-size"]


def test_value_that_is_no_number_is_nothing() -> None:
    assert [plain(value) for value in (float("nan"), float("inf"), True, None, {}, 1.5, "x")] == [
        "",
        "",
        "",
        "",
        "",
        "1.5",
        "x",
    ]


@pytest.mark.parametrize(
    "name", ["contact", "contact.", "contact.attributes", "contact.attributes.", "brand.x", "x.y", ""]
)
def test_what_names_no_field_finds_none(name: str) -> None:
    assert find_field(name) is None
