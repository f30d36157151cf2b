"""Exclusions: who is left out of a segment again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories.contacts import make_contact, make_list
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.field_usage import SegmentUsage
from wagtail_precise_mail.segments.membership import memberships
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.places import describe_place
from wagtail_precise_mail.segments.queries import explain, members, read_rules
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.services import save_segment

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
GERMANS = {"country": {"countries": ["DE"]}}
WOMEN = {"contact_field": {"field": "gender", "operator": "is", "values": ["female"]}}


def read(*rules: dict[str, Any], without: list[dict[str, Any]] | None = None) -> Rules:
    return Rules.from_json({"rules": list(rules), **({"except": without} if without is not None else {})})


def people() -> tuple[Contact, Contact, Contact]:
    return (
        make_contact(country="DE", gender="female"),
        make_contact(country="DE", gender="male"),
        make_contact(country="FR", gender="female"),
    )


def test_any_exclusion_takes_a_contact_out() -> None:
    listed = make_contact(country="DE")
    make_list(listed, slug="staff")
    _woman, man, _french = people()
    rules = read(GERMANS, without=[WOMEN, {"in_list": {"lists": ["staff"]}}])
    assert list(members(rules, at=AT)) == [man]


def test_included_and_excluded_are_together_all_included() -> None:
    people()
    included = members(read(GERMANS), at=AT).count()
    kept = members(read(GERMANS, without=[WOMEN]), at=AT).count()
    taken = members(read(GERMANS, WOMEN), at=AT).count()
    assert (included, kept, taken) == (2, 1, 1)


def test_an_empty_list_of_exclusions_changes_nothing() -> None:
    rules = read(GERMANS, without=[])
    assert rules == read(GERMANS)
    assert rules.to_json() == {"rules": [GERMANS]}


@pytest.mark.parametrize("wrong", [None, {}, "", 0, [{}], [{"nothing": {}}], [{"any": []}]])
def test_unreadable_exclusions_are_an_error_and_never_nobody(wrong: Any) -> None:
    with pytest.raises(InvalidRules, match=r"^except"):
        Rules.from_json({"rules": [GERMANS], "except": wrong})


def test_the_sentence_and_the_json_say_both() -> None:
    rules = read(GERMANS, without=[WOMEN])
    assert rules.sentence() == ("Contacts who live in Germany, except those who have a field “Gender” that is female.")
    assert Rules.from_json(rules.to_json()) == rules


def test_a_saved_segment_keeps_its_exclusions_and_replacing_takes_them_away() -> None:
    _woman, man, _french = people()
    segment = save_segment("germans", name="Germans", rules=read(GERMANS, without=[WOMEN]))
    assert read_rules(Segment.objects.get(pk=segment.pk)) == read(GERMANS, without=[WOMEN])
    assert list(members(segment, at=AT)) == [man]
    segment = save_segment("germans", name="Germans", rules=read(GERMANS))
    assert members(segment, at=AT).count() == 2


def test_an_unknown_exclusion_in_the_database_makes_the_segment_refuse() -> None:
    segment = save_segment("germans", name="Germans", rules=read(GERMANS, without=[WOMEN]))
    stored = [{"type": "gone", "value": {}, "id": "1"}]
    Segment.objects.filter(pk=segment.pk).update(exclusions=stored)
    with pytest.raises(InvalidRules, match=r"except\[0\]: this rule is not known"):
        members(Segment.objects.get(pk=segment.pk))


def test_exclusions_that_are_no_stream_make_the_segment_refuse() -> None:
    segment = save_segment("germans", name="Germans", rules=read(GERMANS))
    segment.exclusions = "no JSON"
    with pytest.raises(InvalidRules, match="cannot be read"):
        read_rules(segment)


def test_an_explanation_names_the_exclusion() -> None:
    woman, man, _french = people()
    rules = read(GERMANS, without=[WOMEN])
    assert explain(rules, man, at=AT).holds
    answer = explain(rules, woman, at=AT)
    assert not answer.holds
    assert "- None of these" in "\n".join(answer.lines())
    assert "+ have a field “Gender” that is female [“female”]" in "\n".join(answer.lines())


def test_a_profile_does_not_show_a_segment_that_excludes_the_contact() -> None:
    woman, man, _french = people()
    save_segment("germans", name="Germans", rules=read(GERMANS, without=[WOMEN]))
    assert "Germans" in [one.segment.name for one in memberships(man)]
    assert "Germans" not in [one.segment.name for one in memberships(woman)]


def test_further_fields_of_exclusions_are_in_use() -> None:
    rule = {"contact_field": {"field": "attribute", "attribute": "shoe", "operator": "is_set"}}
    save_segment("shoes", name="Shoes", rules=read(GERMANS, without=[rule]))
    assert list(SegmentUsage().places()["shoe"]) == ["segment “Shoes”"]


def test_a_place_in_the_exclusions_is_said_in_words() -> None:
    assert describe_place("except[1].country.countries[0]") == "Except › rule 2 › Country › Countries, number 1"
