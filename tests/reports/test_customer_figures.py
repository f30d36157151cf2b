"""The figures behind the pictures of customers, against plain Python over the same rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.shop_history import make_history
from tests.factories.tracking import make_event, make_message
from wagtail_precise_mail.commerce.models import ContactStanding, Order
from wagtail_precise_mail.models import MessageEvent
from wagtail_precise_mail.reports.activity import click_weeks, order_week
from wagtail_precise_mail.reports.intervals import Intervals, repurchase_intervals
from wagtail_precise_mail.reports.periods import Period
from wagtail_precise_mail.reports.places import BUYING, ENGAGEMENT, RFM, Axis, moved_between, places_now, places_on
from wagtail_precise_mail.reports.retention import cohorts
from wagtail_precise_mail.reports.stage_revenue import revenue_by_stage
from wagtail_precise_mail.reports.standings import rfm_grid, value_tiers
from wagtail_precise_mail.reports.unrated import unrated_orders
from wagtail_precise_mail.segments.movements import Movement

pytestmark = pytest.mark.django_db

UNTIL = datetime(2026, 3, 17, tzinfo=UTC)
PERIOD = Period(date(2025, 6, 10), date(2026, 3, 10))


@pytest.fixture(params=["UTC", "Asia/Shanghai", "America/New_York"])
def zone(request: pytest.FixtureRequest, settings: Settings) -> ZoneInfo:
    """Days and months begin at another moment, and so must the figures."""
    settings.TIME_ZONE = request.param
    make_history(until=UNTIL)
    return ZoneInfo(request.param)


def _orders(*kinds: str, before: datetime | None = None) -> list[Order]:
    orders = [one for one in Order.objects.order_by("placed_at", "pk") if one.contact_id and one.kind in kinds]
    return [one for one in orders if before is None or one.placed_at < before]


def _by_contact(orders: list[Order]) -> dict[int, list[Order]]:
    found = defaultdict(list)
    for order in orders:
        found[order.contact_id].append(order)
    return found


def _local(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _end(period: Period, zone: ZoneInfo) -> datetime:
    return datetime.combine(period.last + timedelta(days=1), datetime.min.time(), zone)


def test_cohorts_are_those_of_plain_python(zone: ZoneInfo) -> None:
    expected_customers: Counter[tuple[int, int]] = Counter()
    expected_revenue: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for orders in _by_contact(_orders("sale", "refund", before=_end(PERIOD, zone))).values():
        sales = [order for order in orders if order.kind == "sale"]
        if not sales or _local(sales[0].placed_at, zone) < PERIOD.first.replace(day=1):
            continue
        month = _month(_local(sales[0].placed_at, zone))
        for later in {_month(_local(order.placed_at, zone)) for order in sales}:
            expected_customers[month, later - month] += 1
        for order in orders:
            months = max(_month(_local(order.placed_at, zone)) - month, 0)
            expected_revenue[month, months] += order.base_total or 0

    found = cohorts(PERIOD)

    assert [cohort.month for cohort in found] == list(range(_month(PERIOD.first), _month(PERIOD.last) + 1))
    customers = {(one.month, months): count for one in found for months, count in one.customers.items() if count}
    revenue = {(one.month, months): total for one in found for months, total in one.revenue.items() if total}
    assert customers == dict(expected_customers)
    assert revenue == {key: total for key, total in expected_revenue.items() if total}
    assert sum(customers.values()) > 50


def test_a_row_of_cohorts_sums_up_to_all_that_its_customers_brought(zone: ZoneInfo) -> None:
    orders = _orders("sale", "refund", before=_end(PERIOD, zone))
    first = {
        contact: min((order.placed_at for order in theirs if order.kind == "sale"), default=None)
        for contact, theirs in _by_contact(orders).items()
    }

    for cohort in cohorts(PERIOD):
        members = {contact for contact, at in first.items() if at and _month(_local(at, zone)) == cohort.month}
        assert cohort.size == len(members)
        assert sum(cohort.revenue.values()) == sum(
            (order.base_total or 0 for order in orders if order.contact_id in members), Decimal(0)
        )


def test_the_diagonal_of_cohorts_is_who_ordered_in_a_month() -> None:
    make_history(until=UNTIL)
    everything = Period(date(2024, 1, 1), date(2026, 3, 16))
    found = cohorts(everything)
    month = _month(date(2026, 1, 1))
    buyers = {one.contact_id for one in _orders("sale") if _month(one.placed_at.date()) == month}

    assert sum(cohort.customers[month - cohort.month] for cohort in found) == len(buyers) > 5


def test_intervals_are_those_of_plain_python(zone: ZoneInfo) -> None:
    expected: Counter[int] = Counter()
    for orders in _by_contact(_orders("sale")).values():
        days = sorted({_local(order.placed_at, zone) for order in orders})
        expected.update((later - day).days for day, later in pairwise(days) if PERIOD.first <= later <= PERIOD.last)

    found = repurchase_intervals(PERIOD)

    assert dict(found.histogram) == dict(expected)
    assert found.count == expected.total() > 100


@pytest.mark.parametrize(("percent", "days"), [(50, 10), (75, 20), (90, 30), (100, 100)])
def test_a_quantile_is_the_fewest_days_that_hold_so_many(percent: int, days: int) -> None:
    assert Intervals([(10, 5), (20, 3), (30, 1), (100, 1)]).quantile(percent) == days


def test_classes_hold_every_interval_once() -> None:
    intervals = Intervals([(1, 2), (7, 3), (8, 4), (14, 5), (15, 6), (400, 7)])

    assert intervals.classes(7, 3) == [5, 9, 13]


def test_revenue_by_stage_is_that_of_plain_python(zone: ZoneInfo) -> None:
    expected: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for orders in _by_contact(_orders("sale", "refund")).values():
        sales: list[Order] = []
        for order in orders:
            if sales:
                waited = order.placed_at.replace(microsecond=0) - sales[-1].placed_at.replace(microsecond=0)
                is_new = _local(sales[0].placed_at, zone) == _local(sales[-1].placed_at, zone)
                stage = (
                    "churned" if waited.days > 90 else "at_risk" if waited.days > 40 else "new" if is_new else "mature"
                )
            else:
                stage = "prospect"
            day = _local(order.placed_at, zone)
            if PERIOD.first <= day <= PERIOD.last:
                expected[day, stage] += order.base_total or 0
            if order.kind == "sale":
                sales.append(order)

    found = revenue_by_stage(PERIOD, at_risk_days=40, churned_days=90)

    assert {(day, stage): total for day, row in found.items() for stage, total in row.items() if total} == {
        key: total for key, total in expected.items() if total
    }
    assert {stage for _day, stage in expected} == {"prospect", "new", "mature", "at_risk", "churned"}


@pytest.mark.parametrize("axis", [RFM, BUYING, ENGAGEMENT], ids=lambda axis: axis.key)
def test_places_are_those_of_walking_through_the_history(zone: ZoneInfo, axis: Axis) -> None:
    days = [PERIOD.first + timedelta(days=30 * number) for number in range(9)]

    found = places_on(axis, days)

    for day, places in zip(days, found, strict=True):
        standing = Counter(_standing(axis, day, zone).values())
        assert places - Counter({"prospect": places["prospect"]}) == standing - Counter(
            {"prospect": standing["prospect"]}
        )
    assert found[-1] != found[0]


@pytest.mark.parametrize("axis", [RFM, BUYING, ENGAGEMENT], ids=lambda axis: axis.key)
def test_the_matrix_is_that_of_walking_through_the_history(zone: ZoneInfo, axis: Axis) -> None:
    before, after = _standing(axis, PERIOD.first, zone), _standing(axis, PERIOD.last, zone)
    expected = Counter((before.get(pk, ""), after.get(pk, "")) for pk in before.keys() | after.keys())

    found = moved_between(axis, PERIOD.first, PERIOD.last)

    assert _folded(found) == _folded(expected)
    assert len(_folded(found)) > 10


def _folded(pairs: Mapping[tuple[str, str], int]) -> Counter[tuple[str, str]]:
    """A prospect has no row, or an empty place in it, or is called so; and those who stayed one are not counted."""
    folded: Counter[tuple[str, str]] = Counter()
    for pair, count in pairs.items():
        before, after = ("" if place == "prospect" else place for place in pair)
        if before or after:
            folded[before, after] += count
    return folded


def _standing(axis: Axis, day: date, zone: ZoneInfo) -> dict[int, str]:
    """Where each contact stood at the end of a day: their last movement until then."""
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
    found = {}
    for move in Movement.objects.filter(axis=axis.key).order_by("moved_at", "pk"):
        if move.moved_at < end:
            found[move.contact_id] = move.after
    return {pk: place for pk, place in found.items() if place}


def test_places_of_today_are_those_that_are_kept() -> None:
    make_history(until=UNTIL)

    assert places_on(RFM, [UNTIL.date()])[0] == places_now(RFM)


def test_places_and_matrix_take_few_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_history(until=UNTIL)
    days = [PERIOD.first + timedelta(days=number) for number in range(200)]

    with django_assert_num_queries(2):
        places_on(BUYING, days)
    with django_assert_num_queries(1):
        moved_between(BUYING, PERIOD.first, PERIOD.last)


def test_cohorts_intervals_and_revenue_take_one_query_each(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """And one each that asks whether there are sums by day, which there are of a large shop only."""
    make_history(until=UNTIL)

    with django_assert_num_queries(6):
        cohorts(PERIOD)
        repurchase_intervals(PERIOD)
        revenue_by_stage(PERIOD, at_risk_days=40, churned_days=90)


def test_the_grid_and_the_tiers_hold_every_customer_once() -> None:
    make_history(until=UNTIL)
    rows = list(ContactStanding.objects.select_related("contact__figures"))
    counts = Counter((row.recency_score, row.frequency_score) for row in rows)
    revenue: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    tiers: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        revenue[row.recency_score, row.frequency_score] += row.contact.figures.net_revenue
        tiers[row.value_tier] += row.contact.figures.net_revenue

    assert {scores: share.count for scores, share in rfm_grid().items()} == dict(counts)
    assert {scores: share.revenue for scores, share in rfm_grid().items()} == dict(revenue)
    assert {tier: share.revenue for tier, share in value_tiers().items()} == dict(tiers)


def test_orders_without_scores_are_in_no_cell() -> None:
    ContactStanding.objects.create(contact=make_contact(), buying_stage="new", computed_at=UNTIL)

    assert rfm_grid() == {}
    assert value_tiers() == {}


def test_hours_and_weekdays_are_those_of_plain_python(zone: ZoneInfo) -> None:
    expected: Counter[tuple[int, int]] = Counter()
    for order in Order.objects.filter(kind="sale"):
        local = order.placed_at.astimezone(zone)
        if PERIOD.first <= local.date() <= PERIOD.last:
            expected[local.weekday(), local.hour] += 1

    assert dict(order_week(PERIOD)) == dict(expected)


def test_clicks_by_machines_are_kept_apart_and_tests_left_out() -> None:
    message, at = make_message(), datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    make_event(message, MessageEvent.Kind.CLICK, happened_at=at)
    make_event(message, MessageEvent.Kind.OPEN, happened_at=at)
    make_event(message, MessageEvent.Kind.CLICK, happened_at=at + timedelta(hours=1), is_machine=True)
    test = make_message()
    type(test.send).objects.filter(pk=test.send_id).update(is_test=True)
    make_event(test, MessageEvent.Kind.CLICK, happened_at=at)

    people, machines = click_weeks(PERIOD)

    assert people == {(0, 9): 1}
    assert machines == {(0, 10): 1}


def test_orders_without_a_rate_are_named_by_currency() -> None:
    contact = make_contact()
    day = datetime(2026, 1, 5, tzinfo=UTC)
    for currency, rate in (("USD", None), ("USD", None), ("SEK", None), ("GBP", 1)):
        make_order(contact, placed_at=day, currency=currency, base_rate=rate)
    make_order(None, placed_at=day, currency="USD", base_rate=None)
    make_order(contact, placed_at=day - timedelta(days=900), currency="USD", base_rate=None)

    assert unrated_orders(PERIOD) == {"SEK": 1, "USD": 2}
