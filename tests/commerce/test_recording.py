"""What an order keeps beside its lines, its sums, and what makes no sense."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.factories.commerce import make_order, make_product
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.models import (
    ExchangeRate,
    FiguresDue,
    Order,
    OrderLine,
    Product,
    ProductVariant,
)
from wagtail_precise_mail.commerce.services import (
    OrderData,
    OrderLineData,
    RecordedOrder,
    record_order,
    record_orders,
)
from wagtail_precise_mail.commerce.signals import order_changed
from wagtail_precise_mail.commerce.sums import recount_sums
from wagtail_precise_mail.exceptions import InvalidRecord

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
SUMS = ["total", "discount_total", "unit_count", "costed_total", "cost_total", "base_rate", "base_total"]


def line(sku: str = "A", quantity: int = 1, price: str = "10", **extra: Any) -> OrderLineData:
    return OrderLineData(sku, quantity, Decimal(price), **extra)


def record(*lines: OrderLineData, **overrides: Any) -> RecordedOrder:
    wanted = {"source": "shop", "number": "1", "placed_at": AT, "currency": "GBP", "at": AT, **overrides}
    return record_order(lines=lines or [line()], **wanted)


def sums(order: Order) -> list[Any]:
    return list(Order.objects.values_list(*SUMS).get(pk=order.pk))


def due() -> set[int]:
    return set(FiguresDue.objects.values_list("contact_id", flat=True))


class TestSums:
    def test_the_total_is_lines_less_discounts_plus_shipping(self) -> None:
        order = record(
            line(quantity=3, price="10", discount=Decimal(6)),
            line("B", price="2.50"),
            order_discount=Decimal("1.50"),
            shipping_total=Decimal("4.95"),
        ).order

        assert order.total == Decimal(30) - 6 + Decimal("2.50") - Decimal("1.50") + Decimal("4.95")
        assert order.discount_total == Decimal("7.50")
        assert order.lines.get(position=1).total == 24

    def test_charges_are_no_units(self) -> None:
        make_product("POST", kind=Product.Kind.CHARGE)

        assert record(line(quantity=3), line("POST", price="4")).order.unit_count == 3

    def test_what_is_known_of_costs_bears_its_share_of_the_discount_of_the_order(self) -> None:
        order = record(
            line(quantity=2, price="30", unit_cost=Decimal(11)), line("B", price="40"), order_discount=Decimal(10)
        ).order

        assert (order.costed_total, order.cost_total) == (54, 22)

    def test_sql_counts_as_python_does(self) -> None:
        make_product("POST", kind=Product.Kind.CHARGE)
        make_order(currency="GBP")
        ExchangeRate.objects.create(currency="EUR", base_currency="GBP", valid_on=AT.date(), rate=Decimal("0.8550"))
        for number, lines in enumerate(
            [
                [line(quantity=3, price="3.35", discount=Decimal("0.05"), unit_cost=Decimal("1.1"))],
                [line(price="10.05"), line("POST", price="3.9")],
                [line(quantity=-1, price="7", discount=Decimal("-0.7"), unit_cost=Decimal(3)), line("B", price="7")],
                [line(quantity=7, price="0.0001", unit_cost=Decimal("0.0001")), line("B", price="3")],
                [line(price="0")],
            ]
        ):
            extra = {"order_discount": Decimal("0.33"), "shipping_total": Decimal("1.1")}
            record(*lines, number=str(number + 10), currency="EUR", **extra)
        before = list(Order.objects.order_by("pk").values_list(*SUMS))
        Order.objects.filter(currency="EUR").update(total=1, discount_total=1, unit_count=9, costed_total=1)

        recount_sums(Order.objects.filter(currency="EUR").values_list("pk", flat=True))

        assert list(Order.objects.order_by("pk").values_list(*SUMS)) == before

    def test_halves_are_rounded_away_from_zero_in_the_base_currency(self) -> None:
        make_order(currency="GBP")
        ExchangeRate.objects.create(currency="EUR", base_currency="GBP", valid_on=AT.date(), rate=Decimal("0.8550"))

        order = record(line(price="10.05"), currency="EUR").order

        assert order.base_total == Decimal("8.5928")  # 8.59275
        recount_sums([order.pk])
        order.refresh_from_db()
        assert order.base_total == Decimal("8.5928")


class TestRates:
    def test_the_currency_of_the_first_order_is_the_base(self) -> None:
        assert sums(record(line(price="3")).order)[-2:] == [1, 3]

    def test_an_order_without_a_rate_is_kept_and_its_money_is_missing(self) -> None:
        record()

        assert sums(record(number="2", currency="USD").order)[-2:] == [None, None]

    def test_the_rate_of_its_day_is_kept_with_an_order(self) -> None:
        record()
        for day, rate in ((1, "0.7"), (15, "0.8"), (16, "0.9")):
            ExchangeRate.objects.create(
                currency="USD", base_currency="GBP", valid_on=AT.replace(day=day).date(), rate=Decimal(rate)
            )

        assert sums(record(number="2", currency="USD").order)[-2:] == [Decimal("0.8"), 8]

    def test_the_base_currency_of_the_settings_wins(self, settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {"base_currency": "EUR"}

        assert sums(record().order)[-2:] == [None, None]


class TestCosts:
    def test_the_cost_of_the_product_is_that_of_the_line(self) -> None:
        make_product("A", cost=Decimal("4.2"))

        assert record().order.lines.get().unit_cost == Decimal("4.2")

    def test_a_cost_in_another_currency_is_converted(self) -> None:
        make_product("A", cost=Decimal(4), currency="USD")
        record(line("B"))
        ExchangeRate.objects.create(currency="USD", base_currency="GBP", valid_on=AT.date(), rate=Decimal("0.8"))
        ExchangeRate.objects.create(currency="EUR", base_currency="GBP", valid_on=AT.date(), rate=Decimal("0.64"))

        assert record(number="2", currency="EUR").order.lines.get().unit_cost == 5

    def test_a_cost_without_a_rate_is_not_known(self) -> None:
        make_product("A", cost=Decimal(4), currency="USD")

        assert record().order.lines.get().unit_cost is None

    def test_a_later_cost_of_the_product_changes_no_order(self) -> None:
        product = make_product("A", cost=Decimal(4))
        record()
        Product.objects.filter(pk=product.pk).update(cost=9)

        assert not record().changed
        assert OrderLine.objects.get().unit_cost == 4

    def test_a_told_cost_wins(self) -> None:
        make_product("A", cost=Decimal(4))

        assert record(line(unit_cost=Decimal(3))).order.lines.get().unit_cost == 3


class TestVariants:
    def test_the_sku_of_a_variant_is_its_product_in_that_form(self) -> None:
        shirt = make_product("SHIRT", cost=Decimal(4))
        large = ProductVariant.objects.create(product=shirt, sku="shirt-l", cost=Decimal(5))

        row = record(line("Shirt-L")).order.lines.get()

        assert (row.product, row.variant, row.unit_cost) == (shirt, large, 5)
        assert Product.objects.count() == 1
        assert not record(line("SHIRT-L")).changed


class TestExtras:
    def test_coupons_and_ways_are_kept(self) -> None:
        order = record(coupons=["spring ", "SPRING", "vip"], channel="app", payment_method="card").order

        assert set(order.coupons.values_list("code", flat=True)) == {"SPRING", "VIP"}
        assert (order.channel, order.payment_method, order.shipping_method) == ("app", "card", "")

    def test_what_is_left_out_later_is_kept_and_what_is_told_corrects(self) -> None:
        record(coupons=["SPRING"], channel="app", order_discount=Decimal(2))

        assert not record().changed
        done = record(coupons=[], order_discount=Decimal(0))

        assert done.changed
        assert (done.order.total, done.order.channel, done.order.coupons.count()) == (10, "app", 0)

    def test_another_coupon_alone_is_a_correction(self) -> None:
        record(coupons=["SPRING"])

        assert record(coupons=["SUMMER"]).changed

    def test_a_refund_names_its_sale(self) -> None:
        sale = record().order

        refund = record(line(quantity=-1), number="R1", kind="refund", refund_of="1").order

        assert (refund.refund_of, refund.total, refund.unit_count) == (sale, -10, -1)

    def test_a_refund_of_a_sale_that_is_not_known_is_kept(self) -> None:
        assert record(line(quantity=-1), kind="refund", refund_of="9").order.refund_of is None


class TestDue:
    def test_a_new_order_makes_its_contact_due(self) -> None:
        ada = make_contact()

        record(contact=ada)

        assert due() == {ada.pk}

    def test_an_order_that_goes_to_another_contact_makes_both_due(self) -> None:
        ada, bob = make_contact(), make_contact()
        record(contact=ada)
        FiguresDue.objects.all().delete()

        record(contact=bob)

        assert due() == {ada.pk, bob.pk}

    def test_the_same_order_again_makes_nobody_due(self) -> None:
        record(contact=make_contact())
        FiguresDue.objects.all().delete()

        record()

        assert due() == set()

    def test_each_change_is_counted(self) -> None:
        ada = make_contact()
        record(contact=ada)

        record(line(quantity=2))

        assert FiguresDue.objects.get().change_count == 2


@pytest.fixture
def changes() -> Iterator[list[tuple[str, int | None]]]:
    heard: list[tuple[str, int | None]] = []

    def listen(order: Order, contact_id: int | None, **kwargs: Any) -> None:
        heard.append((order.number, contact_id))

    order_changed.connect(listen)
    yield heard
    order_changed.disconnect(listen)


def test_a_corrected_order_is_announced_with_whose_it_was(changes, django_capture_on_commit_callbacks) -> None:
    ada, bob = make_contact(), make_contact()
    with django_capture_on_commit_callbacks(execute=True):
        record(contact=ada)
        record(contact=ada)
    assert changes == []

    with django_capture_on_commit_callbacks(execute=True):
        record(contact=bob)

    assert changes == [("1", ada.pk)]


@pytest.mark.parametrize(
    ("overrides", "place"),
    [
        ({"placed_at": datetime(2099, 1, 1, tzinfo=UTC)}, "placed_at"),
        ({"placed_at": AT + timedelta(days=1, seconds=1)}, "placed_at"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "XYZ"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"kind": "gift"}, "kind"),
        ({"number": " "}, "number"),
        ({"order_discount": Decimal("NaN")}, "order_discount"),
        ({"shipping_total": Decimal("0.00001")}, "shipping_total"),
        ({"channel": "x" * 51}, "channel"),
        ({"lines": [line("")]}, "lines[0].sku"),
        ({"lines": [line(quantity=2**31)]}, "lines[0].quantity"),
        ({"lines": [line(price="1e99999999")]}, "lines[0].unit_price"),
        ({"lines": [line(unit_cost=Decimal(-1))]}, "lines[0].unit_cost"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(overrides: dict[str, Any], place: str) -> None:
    lines = overrides.pop("lines", [line()])
    with pytest.raises(InvalidRecord) as caught:
        record(*lines, **overrides)

    assert caught.value.place == place
    assert not Order.objects.exists()


def test_a_clock_that_is_a_day_ahead_is_believed() -> None:
    assert record(placed_at=AT + timedelta(hours=23)).created


def test_a_currency_in_small_letters_is_the_same() -> None:
    assert record(currency="gbp").order.currency == "GBP"
    assert not record().changed


class TestBulk:
    def order(self, number: str, **overrides: Any) -> OrderData:
        return OrderData(**{"number": number, "placed_at": AT, "currency": "GBP", "lines": (line(),), **overrides})

    def test_one_bad_order_fails_alone_and_is_told(self) -> None:
        done = record_orders(
            "shop",
            [
                self.order("1"),
                self.order("2", currency="XYZ"),
                self.order("3", email="no address"),
                self.order("4", lines=()),
                self.order("5"),
            ],
            at=AT,
        )

        assert [one.order.number for one in done.recorded] == ["1", "5"]
        assert [(one.number, one.place) for one in done.refused] == [("2", "currency"), ("3", "email"), ("4", "lines")]
        assert "XYZ" in done.refused[0].reason
        assert Order.objects.count() == done.created_count == 2

    def test_two_orders_with_one_number_are_told_and_the_first_is_kept(self) -> None:
        done = record_orders("shop", [self.order("1"), self.order("1"), self.order("1", currency="EUR")], at=AT)

        assert (done.created_count, len(done.recorded)) == (1, 2)
        assert [(one.number, one.place) for one in done.refused] == [("1", "number")]
        assert Order.objects.get().currency == "GBP"

    def test_the_same_call_again_changes_nothing(self) -> None:
        orders = [self.order(str(number), email="ada@example.com", coupons=("X",)) for number in range(3)]
        record_orders("shop", orders, at=AT)

        again = record_orders("shop", orders, at=AT)

        assert (again.created_count, again.changed_count, len(again.refused)) == (0, 0, 0)
