"""Segments in segments."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.segments import make_rules, make_segment
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.naming import names_used
from wagtail_precise_mail.segments.protection import why_protected, with_protection
from wagtail_precise_mail.segments.queries import explain, members
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.services import save_segment

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
GERMANS = {"country": {"countries": ["DE"]}}


def inside(*slugs: str) -> dict[str, Any]:
    return {"in_segment": {"segments": list(slugs)}}


def test_members_of_another_segment_are_members_and_the_others_are_not() -> None:
    german, french = make_contact(country="DE"), make_contact(country="FR")
    make_segment(GERMANS, slug="germans")
    assert list(members(make_rules(inside("germans")), at=AT)) == [german]
    assert list(members(make_rules({"none": [inside("germans")]}), at=AT)) == [french]


def test_several_segments_are_any_of_them_and_their_complement_is_exact() -> None:
    for country in ("DE", "FR", "IT", ""):
        make_contact(country=country)
    make_segment(GERMANS, slug="germans")
    make_segment({"country": {"countries": ["FR", "IT"]}}, slug="others")
    rule = inside("germans", "others")
    assert members(make_rules(rule), at=AT).count() == 3
    assert members(make_rules({"none": [rule]}), at=AT).count() == 1


def test_the_exclusions_of_the_other_segment_hold_too() -> None:
    german = make_contact(country="DE")
    make_contact(country="DE", city="Bonn")
    bonn = {"contact_field": {"field": "city", "operator": "is", "values": ["bonn"]}}
    save_segment("germans", name="Germans", rules=Rules.from_json({"rules": [GERMANS], "except": [bonn]}))
    assert list(members(make_rules(inside("germans")), at=AT)) == [german]


def test_however_deep_it_is_one_query() -> None:
    buyer = make_contact(country="DE")
    make_order(buyer, [("A", 1, 100)])
    make_segment({"order_count": {"min": 1}}, slug="buyers")
    make_segment(inside("buyers"), GERMANS, slug="german-buyers")
    rules = make_rules(inside("german-buyers"), {"net_spend": {"min": 50}})
    with CaptureQueriesContext(connection) as queries:
        assert list(members(rules).values_list("pk", flat=True)) == [buyer.pk]
    assert len(queries) == 1


def test_a_segment_says_which_of_the_others_a_contact_is_in() -> None:
    german = make_contact(country="DE")
    make_segment(GERMANS, slug="germans", name="Germans")
    make_segment({"country": {"countries": ["FR"]}}, slug="french", name="French")
    answer = explain(make_rules(inside("germans", "french")), german, at=AT)
    assert answer.parts[0].facts == "in “Germans”"
    assert answer.parts[0].text == "belong to the segment “Germans” or “French”"


@pytest.mark.parametrize("key", ["country", "order_count"])
def test_it_concludes_from_behavior_when_the_other_segment_does(key: str) -> None:
    make_segment({key: {"countries": ["DE"]} if key == "country" else {"min": 1}}, slug="other")
    assert make_rules(inside("other")).is_profiling is (key == "order_count")


def test_a_segment_that_is_gone_or_not_published_is_an_error() -> None:
    with pytest.raises(InvalidRules, match=r'rules\[0\].in_segment.segments\[0\]: there is no segment "gone"'):
        make_rules(inside("gone"))
    make_segment(slug="draft", live=False)
    with pytest.raises(InvalidRules, match="is not published"):
        make_rules(inside("draft"))


def test_what_is_wrong_inside_is_told_outside() -> None:
    inner = make_segment(GERMANS, slug="inner", name="Inner")
    Segment.objects.filter(pk=inner.pk).update(rules=[{"type": "gone", "value": {}, "id": "1"}])
    with pytest.raises(InvalidRules, match=r'"Inner" cannot be evaluated: rules\[0\]: this rule is not known'):
        make_rules(inside("inner"))


def test_a_circle_is_refused_when_it_is_saved() -> None:
    make_segment(GERMANS, slug="a")
    save_segment("b", name="B", rules=make_rules(inside("a")))
    with pytest.raises(InvalidRules, match="segments go round in a circle: a → b → a"):
        save_segment("a", name="A", rules=make_rules(inside("b")))
    assert members(Segment.objects.get(slug="a"), at=AT).count() == 0


def test_a_circle_in_the_database_is_named_and_never_followed_for_ever() -> None:
    a, b = make_segment(GERMANS, slug="a"), make_segment(GERMANS, slug="b")
    for segment, other in ((a, "b"), (b, "a")):
        stored = [{"type": "in_segment", "value": {"segments": [{"type": "item", "id": "1", "value": other}]}}]
        Segment.objects.filter(pk=segment.pk).update(rules=stored)
    with pytest.raises(InvalidRules, match="circle: a → b → a"):
        members(Segment.objects.get(slug="a"))
    with pytest.raises(InvalidRules, match="circle: b → a → b"):
        make_rules(inside("b"))


def test_a_segment_that_names_itself_is_a_circle_and_can_be_deleted() -> None:
    segment = make_segment(GERMANS, slug="a")
    with pytest.raises(InvalidRules, match="circle: a → a"):
        save_segment("a", name="A", rules=make_rules(inside("a")))
    stored = [{"type": "in_segment", "value": {"segments": [{"type": "item", "id": "1", "value": "a"}]}}]
    Segment.objects.filter(pk=segment.pk).update(rules=stored)
    Segment.objects.get(slug="a").delete()
    assert not Segment.objects.filter(slug="a").exists()


def test_nesting_has_an_end() -> None:
    make_segment(GERMANS, slug="level-0")
    for level in range(1, 6):
        make_segment(inside(f"level-{level - 1}"), slug=f"level-{level}")
    assert members(Segment.objects.get(slug="level-5"), at=AT).count() == 0
    with pytest.raises(InvalidRules, match="nested more than 5 deep"):
        save_segment("level-6", name="6", rules=make_rules(inside("level-5")))


@pytest.mark.slow
def test_500_conditions_work_and_one_more_is_refused() -> None:
    german = make_contact(country="DE")
    many = [{"order_count": {"max": number}} for number in range(250)]
    mixed = [*many, *[{"any": [GERMANS, {"none": [GERMANS]}]}] * 125]
    rules = make_rules({"all": mixed})
    assert list(members(rules, at=AT)) == [german]
    assert explain(rules, german, at=AT).holds
    with pytest.raises(InvalidRules, match="more than 500 conditions"):
        make_rules({"all": mixed}, GERMANS)


def test_conditions_of_nested_segments_are_counted() -> None:
    make_segment({"any": [GERMANS] * 300}, slug="big")
    with pytest.raises(InvalidRules, match="more than 500 conditions"):
        make_rules(inside("big"), {"any": [GERMANS] * 200})


def test_a_segment_that_others_name_cannot_be_deleted() -> None:
    used, free = make_segment(GERMANS, slug="used"), make_segment(GERMANS, slug="free")
    user = save_segment("user", name="User", rules=Rules.from_json({"rules": [GERMANS], "except": [inside("used")]}))
    assert names_used(Segment) == {"used": [(user.pk, False)]}
    assert "is used" in why_protected(used)
    assert why_protected(free) == ""
    with pytest.raises(ProtectedError), transaction.atomic():
        Segment.objects.filter(pk=used.pk).delete()
    known = {segment.pk: segment.is_referenced for segment in with_protection(Segment.objects.all())}
    assert known[used.pk] is True
    assert known[free.pk] is False


def test_a_draft_that_names_a_segment_counts_too() -> None:
    used = make_segment(GERMANS, slug="used")
    user = save_segment("user", name="User", rules=make_rules(GERMANS))
    user.rules = [("in_segment", {"segments": ["used"]})]
    user.save_revision()
    assert names_used(Segment) == {"used": [(user.pk, True)]}
    assert "is used" in why_protected(used)
