"""Demand by category: the method that was right before, and its error beside it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from tests.factories.commerce import make_category, make_product
from wagtail_precise_mail.commerce.forecasting.demand import WEEKS_AHEAD, forecast, forecast_categories
from wagtail_precise_mail.commerce.models import Category, CategoryForecast, Order, OrderLine, Product

AT = datetime(2026, 6, 3, 12, tzinfo=UTC)  # a Wednesday
MONDAY = date(2026, 6, 1)


def sell(category: Category, weekly: list[int], *, kind: str = "sale", at: datetime = AT) -> None:
    """Sell so many units in each of the full weeks before a moment, the last of the list in the last one."""
    product = make_product(category=category)
    stem = f"{category.slug}-{kind}"
    orders = Order.objects.bulk_create(
        Order(source="d", number=f"{stem}-{weeks}", kind=kind, placed_at=at - timedelta(weeks=weeks), currency="GBP")
        for weeks, units in zip(range(len(weekly), 0, -1), weekly, strict=True)
        if units
    )
    numbers = {f"{stem}-{weeks}": units for weeks, units in zip(range(len(weekly), 0, -1), weekly, strict=True)}
    OrderLine.objects.bulk_create(_line(one, numbers[one.number], product) for one in orders)


def _line(order: Order, units: int, product: Product) -> OrderLine:
    return OrderLine(order=order, position=1, product=product, quantity=units, unit_price=1, total=units)


@pytest.mark.django_db
def test_a_category_with_a_season_is_forecast_by_the_year_before() -> None:
    season = [round(100 + 80 * np.sin(2 * np.pi * week / 52)) for week in range(130)]
    sell(make_category(name="Garden"), season)

    assert forecast_categories(at=AT) == 1

    found = CategoryForecast.objects.get()
    assert found.method == "seasonal"
    assert found.starts_on == MONDAY
    assert found.units == [float(units) for units in season[130 - 52 : 130 - 52 + WEEKS_AHEAD]]
    assert found.errors["seasonal"] < min(found.errors["mean"], found.errors["smoothed"])


@pytest.mark.django_db
def test_the_error_is_that_of_the_last_thirteen_weeks() -> None:
    rng = np.random.default_rng(4)
    weekly = [int(units) for units in rng.poisson(40, 60)]
    sell(make_category(), weekly)
    forecast_categories(at=AT)

    found = CategoryForecast.objects.get()

    known, held = weekly[:-13], weekly[-13:]
    by_hand = np.mean([abs(np.mean(known[-8:]) - units) for units in held])
    assert found.errors["mean"] == pytest.approx(by_hand, abs=0.01)
    assert found.weekly_mean == pytest.approx(np.mean(held))
    assert found.errors[found.method] == min(found.errors.values())
    assert "seasonal" not in found.errors  # less than a year before the holdout
    for low, middle, high in zip(found.units_low, found.units, found.units_high, strict=True):
        assert low <= middle <= high


def test_smoothing_follows_a_level_that_changed() -> None:
    series = np.array([10.0] * 30 + [50.0] * 10)

    assert forecast("smoothed", series, 2).tolist() == pytest.approx([50, 50], abs=3)


@pytest.mark.django_db
def test_the_week_that_runs_and_refunds_count_for_nothing() -> None:
    category = make_category()
    sell(category, [20] * 50)
    sell(category, [5] * 50, kind="refund")
    product = make_product(category=category)
    order = Order.objects.create(source="d", number="now", placed_at=AT, currency="GBP")
    OrderLine.objects.create(order=order, position=1, product=product, quantity=999, unit_price=1, total=999)

    forecast_categories(at=AT)

    assert CategoryForecast.objects.get().units == [20.0] * WEEKS_AHEAD


@pytest.mark.django_db
def test_a_short_history_is_not_enough_data() -> None:
    sell(make_category(name="New"), [20] * 38)
    sell(make_category(name="Rare"), ([1] + [0] * 4) * 12)

    assert forecast_categories(at=AT) == 0

    found = {one.category.name: one for one in CategoryForecast.objects.all()}
    assert found["New"].refusal == "Sold for 38 weeks; at least 39 are needed."
    assert found["Rare"].refusal == "Less than one unit a week is sold."
    assert (found["New"].units, found["New"].errors, found["New"].weekly_mean) == ([], {}, None)


@pytest.mark.django_db
def test_a_second_run_replaces_the_first() -> None:
    category = make_category()
    sell(category, [20] * 50)
    forecast_categories(at=AT)
    Order.objects.all().delete()

    forecast_categories(at=AT + timedelta(days=1))

    assert not CategoryForecast.objects.exists()
