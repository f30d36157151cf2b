"""One of many values, with one parameter."""

from __future__ import annotations

import pytest

from tests.factories.contacts import make_contact
from wagtail_precise_mail.among import Among
from wagtail_precise_mail.contacts.models import Contact

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("count", [0, 1, 3])
def test_it_finds_what_in_finds(count: int) -> None:
    made = [make_contact(email=f"reader{number}@example.com", country="D'") for number in range(5)]
    ids, hashes = [one.pk for one in made[:count]], [one.address_hash for one in made[:count]]
    assert set(Contact.objects.filter(Among("pk", ids))) == set(made[:count])
    assert set(Contact.objects.filter(Among("address_hash", hashes), country="D'")) == set(made[:count])
    assert set(Contact.objects.exclude(Among("pk", {2**40: "by id", ids[0] if ids else -1: ""}))) == set(
        made[1:] if ids else made
    )


@pytest.mark.postgres
def test_many_values_are_one_parameter() -> None:
    _sql, params = Contact.objects.filter(
        Among("pk", range(1000)), Among("address_hash", "abc")
    ).query.sql_with_params()
    assert params == (list(range(1000)), ["a", "b", "c"])
