"""Forecasts of contacts: from orders to rows, behind a gate, and what segments make of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries, Settings

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.segments import make_rules
from tests.factories.shoppers import make_history
from wagtail_precise_mail import checks
from wagtail_precise_mail.commerce import forecasting, tasks
from wagtail_precise_mail.commerce.forecasting import gate, running
from wagtail_precise_mail.commerce.forecasting.backtesting import Backtest
from wagtail_precise_mail.commerce.forecasting.summary import read_customers
from wagtail_precise_mail.commerce.models import ContactForecast, ForecastModel, Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.queries import explain, members

pytestmark = pytest.mark.django_db

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def ago(days: float) -> datetime:
    return AT - timedelta(days=days)


def make_forecast(contact: Contact, model: ForecastModel, **values: Any) -> ContactForecast:
    return ContactForecast.objects.create(contact=contact, model=model, **values)


@pytest.fixture
def model() -> ForecastModel:
    return ForecastModel.objects.create(fitted_at=datetime(2025, 11, 3, 12, tzinfo=UTC), currency="GBP")


def count(*rules: dict[str, Any], at: datetime = AT) -> int:
    return members(make_rules(*rules), at=at).count()


# What is read


def test_a_purchase_is_a_day_and_money_is_net_of_refunds() -> None:
    contact = make_contact()
    make_order(contact, [("A", 1, 10)], placed_at=ago(30))
    make_order(contact, [("A", 1, 20)], placed_at=ago(30) + timedelta(hours=1))
    make_order(contact, [("A", 1, 30)], placed_at=ago(10))
    make_order(contact, [("A", -1, 20)], placed_at=ago(5), kind=Order.Kind.REFUND)
    make_order(contact, [("A", 1, 999)], placed_at=ago(4), kind=Order.Kind.ADJUSTMENT)
    make_order(contact, [("A", 1, 999)], placed_at=AT + timedelta(seconds=1))

    customers = read_customers(AT)

    assert customers.contact_ids.tolist() == [contact.pk]
    assert customers.purchases.tolist() == [2]
    assert customers.revenue.tolist() == [40]
    assert customers.mean.tolist() == [20]
    counts = customers.counts
    assert (counts.repeats.tolist(), counts.recency.tolist(), counts.age.tolist()) == ([1], [20], [30])


def test_who_only_has_refunds_is_no_customer() -> None:
    make_order(make_contact(), [("A", -1, 20)], placed_at=ago(5), kind=Order.Kind.REFUND)

    assert len(read_customers(AT).contact_ids) == 0


def test_money_without_a_rate_is_unknown_and_not_zero() -> None:
    contact = make_contact()
    make_order(contact, [("A", 1, 10)], placed_at=ago(30), currency="JPY", base_rate=None)
    make_order(contact, [("A", 1, 30)], placed_at=ago(10))
    make_order(make_contact(), [("A", 1, 10)], placed_at=ago(30), currency="JPY", base_rate=None)

    customers = read_customers(AT)

    assert customers.purchases.tolist() == [2, 1]
    assert customers.mean[0] == 30
    assert np.isnan(customers.mean[1])


def test_orders_are_read_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_history(30, until=AT)

    with django_assert_num_queries(1):
        read_customers(AT)


# The gate (C040)


def test_a_shop_with_three_orders_has_no_number_anywhere() -> None:
    contact = make_contact()
    for days in (3, 40, 100):
        make_order(contact, [("A", 1, 10)], placed_at=ago(days))

    model = running.update_forecasts(at=AT)

    assert model.refusal == f"There are orders of 1 customers; at least {gate.LEAST_CUSTOMERS} are needed."
    assert (model.parameters, model.backtest, ContactForecast.objects.count()) == ({}, {}, 0)
    answer = explain(make_rules({"lifetime_value": {"min": 0}}), contact, at=AT)
    assert not answer.holds
    assert answer.parts[0].facts == "not enough data"


def test_a_shop_without_orders_has_none_either() -> None:
    assert "0 customers" in running.update_forecasts(at=AT).refusal


def test_when_data_is_gone_the_old_numbers_go_too(model: ForecastModel) -> None:
    make_forecast(make_contact(), model, expected_orders=3)

    running.update_forecasts(at=AT)

    assert not ContactForecast.objects.exists()


@pytest.mark.parametrize(
    ("size", "days", "reason"),
    [(120, 700, "120 customers"), (600, 60, "days long")],
)
def test_too_few_customers_or_days_are_said(size: int, days: int, reason: str) -> None:
    make_history(size, until=AT, days=days)

    model = running.update_forecasts(at=AT)

    assert reason in model.refusal
    assert model.parameters == {}


def test_customers_who_never_come_back_are_not_enough() -> None:
    for number in range(gate.LEAST_CUSTOMERS):
        make_order(make_contact(), placed_at=ago(number + 1), total=10)

    assert running.update_forecasts(at=AT).refusal.startswith("0 customers bought again")


def a_test(**values: Any) -> Backtest:
    errors = {"orders_mae": 0.5, "orders_rmse": 1.0, "naive_mae": 0.5, "naive_rmse": 1.0}
    sums = {"orders": 100, "forecast_orders": 90.0, "naive_orders": 120.0, "coverage": 0.95}
    shares = {"total_error": -0.1, "naive_total_error": 0.2}
    return Backtest(**{"began_at": "", "holdout_days": 90, "customers": 200, **errors, **sums, **shares, **values})


def test_a_model_worse_than_the_naive_one_is_refused() -> None:
    assert gate.why_not_trusted(a_test(orders_rmse=1.1)) == ""
    assert "worse than" in gate.why_not_trusted(a_test(orders_rmse=1.11))


def test_a_holdout_with_hardly_an_order_proves_nothing() -> None:
    assert "at least 20" in gate.why_not_trusted(a_test(orders=19))


def test_what_the_back_test_refuses_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    make_history(400, until=AT)
    monkeypatch.setattr(gate, "WORST_AGAINST_NAIVE", 0.01)

    model = running.update_forecasts(at=AT)

    assert model.refusal.startswith("On the last ")
    assert model.backtest["orders"] > 0
    assert model.parameters == {}
    assert not ContactForecast.objects.exists()


# What is written


def test_every_customer_gets_figures_within_their_intervals() -> None:
    make_history(700, until=AT)

    model = running.update_forecasts(at=AT)

    assert model.refusal == ""
    assert sorted(model.parameters) == ["a", "alpha", "b", "p", "q", "r", "v"]
    forecasts = list(ContactForecast.objects.all())
    assert len(forecasts) == model.contact_count == 700
    for one in forecasts:
        assert one.orders_low <= one.expected_orders + 1
        assert one.expected_orders <= one.orders_high + 1
        assert one.value_low <= one.lifetime_value
        assert 0 < one.purchase_probability < 1
        if one.alive_probability is not None:
            assert 0 <= one.alive_low <= one.alive_probability <= one.alive_high <= 1
        if one.next_order_on:
            assert AT.date() <= one.next_order_from <= one.next_order_on
            assert one.due_on <= one.next_order_on


@pytest.mark.slow
def test_after_one_purchase_nobody_says_whether_somebody_stopped() -> None:
    make_history(700, until=AT)
    running.update_forecasts(at=AT)
    customers = read_customers(AT)
    once = set(customers.contact_ids[customers.purchases == 1].tolist())

    unknown = set(ContactForecast.objects.filter(alive_probability=None).values_list("pk", flat=True))

    assert unknown == once
    assert not ContactForecast.objects.filter(expected_orders=None).exists()


@pytest.mark.slow
def test_the_back_test_measures_what_really_came() -> None:
    make_history(1500, until=AT)

    test = running.update_forecasts(at=AT).backtest

    days = test["holdout_days"]
    began = ago(days)
    assert days == round(0.3 * read_customers(AT).history_days)
    known = set(Order.objects.filter(placed_at__lte=began).values_list("contact_id", flat=True))
    later = Order.objects.filter(placed_at__gt=began, contact__in=known)
    assert test["customers"] == len(known)
    assert test["orders"] == len({(one.contact_id, one.placed_at.date()) for one in later})
    assert test["revenue"] == pytest.approx(float(sum((one.total for one in later), Decimal(0))))
    # The stated error (C089): the sum within a fifth of what came, and nearer than "as before".
    assert abs(test["total_error"]) < 0.2
    assert abs(test["revenue_error"]) < 0.25
    assert test["orders_rmse"] < test["naive_rmse"]
    assert 0.88 <= test["coverage"] <= 0.99


def test_who_allows_no_profiling_gets_no_forecast() -> None:
    contacts = make_history(400, until=AT)
    Contact.objects.filter(pk=contacts[7].pk).update(is_profiling_allowed=False)

    running.update_forecasts(at=AT)

    assert not ContactForecast.objects.filter(contact=contacts[7]).exists()
    assert ContactForecast.objects.count() == 399


def test_an_interrupted_run_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    make_history(400, until=AT)
    monkeypatch.setattr(running, "_BATCH", 100)
    stored = running._store
    written: list[int] = []

    def store(model: ForecastModel, rows: list[ContactForecast]) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        stored(model, rows)
        written.append(len(rows))

    with monkeypatch.context() as patched:
        patched.setattr(running, "_store", store)
        with pytest.raises(KeyboardInterrupt):
            running.update_forecasts(at=AT)
    first = ForecastModel.objects.get()
    assert (first.finished_at, first.forecasts.count()) == (None, 200)

    again = running.resume_or_update(at=AT + timedelta(hours=1))

    assert (again.pk, again.fitted_at) == (first.pk, AT)
    assert again.finished_at
    assert again.forecasts.count() == 400


@pytest.mark.slow
def test_the_same_orders_give_the_same_forecasts() -> None:
    make_history(400, until=AT)
    running.update_forecasts(at=AT)
    fields = [one.name for one in ContactForecast._meta.fields if one.name != "model"]
    before = list(ContactForecast.objects.order_by("pk").values_list(*fields))

    running.update_forecasts(at=AT)

    assert list(ContactForecast.objects.order_by("pk").values_list(*fields)) == before


@pytest.mark.slow
def test_orders_after_the_moment_change_nothing() -> None:
    contacts = make_history(400, until=AT)
    running.update_forecasts(at=AT)
    before = ContactForecast.objects.get(contact=contacts[3]).expected_orders
    make_order(contacts[3], placed_at=AT + timedelta(days=1), total=99)

    running.update_forecasts(at=AT)

    assert ContactForecast.objects.get(contact=contacts[3]).expected_orders == before


@pytest.mark.slow
def test_the_horizon_is_an_option(settings: Settings) -> None:
    make_history(400, until=AT)
    running.update_forecasts(at=AT)
    year = sum(ContactForecast.objects.values_list("expected_orders", flat=True))
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "forecast_days": 30}

    model = running.update_forecasts(at=AT)

    assert model.horizon_days == 30
    assert sum(ContactForecast.objects.values_list("expected_orders", flat=True)) < year / 3


def test_writing_takes_queries_by_batch_and_not_by_contact(django_assert_max_num_queries: Any) -> None:
    make_history(400, until=AT)

    with django_assert_max_num_queries(30):
        running.update_forecasts(at=AT)


def test_the_command_says_what_it_did() -> None:
    make_history(400, until=AT)
    out = StringIO()

    call_command("precise_mail_forecast", "--at", AT.isoformat(), stdout=out)

    assert "400 customers" in out.getvalue()
    assert "Forecasts of 400 contacts for 365 days." in out.getvalue()


def test_without_the_extra_the_command_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasting, "PACKAGES", ("there_is_no_such_package",))

    with pytest.raises(CommandError, match=r"wagtail-precise-mail\[predict\]"):
        call_command("precise_mail_forecast")
    tasks.forecast()  # every night, and no failure every night
    assert [one.id for one in checks.check_forecasts(None)] == ["wagtail_precise_mail.I006"]
    assert not ForecastModel.objects.exists()
    assert count({"alive_probability": {"min": 50}}) == 0


def test_with_the_extra_the_check_is_silent() -> None:
    assert checks.check_forecasts(None) == []


# Conditions


CASES = [
    ({"alive_probability": {"min": 82}}, {"alive"}),
    ({"alive_probability": {"max": 40}}, {"lost"}),
    ({"alive_probability": {"min": 0, "max": 100}}, {"alive", "lost"}),
    ({"purchase_likelihood": {"min": 50}}, {"alive"}),
    ({"expected_orders": {"min": 1.5}}, {"alive"}),
    ({"expected_orders": {"max": 1}}, {"lost", "once"}),
    ({"lifetime_value": {"min": 100}}, {"alive"}),
    ({"lifetime_value": {"max": 99.99}}, {"lost"}),
    ({"next_order": {"within_days": 14}}, {"alive"}),
    ({"next_order": {"overdue_days": 30}}, {"lost"}),
    ({"next_order": {"overdue_days": 0}}, {"lost"}),
]


@pytest.fixture
def people(model: ForecastModel) -> dict[str, Contact]:
    found = {name: make_contact() for name in ("alive", "lost", "once", "nobody")}
    make_forecast(
        found["alive"],
        model,
        alive_probability=0.82,
        alive_low=0.71,
        alive_high=0.9,
        purchase_probability=0.7,
        expected_orders=1.5,
        orders_low=0,
        orders_high=4,
        lifetime_value=Decimal("100"),
        value_low=Decimal("0"),
        value_high=Decimal("321.5"),
        next_order_on=date(2026, 6, 15),
        due_on=date(2026, 6, 2),
    )
    make_forecast(
        found["lost"],
        model,
        alive_probability=0.4,
        alive_low=0.3,
        alive_high=0.5,
        purchase_probability=0.1,
        expected_orders=0.2,
        lifetime_value=Decimal("99.99"),
        next_order_on=date(2027, 1, 1),
        due_on=date(2026, 5, 2),
    )
    make_forecast(found["once"], model, purchase_probability=0.2, expected_orders=0.3)
    return found


@pytest.mark.parametrize(("rule", "names"), CASES, ids=[str(rule) for rule, _names in CASES])
def test_a_condition_holds_for_these_and_not_x_for_all_others(
    people: dict[str, Contact], rule: dict[str, Any], names: set[str]
) -> None:
    by_pk = {contact.pk: name for name, contact in people.items()}

    holds = {by_pk[pk] for pk in members(make_rules(rule), at=AT).values_list("pk", flat=True)}
    others = {by_pk[pk] for pk in members(make_rules({"none": [rule]}), at=AT).values_list("pk", flat=True)}

    assert holds == names
    assert others == set(people) - names


def test_the_explanation_gives_the_interval_and_the_model(people: dict[str, Contact]) -> None:
    rule = make_rules({"alive_probability": {"min": 50}})

    assert explain(rule, people["alive"], at=AT).parts[0].facts == "82 percent (71 to 90), model of Nov. 3, 2025"
    assert explain(rule, people["once"], at=AT).parts[0].facts == "not enough data"
    assert explain(rule, people["nobody"], at=AT).parts[0].facts == "not enough data"


@pytest.mark.parametrize(
    ("rule", "sentence", "facts"),
    [
        (
            {"expected_orders": {"min": 1.5}},
            "Contacts who are expected to place at least 1.5 orders.",
            "1.50 orders expected within 365 days (0 to 4), model of Nov. 3, 2025",
        ),
        (
            {"lifetime_value": {"min": 50, "max": 200}},
            "Contacts who are expected to spend between 50 and 200.",
            "100.00 GBP expected within 365 days (0.00 to 321.50), model of Nov. 3, 2025",
        ),
        (
            {"purchase_likelihood": {"min": 50}},
            "Contacts who buy again with a likelihood of at least 50 percent.",
            "70 percent within 365 days, model of Nov. 3, 2025",
        ),
        (
            {"next_order": {"within_days": 14}},
            "Contacts who have their next order forecast within 14 days.",
            "due on June 2, 2026, forecast for June 15, 2026 (later than in ten years to later than in ten years), "
            "model of Nov. 3, 2025",
        ),
    ],
)
def test_sentence_and_facts(people: dict[str, Contact], rule: dict[str, Any], sentence: str, facts: str) -> None:
    rules = make_rules(rule)

    assert rules.sentence() == sentence
    assert explain(rules, people["alive"], at=AT).parts[0].facts == facts


def test_days_of_the_next_order_count_from_the_moment(people: dict[str, Contact]) -> None:
    rule = {"next_order": {"within_days": 14}}

    assert count(rule, at=AT) == 1
    assert count(rule, at=AT - timedelta(days=1)) == 0
    assert count(rule, at=AT + timedelta(days=14)) == 1
    assert count(rule, at=AT + timedelta(days=15)) == 0
