"""Parts of an email for segments, and contacts who do not allow profiling (C062, N18)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.db.models import Q
from django.utils import timezone

from tests.emails.test_varied import only, read, text
from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.emails import BASE_URL, compiled, make_email, raw_block
from tests.factories.segments import make_rules, make_segment
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.readers import ReaderLoader
from wagtail_precise_mail.segments.conditions import Condition, conditions
from wagtail_precise_mail.segments.models import Segment

pytestmark = pytest.mark.django_db

BOUGHT = {"order_count": {"min": 1}}
IN_SWEDEN = {"country": {"countries": ["SE"]}}


def buyer(*, allows: bool) -> Contact:
    contact = make_contact(country="SE", is_profiling_allowed=allows)
    make_order(contact=contact, lines=[("KETTLE", 1, "20")])
    return contact


def segments_of(email: Email, *contacts: Contact, **of: Any) -> dict[int, frozenset[int]]:
    loader = ReaderLoader(compiled(email).payload)
    readers = loader.load(contacts, at=timezone.now(), base_url=BASE_URL, **of)
    return {pk: reader.segments for pk, reader in readers.items()}


def varied(segment: Segment) -> Email:
    return make_email(text("Shown", audience=only(segment)), text("Hidden", audience=only(segment, show="except")))


def test_who_refuses_is_no_member_of_what_concludes_from_purchases() -> None:
    segment = make_segment(BOUGHT)
    willing, refusing = buyer(allows=True), buyer(allows=False)

    found = segments_of(varied(segment), willing, refusing)

    assert found == {willing.pk: frozenset({segment.pk}), refusing.pk: frozenset()}


def test_they_read_what_is_meant_for_everybody() -> None:
    email = varied(make_segment(BOUGHT))
    refusing = buyer(allows=False)

    html = read(email, *segments_of(email, refusing)[refusing.pk]).html

    assert "Hidden" in html
    assert "Shown" not in html


def test_of_variants_they_get_the_default() -> None:
    variants = [{"segments": [make_segment(BOUGHT).pk], "content": [text("For buyers.")]}]
    email = make_email(raw_block("variants", variants=variants, default=[text("For everybody.")]))
    refusing = buyer(allows=False)

    words = read(email, *segments_of(email, refusing)[refusing.pk]).text

    assert "For everybody." in words
    assert "For buyers." not in words


def test_what_people_stated_counts_for_them_too() -> None:
    segment = make_segment(IN_SWEDEN)
    refusing = buyer(allows=False)

    assert segments_of(varied(segment), refusing) == {refusing.pk: frozenset({segment.pk})}


@pytest.mark.parametrize("rule", [{"any": [IN_SWEDEN, BOUGHT]}, {"none": [{"all": [IN_SWEDEN, {"none": [BOUGHT]}]}]}])
def test_one_such_condition_anywhere_makes_a_segment_one(rule: dict[str, Any]) -> None:
    refusing, willing = buyer(allows=False), buyer(allows=True)

    found = segments_of(varied(make_segment(rule)), refusing, willing)

    assert [bool(found[one.pk]) for one in (refusing, willing)] == [False, True]


def test_a_landing_page_forgets_what_the_mail_had_concluded() -> None:
    bought, lives = make_segment(BOUGHT), make_segment(IN_SWEDEN)
    email = make_email(text("A", audience=only(bought)), text("B", audience=only(lives)))
    refusing = buyer(allows=False)

    found = segments_of(email, refusing, known_segments={bought.pk: True, lives.pk: True})

    assert found == {refusing.pk: frozenset({lives.pk})}


def test_the_number_of_queries_does_not_grow(django_assert_num_queries: Any) -> None:
    email = varied(make_segment(BOUGHT))
    loader = ReaderLoader(compiled(email).payload)
    for number in (2, 20):
        contacts = [make_contact(is_profiling_allowed=bool(n % 2)) for n in range(number)]
        with django_assert_num_queries(2):  # the segment, and its members
            loader.load(contacts, at=timezone.now(), base_url=BASE_URL)


def test_our_own_conditions_say_which_they_are() -> None:
    stated = {key for key, condition in conditions.items() if not condition.is_profiling}

    profile = {"country", "age", "job_level", "contact_field", "language", "birthday", "anniversary"}
    record = {"tag", "in_list", "everybody", "consent", "reachable", "contact_state", "record_age", "random_share"}
    assert stated == profile | record


def test_a_condition_that_says_nothing_is_taken_for_profiling() -> None:
    @dataclass(frozen=True)
    class Unheard(Condition):
        label = "Unheard of"

        def as_q(self, at: datetime) -> Q:
            return Q(pk__isnull=False)

        def sentence(self) -> str:
            return "are there"

    with conditions.temporarily("unheard", Unheard):
        assert make_rules({"any": [IN_SWEDEN, {"unheard": {}}]}).is_profiling
    assert not make_rules({"any": [IN_SWEDEN]}).is_profiling
