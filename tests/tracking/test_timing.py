"""The best time for mail to a segment: measured where there is enough, else stated, and always with its reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories.contacts import make_contact
from tests.factories.segments import make_segment
from tests.factories.tracking import make_event, make_message
from wagtail_precise_mail.exceptions import ConfigurationError
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import read_rules
from wagtail_precise_mail.tracking.segment_panel import ActivityPanel
from wagtail_precise_mail.tracking.timing import (
    BestTime,
    TimeBasis,
    best_time,
    best_time_by,
    require_known_industry,
)

pytestmark = pytest.mark.django_db

# A Monday.
AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
BUSY_THURSDAYS = {(3, 18): 30, (3, 9): 10, (1, 18): 15, (6, 3): 20}


@pytest.fixture(autouse=True)
def _clock_of_the_site(settings: Any) -> None:
    settings.TIME_ZONE = "UTC"


def segment(**values: Any) -> Segment:
    return Segment(name="Tea", slug="tea", **values)


def on(weekday: int | None, hour: int) -> BestTime:
    return BestTime(hour, weekday, TimeBasis.FIXED, "")


def test_hour_and_weekday_of_most_activity_are_chosen_each_by_itself() -> None:
    best = best_time_by(segment(), BUSY_THURSDAYS)
    assert (best.weekday, best.hour, best.basis, best.evidence_count) == (3, 18, TimeBasis.ACTIVITY, 75)
    assert best.why == (
        "Thursday, 18:00: the hour and the weekday, each by itself, with the most clicks, orders and visits of members "
        "(75 in 365 days)."
    )


def test_too_little_activity_gives_the_time_of_the_industry_and_says_so(settings: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"industry": "food"}
    best = best_time_by(segment(), {(3, 18): 49})
    assert (best.weekday, best.hour, best.basis) == (4, 11, TimeBasis.INDUSTRY)
    assert best.why == (
        "Friday, 11:00: a usual time to begin with in the industry (food and drink). "
        "Members did too little to tell a better one: 49 times, and 50 are needed."
    )


def test_without_an_industry_it_is_the_hour_that_is_set(settings: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"send_hour": 8}
    best = best_time_by(segment(), {})
    assert (best.weekday, best.hour, best.basis) == (None, 8, TimeBasis.SETTING)
    assert best.why.startswith("any day, 08:00: as set for this site. Members did too little")


def test_policy_of_the_industry_asks_for_no_activity(settings: Any, django_assert_num_queries: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"industry": "business"}
    stored = make_segment({"everybody": {}})
    stored.timing = "industry"
    rules = read_rules(stored)
    with django_assert_num_queries(0):
        best = best_time(stored, rules, at=AT)
    assert best.why == "Tuesday, 10:00: a usual time to begin with in the industry (trade between businesses)."


def test_colleagues_may_choose_a_time() -> None:
    best = best_time_by(segment(timing="fixed", send_weekday=2, send_hour=7), BUSY_THURSDAYS)
    assert (best.weekday, best.hour, best.why) == (2, 7, "Wednesday, 07:00: as colleagues chose for this segment.")


def test_half_a_choice_is_none() -> None:
    assert best_time_by(segment(timing="fixed", send_weekday=2), {}).basis == TimeBasis.SETTING


def test_only_what_members_do_counts(django_assert_num_queries: Any) -> None:
    for country, hour in (("GB", 9), ("FR", 20)):
        message = make_message(contact=make_contact(country=country))
        for number in range(50):
            make_event(message, "click", happened_at=datetime(2026, 5, 1, hour, number, tzinfo=UTC))
    stored = make_segment({"country": {"countries": ["GB"]}})
    rules = read_rules(stored)
    with django_assert_num_queries(3):
        best = best_time(stored, rules, at=AT)
    assert (best.weekday, best.hour, best.evidence_count) == (4, 9, 50)
    assert ActivityPanel().context(stored, rules, at=AT, user=None)["best"] == best


@pytest.mark.parametrize(
    ("best", "now", "expected"),
    [
        (on(0, 14), AT, "2026-06-01T14:00+00:00"),
        (on(0, 12), AT, "2026-06-08T12:00+00:00"),
        (on(0, 12), AT - timedelta(minutes=30), "2026-06-01T12:00+00:00"),
        (on(0, 12), AT - timedelta(minutes=29), "2026-06-08T12:00+00:00"),
        (on(6, 9), AT, "2026-06-07T09:00+00:00"),
        (on(None, 9), AT, "2026-06-02T09:00+00:00"),
    ],
)
def test_next_such_time_leaves_half_an_hour_to_schedule(best: BestTime, now: datetime, expected: str) -> None:
    assert best.next_after(now).isoformat(timespec="minutes") == expected


def test_hour_that_the_clocks_skip_becomes_the_next(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    # On 29 March 2026 two o'clock does not come.
    assert on(6, 2).next_after(datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_unknown_industry_is_refused(settings: Any) -> None:
    require_known_industry()
    settings.WAGTAIL_PRECISE_MAIL = {"industry": "bakery"}
    with pytest.raises(ConfigurationError, match="'bakery'"):
        require_known_industry()
