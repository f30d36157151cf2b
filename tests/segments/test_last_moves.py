"""Where contacts stood in the past: by the last of their moves, on every database alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories.contacts import make_contact
from tests.factories.segments import make_rules
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.movements import Movement
from wagtail_precise_mail.segments.queries import explain, members

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
AXIS = "rfm_group"


def move(contact: Contact, before: str, after: str, *, days_ago: float) -> None:
    Movement.objects.create(
        contact=contact, axis=AXIS, before=before, after=after, moved_at=AT - timedelta(days=days_ago)
    )


def stand(places: list[str], **options: Any) -> set[Contact]:
    """Ask for who stands there, and whether the explanation of each contact says the same."""
    rules = make_rules({"stands_at": {"places": [f"{AXIS}.{place}" for place in places], **options}})
    found = set(members(rules, at=AT))
    assert found == {contact for contact in Contact.objects.all() if explain(rules, contact, at=AT).holds}
    return found


def test_the_last_move_decides_and_of_two_at_one_moment_the_later_one() -> None:
    stayed, left, came_back, merged = (make_contact() for _number in range(4))
    move(stayed, "", "loyal", days_ago=9)
    move(left, "", "loyal", days_ago=9)
    move(left, "loyal", "at_risk", days_ago=8)
    move(came_back, "loyal", "at_risk", days_ago=5)
    move(came_back, "at_risk", "loyal", days_ago=1)
    move(merged, "", "loyal", days_ago=3)
    move(merged, "", "at_risk", days_ago=3)  # as two contacts that became one may have moved
    assert stand(["loyal"]) == {stayed, came_back}
    assert stand(["at_risk"]) == {left, merged}
    assert stand(["loyal", "at_risk"]) == {stayed, left, came_back, merged}


def test_what_comes_later_than_the_moment_is_not_known_yet() -> None:
    contact = make_contact()
    move(contact, "", "loyal", days_ago=2)
    move(contact, "loyal", "at_risk", days_ago=-1)
    assert stand(["loyal"]) == {contact}


def test_since_when_is_about_the_last_move_and_not_about_one_before() -> None:
    long_there, just_came = make_contact(), make_contact()
    move(long_there, "", "loyal", days_ago=40)
    move(just_came, "", "loyal", days_ago=40)
    move(just_came, "loyal", "at_risk", days_ago=20)
    move(just_came, "at_risk", "loyal", days_ago=2)
    assert stand(["loyal"], min_days=30) == {long_there}
    assert stand(["loyal"], max_days=30) == {just_came}
    assert stand(["loyal"], min_days=1, max_days=50) == {long_there, just_came}


def test_another_axis_says_nothing() -> None:
    contact = make_contact()
    move(contact, "", "loyal", days_ago=5)
    Movement.objects.create(contact=contact, axis="buying_stage", before="", after="new", moved_at=AT)
    assert stand(["loyal"]) == {contact}
