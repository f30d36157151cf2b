"""Rules in the editor: what is stored, what is refused, what is never lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.factories.commerce import make_category, make_order, make_product
from tests.factories.contacts import make_contact, make_list
from tests.factories.segments import make_rules, make_segment
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.blocks import LEVELS, RulesBlockAdapter, make_rules_block, to_stream
from wagtail_precise_mail.segments.conditions import conditions
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.places import describe_place
from wagtail_precise_mail.segments.queries import members, read_rules

pytestmark = pytest.mark.django_db


def store(segment: Segment, stream: list[dict[str, Any]]) -> Segment:
    """Put raw JSON into the column, as an older version of the site would have left it."""
    from django.db.models import JSONField, Value

    Segment.objects.filter(pk=segment.pk).update(rules=Value(stream, JSONField()))
    return Segment.objects.get(pk=segment.pk)


def test_rules_survive_the_editor_s_form() -> None:
    make_product("A"), make_product("B"), make_category(name="Tea"), make_list(slug="vips")
    rules = make_rules(
        {"bought_product": {"products": ["A", "B"], "categories": ["tea"], "orders": 2}},
        {"any": [{"net_spend": {"min": 0.5, "currency": "GBP"}}, {"none": [{"in_list": {"lists": ["vips"]}}]}]},
        {"country": {"countries": ["GB", "DE"]}},
        {"contact_field": {"field": "city", "operator": "one_of", "values": ["Rome", "Paris"]}},
        {"contact_field": {"field": "city", "operator": "is", "values": ["Washington, D.C."]}},
        {"everybody": {}},
    )
    segment = make_segment()
    segment.rules = to_stream(rules)
    segment.save()
    assert read_rules(Segment.objects.get(pk=segment.pk)) == rules


def test_every_condition_has_a_form_at_every_level() -> None:
    block = make_rules_block()
    for _level in range(LEVELS):
        assert set(conditions) <= set(block.child_blocks)
        block = block.child_blocks["group"].child_blocks["rules"]
    assert "group" not in block.child_blocks


def test_fields_that_are_alike_are_described_once() -> None:
    forms = [form for key, form in make_rules_block().child_blocks.items() if key in conditions]
    fields = [field for form in forms for field in form.child_blocks.values()]

    assert len({id(field) for field in fields}) < 0.6 * len(fields)
    for form in forms:
        assert list(form.child_blocks) == list(form.condition.parameters())
        for name, parameter in form.condition.parameters().items():
            assert form.child_blocks[name].label == str(parameter.label)


def test_rules_nested_deeper_than_the_form_are_refused() -> None:
    rule: dict[str, Any] = {"everybody": {}}
    for _level in range(LEVELS):
        rule = {"any": [rule]}
    to_stream(make_rules(rule))
    with pytest.raises(InvalidRules, match="3 deep"):
        to_stream(make_rules({"any": [rule]}))


def test_a_segment_without_rules_has_no_members() -> None:
    make_contact()
    segment = store(make_segment(), [])
    with pytest.raises(InvalidRules, match="rules: has no rules"):
        members(segment)


def test_a_segment_that_was_never_published_has_no_members() -> None:
    with pytest.raises(InvalidRules, match="not published"):
        members(make_segment(live=False))


@pytest.mark.parametrize(
    ("stream", "place"),
    [
        ([{"type": "group", "value": {"match": "none", "rules": []}}], "rules[0].none"),
        ([{"type": "group", "value": {"match": "", "rules": [{"type": "everybody", "value": {}}]}}], "rules[0]"),
        ([{"type": "age", "value": {"min": None, "max": None}}], "rules[0].age"),
        ([{"type": "country", "value": {"countries": []}}], "rules[0].country.countries"),
        ([{"type": "country", "value": {"countries": [""]}}], "rules[0].country.countries[0]"),
        ([{"type": "in_list", "value": {"lists": ["gone"]}}], "rules[0].in_list.lists[0]"),
        ([{"type": "bought_product", "value": {"products": [None]}}], "rules[0].bought_product.products[0]"),
        ([{"type": "bought_product", "value": {"products": []}}], "rules[0].bought_product.products"),
        ([{"type": "gone_plugin", "value": {"x": 1}}], "rules[0]"),
        ([{"type": "age", "value": {"min": 18, "months": 3}}], "rules[0]"),
        (
            [{"type": "group", "value": {"match": "none", "rules": [{"type": "gone_plugin", "value": {}}]}}],
            "rules[0].none[0]",
        ),
    ],
)
def test_an_unfinished_or_unknown_rule_stops_the_whole_segment(stream: list[dict[str, Any]], place: str) -> None:
    make_contact()
    good = {"type": "everybody", "value": {}}
    with pytest.raises(InvalidRules) as caught:
        members(store(make_segment(), [*stream, good]))
    assert caught.value.place == place


def test_a_deleted_product_stops_the_whole_segment() -> None:
    make_contact()
    kept, gone = make_product("A"), make_product("B")
    segment = make_segment({"none": [{"bought_product": {"products": ["A", "B"]}}]})
    assert members(segment).count() == 1
    gone.delete()
    with pytest.raises(InvalidRules) as caught:
        members(Segment.objects.get(pk=segment.pk))
    assert caught.value.place == "rules[0].none[0].bought_product.products[1]"
    assert kept.pk


def test_an_unknown_rule_survives_a_save() -> None:
    stored = [
        {"type": "gone_plugin", "value": {"x": [1]}, "id": "one"},
        {
            "type": "group",
            "value": {"match": "any", "rules": [{"type": "age", "value": {"min": 3, "months": 2}, "id": "two"}]},
            "id": "three",
        },
    ]
    segment = store(make_segment(), stored)
    assert [child.block_type for child in segment.rules] == ["unknown", "group"]
    assert segment.rules[1].value["rules"][0].block_type == "unknown"
    segment.save()
    assert Segment.objects.values_list("rules", flat=True).get(pk=segment.pk).stream_block
    with_raw = Segment.objects.get(pk=segment.pk)
    assert json.loads(Segment._meta.get_field("rules").value_to_string(with_raw)) == stored


def test_publishing_refuses_what_a_draft_may_hold() -> None:
    field = Segment._meta.get_field("rules").formfield()
    block = field.block
    value = block.to_python([{"type": "net_spend", "value": {"min": 5, "max": 3, "over": None, "days": None}}])
    block.clean_deferred(value)
    with pytest.raises(ValidationError) as caught:
        block.clean(value)
    assert "must not be below min" in str(caught.value.as_json_data())


def test_counting_a_segment_takes_few_queries_and_one_for_the_members(django_assert_num_queries: Any) -> None:
    contact = make_contact()
    for sku in "ABCDEF":
        make_order(contact, [(sku, 1, 5)])
    bought = [{"bought_product": {"products": [sku]}} for sku in "ABCDEF"]
    segment = Segment.objects.get(pk=make_segment({"any": bought}, *bought).pk)
    # The products of all choosers, at both levels; their SKUs; the members.
    with django_assert_num_queries(4):
        assert members(segment).count() == 1


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("", ""),
        ("rules", ""),
        ("rules[1]", "Rule 2"),
        ("rules[0].bought_product.products[1]", "Rule 1 › Bought a product › Products, number 2"),
        ("rules[1].none[2].age.min", "Rule 2 › None of these › rule 3 › Age › At least"),
    ],
)
def test_a_place_reads_like_the_form(place: str, words: str) -> None:
    assert describe_place(place) == words


def test_unknown_rules_are_not_offered_to_be_added() -> None:
    block = make_rules_block()
    *_arguments, meta = RulesBlockAdapter().js_args(block)
    assert meta["blockCounts"] == {"unknown": {"max_num": 0}}
    assert not block.meta.block_counts, "a draft that holds one could not be saved"
