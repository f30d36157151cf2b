"""Exchange rates: what they write into orders, and what is missing without one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.models import ExchangeRate, FiguresDue, Order
from wagtail_precise_mail.commerce.rates import MissingRate, missing_rates
from wagtail_precise_mail.commerce.services import (
    delete_exchange_rate,
    delete_order,
    rate_orders,
    set_exchange_rate,
)
from wagtail_precise_mail.exceptions import InvalidRecord

pytestmark = pytest.mark.django_db


def day(number: int, hour: int = 12) -> datetime:
    return datetime(2026, 1, number, hour, tzinfo=UTC)


def dollars(number: int, total: str = "10", hour: int = 12, **overrides: object) -> Order:
    values = {"currency": "USD", "base_rate": None, "total": Decimal(total), **overrides}
    return make_order(placed_at=day(number, hour), **values)


@pytest.fixture(autouse=True)
def first() -> Order:
    return make_order(total=Decimal(5), number="first")


def money(order: Order) -> tuple[Decimal | None, Decimal | None]:
    return Order.objects.values_list("base_rate", "base_total").get(pk=order.pk)


def due() -> set[int]:
    return set(FiguresDue.objects.values_list("contact_id", flat=True))


def test_orders_that_waited_for_a_rate_get_it() -> None:
    ada, bob = make_contact(), make_contact()
    before, on_the_day, after = dollars(9, hour=23), dollars(10, hour=0, contact=ada), dollars(20, contact=ada)
    make_order(bob)

    set_exchange_rate("usd", Decimal("0.75"), valid_on=date(2026, 1, 10))

    assert [money(order) for order in (before, on_the_day, after)] == [
        (None, None),
        (Decimal("0.75"), Decimal("7.5")),
        (Decimal("0.75"), Decimal("7.5")),
    ]
    assert due() == {ada.pk}


def test_a_rate_ends_where_the_next_begins() -> None:
    first, second = dollars(10), dollars(20)

    set_exchange_rate("USD", Decimal(2), valid_on=date(2026, 1, 15))
    set_exchange_rate("USD", Decimal(1), valid_on=date(2026, 1, 1))

    assert [money(first)[0], money(second)[0]] == [1, 2]


def test_a_corrected_rate_corrects_orders_and_the_same_again_touches_none() -> None:
    ada = make_contact()
    order = dollars(10, contact=ada)
    set_exchange_rate("USD", Decimal("0.75"), valid_on=date(2026, 1, 1))
    FiguresDue.objects.all().delete()

    set_exchange_rate("USD", Decimal("0.75"), valid_on=date(2026, 1, 1))
    assert due() == set()
    set_exchange_rate("USD", Decimal("0.7500000001"), valid_on=date(2026, 1, 1))

    assert money(order)[0] == Decimal("0.7500000001")
    assert due() == {ada.pk}
    assert ExchangeRate.objects.count() == 1


@pytest.mark.parametrize(
    ("total", "rate", "expected"),
    [
        ("10.05", "0.855", "8.5928"),
        ("-10.05", "0.855", "-8.5928"),
        ("0.0001", "0.5", "0.0001"),
        ("12345678.9012", "0.8765432109", "10821521.0248"),
    ],
)
def test_money_is_rounded_like_a_person_would(total: str, rate: str, expected: str) -> None:
    order = dollars(10, total)

    set_exchange_rate("USD", Decimal(rate), valid_on=date(2026, 1, 1))

    assert money(order)[1] == Decimal(expected)


def test_a_rate_costs_the_same_number_of_statements_however_many_orders(django_assert_num_queries) -> None:
    for _number in range(20):
        dollars(10, contact=make_contact())

    with django_assert_num_queries(13):
        set_exchange_rate("USD", Decimal("0.75"), valid_on=date(2026, 1, 1))


def test_without_its_rate_a_day_has_the_one_before() -> None:
    order = dollars(20)
    set_exchange_rate("USD", Decimal(1), valid_on=date(2026, 1, 1))
    later = set_exchange_rate("USD", Decimal(2), valid_on=date(2026, 1, 15))

    delete_exchange_rate(later)
    assert money(order) == (1, 10)
    delete_exchange_rate(ExchangeRate.objects.get())

    assert money(order) == (None, None)


@pytest.mark.parametrize(
    ("currency", "rate"), [("GBP", "2"), ("USDX", "2"), ("USD", "0"), ("USD", "-1"), ("USD", "NaN"), ("USD", "1e-11")]
)
def test_what_is_no_rate_is_refused(currency: str, rate: str) -> None:
    with pytest.raises(InvalidRecord):
        set_exchange_rate(currency, Decimal(rate), valid_on=date(2026, 1, 1))

    assert not ExchangeRate.objects.exists()


def test_another_base_currency_rates_all_orders_again(settings, first: Order) -> None:
    ada = make_contact()
    order = dollars(10, contact=ada)
    ExchangeRate.objects.create(currency="GBP", base_currency="USD", valid_on=date(2026, 1, 1), rate=Decimal("1.25"))
    settings.WAGTAIL_PRECISE_MAIL = {"base_currency": "USD"}

    rate_orders()

    assert (money(order), money(first)) == ((1, 10), (Decimal("1.25"), Decimal("6.25")))
    assert due() == {ada.pk}


def test_when_the_first_order_goes_and_was_the_base_all_are_rated_again() -> None:
    order = dollars(10)

    delete_order("shop", "first")

    assert money(order) == (1, 10)


def test_what_is_missing_is_told_by_currency() -> None:
    dollars(12)
    dollars(10)
    dollars(11, currency="EUR")

    assert missing_rates() == [MissingRate("USD", 2, day(10)), MissingRate("EUR", 1, day(11))]
