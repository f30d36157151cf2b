"""Rating all orders again: after the base currency changed, or rates came past the admin."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.models import ContactFigures, ExchangeRate, Order
from wagtail_precise_mail.commerce.rates import rate_orders
from wagtail_precise_mail.commerce.rerating import Rerated, rate_again

pytestmark = pytest.mark.django_db


def add_rates(*rates: tuple[str, str, int, str]) -> None:
    for currency, base, day, rate in rates:
        valid_on = date(2026, 1, day)
        ExchangeRate.objects.create(currency=currency, base_currency=base, valid_on=valid_on, rate=Decimal(rate))


def on(day: int, currency: str, total: str = "10", **overrides: Any) -> Order:
    placed_at = datetime(2026, 1, day, 12, tzinfo=UTC)
    return make_order(placed_at=placed_at, currency=currency, total=Decimal(total), **overrides)


def money() -> list[tuple[Decimal | None, Decimal | None]]:
    return list(Order.objects.order_by("pk").values_list("base_rate", "base_total"))


def test_all_orders_get_the_rate_of_their_day_in_the_new_base(settings: Any) -> None:
    on(5, "GBP"), on(5, "EUR"), on(15, "EUR"), on(25, "EUR"), on(25, "USD", base_rate=Decimal(2))
    add_rates(("EUR", "USD", 10, "1.1"), ("EUR", "USD", 20, "1.2"), ("GBP", "USD", 1, "1.3"), ("EUR", "GBP", 1, "0.9"))
    settings.WAGTAIL_PRECISE_MAIL = {"base_currency": "USD"}
    assert rate_again() == Rerated(changed_count=5, unrated_count=1)
    assert money() == [
        (Decimal("1.3"), Decimal("13")),
        (None, None),
        (Decimal("1.1"), Decimal("11")),
        (Decimal("1.2"), Decimal("12")),
        (Decimal(1), Decimal(10)),
    ]


def test_it_says_the_same_as_rating_at_once(settings: Any) -> None:
    for day in range(1, 29):
        on(day, ["GBP", "EUR", "USD"][day % 3], total=f"{day}.3333")
    add_rates(*(("EUR", "GBP", day, f"0.8{day:02}7") for day in range(3, 29, 5)), ("USD", "GBP", 11, "0.7531"))
    settings.WAGTAIL_PRECISE_MAIL = {"base_currency": "GBP"}
    rate_again(batch_size=7)
    in_batches = money()
    rate_orders()
    assert money() == in_batches


def test_twice_changes_nothing() -> None:
    on(5, "GBP"), on(5, "EUR", base_rate=None)
    add_rates(("EUR", "GBP", 1, "0.8543219876"))
    assert rate_again().changed_count == 1
    assert rate_again() == Rerated(0, 0)


def test_a_day_is_one_of_utc() -> None:
    on(1, "GBP")
    late = make_order(placed_at=datetime(2026, 1, 9, 23, 59, tzinfo=UTC), currency="EUR", base_rate=None)
    add_rates(("EUR", "GBP", 10, "0.5"))
    rate_again()
    late.refresh_from_db()
    assert late.base_rate is None


def test_batches_tell_how_far_they_are() -> None:
    for day in range(1, 8):
        on(day, "GBP")
    told: list[int] = []
    rate_again(on_progress=told.append, batch_size=3)
    assert told == [3, 3, 1]


def test_command_rates_and_works_out_the_figures(settings: Any) -> None:
    ada = make_contact()
    on(5, "EUR", contact=ada, base_rate=None, base_total=None)
    on(6, "CHF", contact=ada, base_rate=None, base_total=None)
    add_rates(("EUR", "GBP", 1, "0.8"))
    settings.WAGTAIL_PRECISE_MAIL = {"base_currency": "GBP"}
    out = StringIO()
    call_command("precise_mail_rates", stdout=out, verbosity=0)
    assert out.getvalue().splitlines() == [
        "Base currency: GBP. Orders with another rate now: 1",
        "No rate for 1 orders in CHF, since 2026-01-06.",
        "Figures of contacts: done.",
    ]
    assert ContactFigures.objects.get(contact=ada).net_revenue == Decimal(8)


def test_command_can_leave_the_figures_to_the_night() -> None:
    on(5, "GBP", contact=make_contact())
    call_command("precise_mail_rates", "--no-figures", stdout=StringIO(), verbosity=0)
    assert not ContactFigures.objects.exists()


def test_command_needs_to_know_the_currency() -> None:
    with pytest.raises(CommandError, match="no order yet"):
        call_command("precise_mail_rates", stdout=StringIO())
