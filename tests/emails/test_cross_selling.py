"""Whom mails that need no consent may show products to, by the rule of their country."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from tests.emails.lists import load, read, titles
from tests.emails.test_product_lists import list_block, product
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.emails import make_email, raw_block
from wagtail_precise_mail import checks
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.services import suppress, withdraw
from wagtail_precise_mail.emails.cross_selling import may_be_sold_to, rule_for
from wagtail_precise_mail.emails.models import Email

pytestmark = pytest.mark.django_db


def rules(settings: Settings, **by_country: str) -> None:
    given = {{"OTHERS": "*", "UNKNOWN": ""}.get(name, name): rule for name, rule in by_country.items()}
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "cross_sell_jurisdictions": given}


def confirmation() -> Email:
    slot = list_block(
        heading="Goes well with it", is_slot_for_consenting=True, empty_words="Look at our offers", fallback="newest"
    )
    return make_email(raw_block("heading", title="Your order"), slot)


def test_consent_is_asked_for_everywhere_unless_the_site_says_otherwise() -> None:
    assert [rule_for(country) for country in ("US", "DE", "GB", "")] == ["with_consent"] * 4


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"US": "allowed"}, {"US": "allowed", "us": "allowed", "DE": "with_consent", "": "with_consent"}),
        ({"DE": "off"}, {"DE": "off", "FR": "with_consent", "": "off"}),
        ({"OTHERS": "allowed", "DE": "off", "UNKNOWN": "with_consent"}, {"FR": "allowed", "": "with_consent"}),
        ({"OTHERS": "allowed", "GB": "off"}, {"UK": "off", "XX": "off", "FR": "allowed"}),
    ],
)
def test_rule_is_that_of_the_country_and_the_strictest_where_it_is_unknown(
    settings: Settings, given: dict[str, str], expected: dict[str, str]
) -> None:
    rules(settings, **given)
    assert {country: rule_for(country) for country in expected} == expected


def test_slot_is_empty_where_it_is_turned_off_and_the_confirmation_still_goes(settings: Settings) -> None:
    product("Mug")
    topic, email = make_topic(), confirmation()
    german, french = make_contact(country="DE"), make_contact(country="FR")
    for contact in (german, french):
        grant(contact, topic)
    rules(settings, DE="off")
    assert titles(read(email, french)) == ["Mug"]
    filled = read(email, german)
    for whole in (filled.html, filled.text):
        assert "Your order" in whole
        assert "Mug" not in whole
        assert "Goes well with it" not in whole
        assert "offers" not in whole


@pytest.mark.parametrize("in_column", [False, True])
def test_slot_says_nothing_at_all_to_those_without_a_consent(in_column: bool) -> None:
    product("Mug")
    slot = list_block(heading="With it", is_slot_for_consenting=True, empty_words="Look at our offers")
    block = raw_block("columns", columns=[{"content": [slot]}]) if in_column else slot
    filled = read(make_email(raw_block("heading", title="Your order"), block), make_contact())
    assert "offers" not in filled.html + filled.text
    assert "With it" not in filled.html + filled.text
    assert "Your order" in filled.html


def test_where_no_consent_is_needed_whoever_said_no_is_left_alone(settings: Settings) -> None:
    topic, other = make_topic(), make_topic()
    silent, declined, agreed_to_one, left = (make_contact(country="US") for _number in range(4))
    for contact in (declined, agreed_to_one):
        grant(contact, topic)
        withdraw(contact, topic, source="page")
    grant(agreed_to_one, other)
    suppress(left.email, reason="unsubscribed")
    everybody = [silent, declined, agreed_to_one, left]
    assert may_be_sold_to(everybody) == [agreed_to_one]
    rules(settings, US="allowed")
    assert may_be_sold_to(everybody) == [silent, agreed_to_one]


def test_somebody_made_up_sees_the_slot_unless_nobody_does(settings: Settings) -> None:
    made_up = Contact(email="a@example.com")
    rules(settings, DE="off")
    assert may_be_sold_to([made_up]) == [made_up]
    rules(settings, OTHERS="off")
    assert may_be_sold_to([made_up]) == []


def test_asking_costs_one_query_for_any_number(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    topic = make_topic()
    contacts = [make_contact(country=country) for country in ("DE", "US", "FR", "") * 5]
    for contact in contacts[::2]:
        grant(contact, topic)
    for some in (contacts[:1], contacts):
        with django_assert_num_queries(1):
            may_be_sold_to(some)


def test_slot_costs_the_same_queries_for_two_and_many_readers(settings: Settings) -> None:
    rules(settings, DE="off", US="allowed")
    product("Mug")
    email = confirmation()
    contacts = [make_contact(country=country) for country in ("DE", "US", "FR", "") * 10]

    def queries(some: list[Contact]) -> int:
        with CaptureQueriesContext(connection) as captured:
            load(email, *some)
        return len(captured)

    queries(contacts[:2])
    assert queries(contacts[:2]) == queries(contacts)


@pytest.mark.parametrize("country", ["UK", "EU", "de", "Germany"])
def test_rule_for_what_is_no_country_is_reported(settings: Settings, country: str) -> None:
    rules(settings, **{country: "off"})
    (found,) = checks.check_options(None)
    assert found.id == "wagtail_precise_mail.E001"
    assert country in found.msg


def test_words_for_others_are_refused_in_a_slot() -> None:
    from wagtail_precise_mail.emails.blocks.product_lists import ProductListBlock

    value: dict[str, Any] = {"selection": "newest", "count": 2, "fallback": "words", "empty_words": "Look"}
    block = ProductListBlock()
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which field it names is asked below
        block.clean(block.to_python({**value, "is_slot_for_consenting": True}))
    assert list(caught.value.block_errors) == ["fallback"]
    assert block.clean(block.to_python(value))["fallback"] == "words"
