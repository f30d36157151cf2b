"""The time on the wall, and the moment that it means."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from wagtail_precise_mail.campaigns.clocks import to_moment

BERLIN = ZoneInfo("Europe/Berlin")


def wall(clock: str) -> datetime:
    """What somebody reads from a clock: no zone in it."""
    return datetime.fromisoformat(clock)


def test_summer_and_winter_have_their_own_offset() -> None:
    assert to_moment(wall("2026-07-01 09:00"), BERLIN) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert to_moment(wall("2026-01-01 09:00"), BERLIN) == datetime(2026, 1, 1, 8, tzinfo=UTC)


def test_a_time_that_clocks_skip_is_refused_with_its_neighbors() -> None:
    with pytest.raises(ValidationError) as refused:
        to_moment(wall("2026-03-29 02:30"), BERLIN)
    assert refused.value.code == "gap"
    assert "02:30 does not exist on 29 March 2026 in Europe/Berlin" in refused.value.message
    assert "Choose 01:30 or 03:30" in refused.value.message


def test_a_time_that_comes_twice_is_refused_with_its_neighbors() -> None:
    with pytest.raises(ValidationError) as refused:
        to_moment(wall("2026-10-25 02:30"), BERLIN)
    assert refused.value.code == "fold"
    assert "Choose 01:30 or 03:30" in refused.value.message


@pytest.mark.parametrize(
    ("clock", "moment"),
    [
        (wall("2026-03-29 01:59"), datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        (wall("2026-03-29 03:00"), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        (wall("2026-10-25 01:59"), datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        (wall("2026-10-25 03:00"), datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_the_minutes_around_a_change_are_fine(clock: datetime, moment: datetime) -> None:
    assert to_moment(clock, BERLIN) == moment


def test_half_an_hour_of_change_is_understood() -> None:
    with pytest.raises(ValidationError) as refused:
        to_moment(wall("2026-10-04 02:15"), ZoneInfo("Australia/Lord_Howe"))
    assert "Choose 01:45 or 02:45" in refused.value.message


def test_far_zones_are_another_day() -> None:
    assert to_moment(wall("2026-03-02 00:30"), ZoneInfo("Pacific/Kiritimati")).date().day == 1
    assert to_moment(wall("2026-03-02 23:30"), ZoneInfo("Pacific/Niue")).date().day == 3
