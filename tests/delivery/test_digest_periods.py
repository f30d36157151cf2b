"""When a reader's day, week, month or quarter is over: by their own calendar, through changes of clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from wagtail_precise_mail.delivery.digests.periods import may_leave, over_since

LONDON, BERLIN, SYDNEY = (ZoneInfo(name) for name in ("Europe/London", "Europe/Berlin", "Australia/Sydney"))


def local(zone: ZoneInfo, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=zone)


@pytest.mark.parametrize(
    ("cadence", "now", "ended"),
    [
        ("daily", (2026, 3, 12, 8), (2026, 3, 12)),
        ("daily", (2026, 3, 12, 7, 59), (2026, 3, 11)),
        ("every", (2026, 3, 12, 8), (2026, 3, 12)),
        ("weekly", (2026, 3, 16, 8), (2026, 3, 16)),  # a Monday
        ("weekly", (2026, 3, 16, 7, 59), (2026, 3, 9)),
        ("weekly", (2026, 3, 22, 23), (2026, 3, 16)),
        ("monthly", (2026, 1, 31, 23, 59), (2026, 1, 1)),
        ("monthly", (2026, 2, 1, 8), (2026, 2, 1)),
        ("monthly", (2026, 2, 28, 23, 59), (2026, 2, 1)),
        ("monthly", (2026, 3, 1, 8), (2026, 3, 1)),
        ("monthly", (2028, 2, 29, 23, 59), (2028, 2, 1)),
        ("monthly", (2028, 3, 1, 8), (2028, 3, 1)),
        ("quarterly", (2026, 3, 31, 23, 59), (2026, 1, 1)),
        ("quarterly", (2026, 4, 1, 8), (2026, 4, 1)),
        ("quarterly", (2027, 1, 1, 7), (2026, 10, 1)),
    ],
)
def test_a_period_ends_at_midnight_and_its_digest_leaves_in_the_morning(
    cadence: str, now: tuple[int, ...], ended: tuple[int, ...]
) -> None:
    for zone in (LONDON, BERLIN, SYDNEY):
        assert over_since(cadence, zone, at=local(zone, *now), hour=8) == local(zone, *ended)


def test_the_last_evening_of_january_comes_in_february_and_the_next_hour_at_the_end_of_february() -> None:
    last_evening, next_hour = local(BERLIN, 2026, 1, 31, 23, 30), local(BERLIN, 2026, 2, 1, 0, 30)
    first_digest = over_since("monthly", BERLIN, at=local(BERLIN, 2026, 2, 1, 8), hour=8)
    assert last_evening < first_digest < next_hour
    assert over_since("monthly", BERLIN, at=local(BERLIN, 2026, 2, 28, 20), hour=8) < next_hour
    assert next_hour < over_since("monthly", BERLIN, at=local(BERLIN, 2026, 3, 1, 8), hour=8)


@pytest.mark.parametrize("day", [(2026, 3, 29), (2026, 10, 25)])
def test_a_day_of_23_or_25_hours_is_one_day(day: tuple[int, int, int]) -> None:
    year, month, number = day
    before = over_since("daily", BERLIN, at=local(BERLIN, year, month, number, 8), hour=8)
    after = over_since("daily", BERLIN, at=local(BERLIN, year, month, number + 1, 8), hour=8)
    assert (before, after) == (local(BERLIN, year, month, number), local(BERLIN, year, month, number + 1))
    hours = (after.astimezone(UTC) - before.astimezone(UTC)).total_seconds() / 3600
    assert hours == (23 if month == 3 else 25)


def test_a_midnight_that_clocks_skip_ends_the_day_all_the_same() -> None:
    santiago = ZoneInfo("America/Santiago")  # 6 September 2026 begins at one o'clock
    ended = over_since("daily", santiago, at=local(santiago, 2026, 9, 6, 8), hour=8)
    assert local(santiago, 2026, 9, 5, 23, 59).astimezone(UTC) < ended <= local(santiago, 2026, 9, 6, 1).astimezone(UTC)


@pytest.mark.parametrize(("hour", "expected"), [(7, False), (8, True), (19, True), (20, False)])
def test_digests_leave_by_day(hour: int, expected: bool) -> None:
    assert may_leave(LONDON, at=local(LONDON, 2026, 7, 1, hour), hour=8) is expected


def test_quiet_hours_count_on_the_readers_clocks() -> None:
    quiet = [(time(8), time(10))]
    assert not may_leave(SYDNEY, at=local(SYDNEY, 2026, 7, 1, 9), hour=8, quiet=quiet)
    assert may_leave(SYDNEY, at=local(SYDNEY, 2026, 7, 1, 10), hour=8, quiet=quiet)
