"""Token buckets: what they hold, and that no two workers get the same token."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections

from tests.factories.pacing import AT
from wagtail_precise_mail.delivery.pacing.buckets import Rate, give_back, next_token_at, take
from wagtail_precise_mail.delivery.pacing.models import Bucket

pytestmark = pytest.mark.django_db

HOURLY = Rate.at_most("test", 600, 3600)


def later(seconds: float):
    return AT + timedelta(seconds=seconds)


def test_a_full_bucket_lets_a_tenth_leave_at_once() -> None:
    assert take(HOURLY, 500, at=AT) == 60
    assert take(HOURLY, 500, at=AT) == 0


def test_tokens_come_back_with_time() -> None:
    take(HOURLY, 60, at=AT)
    assert take(HOURLY, 50, at=later(60)) == 9


def test_a_bucket_never_holds_more_than_its_capacity() -> None:
    take(HOURLY, 60, at=AT)
    assert take(HOURLY, 500, at=later(86_400)) == 60


@pytest.mark.parametrize(("count", "seconds"), [(1, 60), (2, 1), (7, 60), (50, 1), (600, 3600), (10_000, 86_400)])
def test_no_more_than_the_limit_passes_in_any_period(count: int, seconds: int) -> None:
    """Greedy workers ask all the time for three periods; every span of one period is looked at."""
    rate = Rate.at_most("test", count, seconds)
    steps = [(number, take(rate, 10**6, at=later(number * seconds / 50))) for number in range(150)]
    spans = [sum(taken for number, taken in steps if start <= number < start + 50) for start in range(100)]
    assert max(spans) <= count
    assert sum(taken for number, taken in steps if number >= 50) >= int(count * 1.7) - 1


def test_a_clock_that_goes_back_brings_no_tokens() -> None:
    take(HOURLY, 60, at=AT)
    assert take(HOURLY, 50, at=later(-3600)) == 0
    assert take(HOURLY, 50, at=later(60)) == 9


def test_what_is_reserved_stays() -> None:
    assert take(HOURLY, 60, at=AT, reserve=6) == 54
    assert take(HOURLY, 60, at=AT) == 6


def test_unused_tokens_can_be_given_back() -> None:
    take(HOURLY, 60, at=AT)
    give_back(HOURLY, 25)
    assert take(HOURLY, 60, at=AT) == 25


def test_the_next_token_has_its_moment() -> None:
    take(HOURLY, 60, at=AT)
    moment = next_token_at(HOURLY, at=AT)
    assert take(HOURLY, 1, at=moment - timedelta(seconds=1)) == 0
    assert take(HOURLY, 1, at=moment + timedelta(seconds=0.001)) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_share_the_tokens_exactly() -> None:
    """Eight connections ask 40 times each for 7 of 1,000 tokens that do not come back."""
    rate = Rate("race", 1000, 1e-9)

    def work(_number: int) -> int:
        try:
            return sum(take(rate, 7, at=AT) for _turn in range(40))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        taken = sum(pool.map(work, range(8)))
    assert taken == 1000
    assert Bucket.objects.get(name="race").tokens == pytest.approx(0, abs=1e-6)
    assert connection.vendor == "postgresql"
