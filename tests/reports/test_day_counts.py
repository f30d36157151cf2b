"""Sums by day say the same as the orders themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.shop_history import make_history
from wagtail_precise_mail.campaigns.schedules import RECURRING
from wagtail_precise_mail.commerce.figuring import refreshing
from wagtail_precise_mail.commerce.figuring.rhythm import current_borders
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.freshness import last_success, note_success, stale_jobs
from wagtail_precise_mail.reports import day_counting
from wagtail_precise_mail.reports.admin.customers.asking import Asked
from wagtail_precise_mail.reports.admin.customers.retention import cohorts_picture
from wagtail_precise_mail.reports.day_counts import JOB, DayCount, kept_at
from wagtail_precise_mail.reports.intervals import repurchase_intervals
from wagtail_precise_mail.reports.periods import Period
from wagtail_precise_mail.reports.retention import cohorts
from wagtail_precise_mail.reports.stage_revenue import revenue_by_stage
from wagtail_precise_mail.reports.tasks import count_days

pytestmark = pytest.mark.django_db

UNTIL = datetime(2026, 3, 17, tzinfo=UTC)
PERIODS = [
    Period(date(2025, 5, 9), date(2026, 3, 16)),
    Period(date(2025, 11, 30), date(2026, 1, 13)),
    Period(date(1980, 1, 1), date(2026, 3, 16)),
]


@pytest.fixture
def _shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_counting, "LARGE", 1)
    monkeypatch.setattr(day_counting, "CONTACTS", 7)
    make_history(until=UNTIL)
    early = make_contact()  # sent something back before there was anything to send back
    make_order(early, [("TEA", -1, "7")], UNTIL - timedelta(days=80), kind=Order.Kind.REFUND)
    make_order(early, [("TEA", 1, "9")], UNTIL - timedelta(days=68))
    Order.objects.update(recorded_at=UNTIL - timedelta(days=1))
    note_success(refreshing.JOB, UNTIL - timedelta(hours=1))


def told() -> list[Any]:
    borders = current_borders()
    found: list[Any] = []
    for period in PERIODS:
        revenue = revenue_by_stage(period, at_risk_days=borders.at_risk_days, churned_days=borders.churned_days)
        found.append({(day, stage): total for day, row in revenue.items() for stage, total in row.items() if total})
        found.append(repurchase_intervals(period))
        for cohort in cohorts(period):
            customers = {months: count for months, count in cohort.customers.items() if count}
            revenue_of = {months: total for months, total in cohort.revenue.items() if total}
            found.append((cohort.month, cohort.length, customers, revenue_of))
    return found


@pytest.mark.usefixtures("_shop")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_sums_by_day_say_the_same_as_orders(zone: str, settings: Any) -> None:
    settings.TIME_ZONE = zone
    expected = told()
    assert kept_at() is None

    assert day_counting.begin(UNTIL)
    steps = 1
    while not day_counting.go_on(seconds=0):
        steps += 1
        assert kept_at() is None

    assert kept_at() == UNTIL
    assert steps > 9
    Order.objects.all().delete()  # no order is read any more
    assert told() == expected


@pytest.mark.usefixtures("_shop")
def test_the_next_run_takes_the_place_of_the_last_one() -> None:
    day_counting.begin(UNTIL)
    day_counting.go_on()
    before = told()
    later = UNTIL + timedelta(days=1)
    make_order(make_contact(), [("TEA", 1, "1000")], UNTIL - timedelta(days=9), recorded_at=UNTIL)
    assert not day_counting.begin(later)  # figures are no newer
    note_success(refreshing.JOB, later)
    assert day_counting.begin(later + timedelta(minutes=1))
    assert told() == before
    day_counting.go_on()
    assert told() != before
    assert set(DayCount.objects.values_list("run_at", flat=True)) == {later + timedelta(minutes=1)}


@pytest.mark.usefixtures("_shop")
def test_small_shops_read_their_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_counting, "LARGE", 10_000)
    count_days()
    assert kept_at() is None
    assert JOB not in {job.key for job in stale_jobs(UNTIL + timedelta(days=9))}
    monkeypatch.setattr(day_counting, "LARGE", 1)
    assert JOB in {job.key for job in stale_jobs(UNTIL + timedelta(days=9))}
    count_days()
    assert last_success(JOB) == kept_at() is not None
    assert any(one.path.endswith("reports.tasks.count_days") for one in RECURRING)


@pytest.mark.usefixtures("_shop")
def test_pages_say_as_of_when_they_are() -> None:
    day_counting.begin(UNTIL)
    day_counting.go_on()
    asked = Asked(PERIODS[0])
    cohorts_picture(asked)
    assert asked.as_of == UNTIL
