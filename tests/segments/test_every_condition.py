"""What every registered condition promises, whoever registered it: complement, words, JSON, form and schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import jsonschema
import pytest
from django.db import transaction
from django.utils import timezone
from django.utils.translation import override

from tests.factories.crowd import AT
from tests.factories.everything import make_everything
from tests.factories.segments import make_rules, make_segment
from tests.rows import check_once
from tests.segments.examples import EXAMPLES
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.conditions import conditions
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import explain, members, read_rules
from wagtail_precise_mail.segments.schema import make_schema

pytestmark = pytest.mark.django_db

CASES = [(key, options) for key, several in EXAMPLES.items() for options in several]
every_example = pytest.mark.parametrize(("key", "options"), CASES, ids=[f"{key} {options}" for key, options in CASES])


@pytest.fixture(scope="module", autouse=True)
def crowd(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Contact]]:
    """Made once, and rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        everybody = make_everything()
        check_once()
        yield everybody
        transaction.set_rollback(True)


def ids(*rules: dict[str, Any], at: datetime = AT) -> set[int]:
    found = list(members(make_rules(*rules), at=at).values_list("pk", flat=True))
    assert len(found) == len(set(found))
    return set(found)


def test_every_condition_has_examples() -> None:
    assert {key for key in conditions if not EXAMPLES.get(key)} == set(), "add some to tests/segments/examples.py"
    assert set(EXAMPLES) <= set(conditions)


@pytest.mark.parametrize("key", list(EXAMPLES))
def test_the_examples_make_use_of_every_field(key: str) -> None:
    used = {name for options in EXAMPLES[key] for name in options}
    shared = {"days", "before_days", "from_on", "until_on", "orders", "currency"}
    assert set(conditions.get(key).parameters()) - used - shared == set()


@every_example
@pytest.mark.parametrize("is_now", [False, True], ids=["then", "now"])
def test_not_is_the_exact_complement(crowd: list[Contact], key: str, options: dict[str, Any], is_now: bool) -> None:
    rule, at = {key: options}, timezone.now() if is_now else AT
    inside, outside, again = ids(rule, at=at), ids({"none": [rule]}, at=at), ids({"none": [{"none": [rule]}]}, at=at)
    assert inside | outside == {contact.pk for contact in crowd}
    assert not inside & outside
    assert again == inside


@every_example
def test_beside_others_it_finds_the_same(key: str, options: dict[str, Any]) -> None:
    """Sums over the same rows share one pass; that must not change what they are."""
    rule = {key: options}
    others = [{"order_count": {"min": 1}}, {"bought_product": {"products": ["A"]}}]
    for other in others:
        assert ids(rule, other) == ids(rule) & ids(other)
        assert ids({"any": [rule, other]}) == ids(rule) | ids(other)
        assert ids({"none": [rule]}, other) == ids(other) - ids(rule)


@pytest.mark.parametrize("key", [key for key in EXAMPLES if key != "everybody"])
def test_the_examples_tell_people_apart(crowd: list[Contact], key: str) -> None:
    sizes = [len(ids({key: options})) for options in EXAMPLES[key]]
    assert any(0 < size < len(crowd) for size in sizes), sizes


@every_example
def test_it_has_a_sentence_and_says_why(crowd: list[Contact], key: str, options: dict[str, Any]) -> None:
    rules = make_rules({key: options})
    sentence = rules.sentence()
    assert "%(" not in sentence
    assert "  " not in sentence
    with override("zh-hans"):
        assert "%(" not in rules.sentence()
    for contact in [*crowd[:3], *members(rules, at=AT)[:3]]:
        assert "%(" not in explain(rules, contact, at=AT).parts[0].facts


@every_example
def test_json_and_the_form_lose_nothing(key: str, options: dict[str, Any]) -> None:
    rules = make_rules({key: options})
    assert make_rules(*rules.to_json()["rules"]) == rules
    segment = make_segment({key: options})
    assert read_rules(Segment.objects.get(pk=segment.pk)) == rules


@every_example
def test_it_fits_the_schema(key: str, options: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(make_schema()).validate({"rules": [{key: options}]})


@pytest.mark.parametrize("key", list(EXAMPLES))
def test_a_key_that_it_does_not_know_is_refused_by_the_schema(key: str) -> None:
    rules = {"rules": [{key: {**EXAMPLES[key][0], "no_such_key": 1}}]}
    assert not jsonschema.Draft202012Validator(make_schema()).is_valid(rules)


def test_all_examples_together_are_one_query(django_assert_num_queries: Any) -> None:
    rules = make_rules({"any": [{key: options} for key, options in CASES]}, {"none": [{"age": {"min": 90}}]})
    with django_assert_num_queries(1):
        members(rules, at=AT).count()
