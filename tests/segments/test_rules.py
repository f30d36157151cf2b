"""Rules: reading, refusing, nesting, writing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories.commerce import make_category, make_order, make_product
from tests.factories.contacts import make_contact, make_list
from tests.factories.segments import make_rules
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.rules import MAX_DEPTH, Rules

pytestmark = pytest.mark.django_db

AT = datetime(2026, 2, 1, tzinfo=UTC)


def emails(*rules: dict[str, Any]) -> set[str]:
    return set(members(make_rules(*rules), at=AT).values_list("email", flat=True))


WRONG = [
    ([], "rules: has no rules; for all contacts say everybody"),
    ({}, "rules: must be a list of rules, not {}"),
    ([{}], "rules[0]: must be an object with one key, such as everybody, not {}"),
    (["everybody"], 'rules[0]: must be an object with one key, such as everybody, not "everybody"'),
    ([{"everybody": {}, "age": {"min": 3}}], "rules[0]: must be an object with one key"),
    ([{"everyone": {}}], "rules[0].everyone: there is no such condition; known: all, any, none, consent"),
    ([{"everybody": {"at": 1}}], "rules[0].everybody.at: there is no such key; known: none"),
    ([{"everybody": []}], "rules[0].everybody: must be an object, not []"),
    ([{"any": []}], "rules[0].any: has no rules; for all contacts say everybody"),
    ([{"none": {}}], "rules[0].none: must be a list of rules, not {}"),
    ([{"everybody": {}}, {"none": [{"any": [{"age": {}}]}]}], "rules[1].none[0].any[0].age: give min, max or both"),
    ([{"age": {"min": "18"}}], 'rules[0].age.min: must be a whole number, not "18"'),
    ([{"age": {"min": True}}], "rules[0].age.min: must be a whole number, not true"),
    ([{"age": {"min": -1}}], "rules[0].age.min: must be at least 0"),
    ([{"age": {"min": 151}}], "rules[0].age.min: must be at most 150"),
    ([{"age": {"min": None}}], "rules[0].age.min: must be a whole number, not null"),
    ([{"age": {"min": 30, "max": 20}}], "rules[0].age.max: must not be below min"),
    ([{"country": {"countries": ["GB", "XX"]}}], 'rules[0].country.countries[1]: "XX" is not the code of a country'),
    ([{"country": {"countries": []}}], "rules[0].country.countries: is empty"),
    ([{"country": {"countries": "GB"}}], 'rules[0].country.countries: must be a list, not "GB"'),
    ([{"country": {}}], "rules[0].country.countries: is missing"),
    ([{"in_list": {"lists": ["nope"]}}], 'rules[0].in_list.lists[0]: there is no contact list "nope"'),
    ([{"contact_field": {"field": "email", "operator": "is_set"}}], 'rules[0].contact_field.field: "email" is unknown'),
    ([{"contact_field": {"field": "city", "operator": "is"}}], "rules[0].contact_field.values: is missing"),
    (
        [{"contact_field": {"field": "city", "operator": "is", "values": ["a", "b"]}}],
        "rules[0].contact_field.values: only one_of takes several",
    ),
    (
        [{"contact_field": {"field": "attribute", "operator": "is", "values": ["a"]}}],
        "rules[0].contact_field.attribute: is missing",
    ),
    (
        [{"contact_field": {"field": "attribute", "attribute": "0", "operator": "is_set"}}],
        "rules[0].contact_field.attribute: must not be a number",
    ),
    (
        [{"contact_field": {"field": "attribute", "attribute": 'a"b', "operator": "is_set"}}],
        "rules[0].contact_field.attribute: must not contain double quotes",
    ),
    (
        [{"contact_field": {"field": "city", "operator": "greater", "values": ["Rome"]}}],
        "rules[0].contact_field.values: must be a number, or a date",
    ),
    ([{"bought_product": {}}], "rules[0].bought_product.products: choose a product or a category"),
    (
        [{"bought_product": {"products": ["GOOD", "9999X"]}}],
        'rules[0].bought_product.products[1]: there is no product "9999X"',
    ),
    (
        [{"none": [{"bought_product": {"categories": ["gone"]}}]}],
        'rules[0].none[0].bought_product.categories[0]: there is no category "gone"',
    ),
    ([{"bought_product": {"products": [7]}}], "rules[0].bought_product.products[0]: must be a key in quotes, not 7"),
    ([{"bought_product": {"products": [None]}}], "rules[0].bought_product.products[0]: nothing is chosen here"),
    ([{"bought_product": {"products": ["GOOD"], "days": 0}}], "rules[0].bought_product.days: must be at least 1"),
    ([{"order_count": {}}], "rules[0].order_count: give min, max or both"),
    ([{"order_count": {"min": 0}}], "rules[0].order_count.min: at least 0 orders says nothing"),
    ([{"net_spend": {"min": "500"}}], 'rules[0].net_spend.min: must be a number, not "500"'),
    ([{"net_spend": {"min": 0.00001}}], "rules[0].net_spend.min: must be a number with at most four decimals"),
    ([{"net_spend": {"min": float("nan")}}], "rules[0].net_spend.min: must be a number with at most four decimals"),
    ([{"net_spend": {"min": 1, "over": 1}}], "rules[0].net_spend.over: give min or over, not both"),
    ([{"net_spend": {"days": 30}}], "rules[0].net_spend: give min, max or both"),
    ([{"last_order": {}}], "rules[0].last_order: give min_days_ago, max_days_ago or both"),
    ([{"last_order": {"min_days_ago": 9, "max_days_ago": 3}}], "rules[0].last_order.max_days_ago: must not be below"),
]


@pytest.mark.parametrize(("rules", "message"), WRONG, ids=[message[:60] for _rules, message in WRONG])
def test_a_wrong_rule_is_refused_with_its_place(rules: Any, message: str) -> None:
    make_product("GOOD")
    with pytest.raises(InvalidRules) as caught:
        Rules.from_json({"rules": rules})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "must be an object, not []"),
        ({}, "rules: is missing"),
        ({"rules": [{"everybody": {}}], "match": "any"}, "match: there is no such key; known: rules, except"),
    ],
)
def test_a_file_of_another_shape_is_refused(data: Any, message: str) -> None:
    with pytest.raises(InvalidRules) as caught:
        Rules.from_json(data)
    assert str(caught.value) == message


def test_nesting_without_end_is_refused() -> None:
    rule: dict[str, Any] = {"everybody": {}}
    for _level in range(MAX_DEPTH):
        rule = {"any": [rule]}
    with pytest.raises(InvalidRules, match="nested too deeply"):
        make_rules(rule)


def test_what_was_read_is_written_again() -> None:
    make_product("A"), make_category(name="Tea"), make_list(slug="vips")
    data = {
        "rules": [
            {"bought_product": {"products": ["A"], "categories": ["tea"], "orders": 2, "quantity": 3, "days": 90}},
            {
                "any": [
                    {"net_spend": {"max": 10, "days": 5, "over": 0.5, "currency": "GBP"}},
                    {"none": [{"in_list": {"lists": ["vips"]}}, {"country": {"countries": ["GB", "DE"]}}]},
                    {"all": [{"age": {"min": 18}}, {"last_order": {"max_days_ago": 3}}]},
                ]
            },
            {"contact_field": {"field": "attribute", "operator": "one_of", "attribute": "size", "values": ["S", "M"]}},
            {"order_count": {"min": 1, "max": 2}},
            {"average_order": {"min": 3}},
            {"first_order": {"min_days_ago": 1}},
            {"everybody": {}},
        ]
    }
    assert Rules.from_json(data).to_json() == data


def test_natural_keys_are_checked_by_one_query_per_model(django_assert_num_queries: Any) -> None:
    for sku in "ABC":
        make_product(sku)
    rules = [{"bought_product": {"products": [sku]}} for sku in "ABC"]
    with django_assert_num_queries(1):
        make_rules({"any": rules}, {"bought_product": {"products": ["a"]}})


def test_groups_say_any_all_and_none() -> None:
    make_contact(email="gb@example.com", country="GB")
    make_contact(email="gb-rome@example.com", country="GB", city="Rome")
    make_contact(email="rome@example.com", city="Rome")
    make_contact(email="none@example.com")
    gb = {"country": {"countries": ["GB"]}}
    rome = {"contact_field": {"field": "city", "operator": "is", "values": ["Rome"]}}

    assert emails({"any": [gb, rome]}) == {"gb@example.com", "gb-rome@example.com", "rome@example.com"}
    assert emails({"all": [gb, rome]}) == {"gb-rome@example.com"} == emails(gb, rome)
    assert emails({"none": [gb, rome]}) == {"none@example.com"}
    assert emails({"none": [{"all": [gb, rome]}]}) == {"gb@example.com", "rome@example.com", "none@example.com"}
    assert emails({"any": [{"none": [gb]}, {"all": [gb, rome]}]}) == {
        "gb-rome@example.com",
        "rome@example.com",
        "none@example.com",
    }


def test_a_contact_with_many_orders_is_counted_once() -> None:
    contact = make_contact()
    for _index in range(3):
        make_order(contact, [("A", 1, 5), ("A", 2, 5), ("B", 1, 5)])
    bought = {"bought_product": {"products": ["A", "B"]}}
    rules = make_rules(bought, {"any": [bought, {"order_count": {"min": 1}}]}, {"net_spend": {"min": 1}})
    assert members(rules, at=AT).count() == 1
    assert len(members(rules, at=AT)) == 1


def test_the_rules_read_as_a_sentence() -> None:
    make_product("22423"), make_product("85123A", name="Cakes")
    rules = make_rules(
        {"bought_product": {"products": ["22423"], "orders": 2, "days": 90}},
        {"none": [{"bought_product": {"products": ["85123A"]}}, {"order_count": {"max": 0, "days": 1}}]},
        {"any": [{"net_spend": {"over": 1500}}, {"age": {"min": 20, "max": 30}}]},
    )
    assert rules.sentence() == (
        "Contacts who bought Product 22423 (22423) in at least 2 orders within 90 days"
        " and (are not among those who bought Cakes (85123A) or placed no order within 1 day)"
        " and (spent more than 1,500 net of refunds or are between 20 and 30 years old)."
    )
