"""Segments of hundreds of conditions: they compile, they run, and they are one query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.factories.commerce import make_product
from tests.factories.crowd import AT
from tests.factories.everything import make_everything
from tests.factories.segments import make_rules
from tests.rows import check_once
from tests.segments.examples import EXAMPLES
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.queries import members

pytestmark = pytest.mark.django_db

MANY = 500


@pytest.fixture(scope="module", autouse=True)
def crowd(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[Contact]]:
    """Made once, and rolled back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        everybody = make_everything(size=12)
        check_once()
        yield everybody
        transaction.set_rollback(True)


def rules_of(make: Any) -> list[dict[str, Any]]:
    return [make(number) for number in range(MANY)]


KINDS = {
    "sums in one pass": lambda n: {"average_order": {"min": n / 1000}},
    "figures of different windows": lambda n: {"order_count": {"min": 1, "days": 400 + n}},
    "products": lambda n: {"never_bought_product": {"products": ["D"], "quantity": 50 + n}},
    "categories": lambda n: {"bought_product": {"categories": ["tea"], "orders": 1 + n % 2, "quantity": 1 + n}},
    "fields": lambda n: {"contact_field": {"field": "city", "operator": "is_not", "values": [f"Town {n}"]}},
    "every condition": lambda n: _any_example(n),
}


def _any_example(number: int) -> dict[str, Any]:
    # Conditions of nested segments count, too: they would be more than 500.
    every = [(key, options) for key, several in EXAMPLES.items() for options in several if key != "in_segment"]
    key, options = every[number % len(every)]
    return {key: options}


# Those that take long to compile once only.
CASES = [
    (kind, match)
    for kind in ("sums in one pass", "figures of different windows", "fields")
    for match in ("all", "none")
]
CASES += [("products", "none"), ("categories", "any"), ("every condition", "any")]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "match"), CASES)
def test_five_hundred_conditions_are_one_query(django_assert_num_queries: Any, kind: str, match: str) -> None:
    rules = make_rules({match: rules_of(KINDS[kind])})
    with django_assert_num_queries(1):
        found = set(members(rules, at=AT).values_list("pk", flat=True))
    for one in rules_of(KINDS[kind])[::100]:
        alone = set(members(make_rules(one), at=AT).values_list("pk", flat=True))
        assert {"all": found <= alone, "any": alone <= found, "none": not found & alone}[match]


def test_rules_that_name_what_was_deleted_are_refused_at_their_place() -> None:
    gone = make_product("GONE")
    rule = {"any": [{"bought_then": {"products": ["A"], "then_products": ["GONE"]}}, {"everybody": {}}]}
    make_rules(rule)
    gone.delete()
    with pytest.raises(InvalidRules) as caught:
        make_rules(rule)
    assert str(caught.value) == 'rules[0].any[0].bought_then.then_products[0]: there is no product "GONE"'
