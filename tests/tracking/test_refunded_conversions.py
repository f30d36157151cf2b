"""What came back of an order is taken from what its mail brought."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.tracking import SENT_AT, make_event, make_message
from wagtail_precise_mail.campaigns.queries import report_for
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.commerce.services import (
    OrderLineData,
    RefundLineData,
    delete_order,
    record_order,
    record_refund,
    set_exchange_rate,
)
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.services import attribute_order, correct_conversions

pytestmark = pytest.mark.django_db

CLICKED_AT = SENT_AT + timedelta(hours=2)
BOUGHT_AT = CLICKED_AT + timedelta(days=1)
BACK_AT = BOUGHT_AT + timedelta(days=7)
LINES = [OrderLineData("TEAPOT", 2, Decimal("12.50")), OrderLineData("MUG", 4, Decimal("5"))]


@pytest.fixture
def contact() -> Contact:
    contact = make_contact()
    make_event(make_message(contact=contact), "click", happened_at=CLICKED_AT, link_index=1, url="https://x.example")
    return contact


class Shop:
    """Sells to one contact and takes things back; every announcement is heard at once."""

    def __init__(self, contact: Contact, committed: Any) -> None:
        self.contact = contact
        self.committed = committed

    def sell(self, number: str = "1", **overrides: Any) -> Order:
        facts = {"contact": self.contact, "placed_at": BOUGHT_AT, "lines": LINES, "currency": "GBP", **overrides}
        with self.committed(execute=True):
            return record_order(source="shop", number=number, **facts).order

    def take_back(self, *lines: tuple[int, int], number: str = "R1", sale: str = "1") -> None:
        wanted = [RefundLineData(position, count) for position, count in lines] or None
        with self.committed(execute=True):
            record_refund(source="shop", number=number, refund_of=sale, placed_at=BACK_AT, lines=wanted)

    def pay_back(self, amount: str, *, sale: str = "1", currency: str = "GBP") -> None:
        lines = [OrderLineData("GOODWILL", -1, Decimal(amount))]
        self.sell("R9", kind=Order.Kind.REFUND, refund_of=sale, placed_at=BACK_AT, currency=currency, lines=lines)

    def delete(self, number: str) -> None:
        with self.committed(execute=True):
            delete_order("shop", number)


@pytest.fixture
def shop(contact: Contact, django_capture_on_commit_callbacks: Any) -> Shop:
    return Shop(contact, django_capture_on_commit_callbacks)


def value(number: str = "1") -> Decimal:
    return MessageEvent.objects.get(kind="conversion", order__number=number).value


def test_refund_of_a_line_lowers_the_conversion(shop):
    shop.sell()
    shop.take_back((2, 3))
    assert value() == Decimal("30")


def test_refunds_add_up_to_all_of_it(shop):
    shop.sell()
    shop.take_back((1, 1))
    shop.take_back(number="R2")
    assert value() == 0


def test_revenue_of_the_campaign_follows(shop):
    shop.sell()
    shop.take_back((1, 2))
    send = MessageEvent.objects.get(kind="conversion").send
    assert report_for(send).figures.revenue == {"GBP": Decimal("20")}


def test_money_back_without_goods_lowers_it_too(shop):
    shop.sell()
    shop.pay_back("4.50")
    assert value() == Decimal("40.50")


def test_corrected_refund_is_followed(shop):
    shop.sell()
    shop.take_back((1, 2))
    shop.take_back((1, 1))
    assert value() == Decimal("32.50")


def test_deleted_refund_gives_it_back(shop):
    shop.sell()
    shop.take_back((1, 2))
    shop.delete("R1")
    assert value() == Decimal("45")


def test_refund_that_went_to_another_sale_is_taken_there(shop):
    shop.sell()
    shop.sell("2")
    shop.pay_back("5")
    shop.pay_back("5", sale="2")
    assert (value("1"), value("2")) == (Decimal("45"), Decimal("40"))


def test_corrected_sale_keeps_its_refunds(shop):
    shop.sell()
    shop.take_back((2, 1))
    shop.sell(lines=[OrderLineData("TEAPOT", 4, Decimal("12.50")), LINES[1]])
    assert value() == Decimal("65")


def test_deleted_sale_takes_its_conversion_along(shop):
    shop.sell()
    shop.take_back((2, 1))
    shop.delete("1")
    assert not MessageEvent.objects.filter(kind="conversion").exists()


def test_refund_that_was_there_first_counts(contact):
    order = make_order(contact, [("TEAPOT", 2, Decimal(10))], placed_at=BOUGHT_AT)
    make_order(contact, [("TEAPOT", -1, Decimal(10))], placed_at=BACK_AT, kind=Order.Kind.REFUND, refund_of=order)
    assert attribute_order(order).value == Decimal(10)


def test_refund_in_another_currency_counts_by_the_rates(shop, settings):
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "base_currency": "EUR"}
    set_exchange_rate("GBP", Decimal("1.2"), valid_on=BOUGHT_AT.date())
    shop.sell()
    shop.pay_back("6", currency="EUR")
    assert value() == Decimal("40")


def test_refund_without_a_rate_takes_nothing_away(shop):
    shop.sell()
    shop.pay_back("6", currency="USD")
    assert value() == Decimal("45")


def test_adjustment_takes_nothing_away(shop, contact):
    order = shop.sell()
    make_order(contact, [("X", -1, 5)], placed_at=BACK_AT, kind=Order.Kind.ADJUSTMENT, refund_of=order)
    correct_conversions()
    assert value() == Decimal("45")


def test_refund_that_nobody_announced_is_found_at_night(shop, contact, django_assert_num_queries):
    order = shop.sell()
    make_order(contact, [("MUG", -2, 5)], placed_at=BACK_AT, kind=Order.Kind.REFUND, refund_of=order)
    assert value() == Decimal("45")
    assert correct_conversions() == 1
    assert value() == Decimal("35")
    with django_assert_num_queries(2):
        assert correct_conversions() == 0


def test_refund_after_the_contact_was_taken_from_old_events_leaves_the_sale_counted(shop):
    shop.sell()
    MessageEvent.objects.update(contact=None)
    shop.take_back((2, 3))
    assert value() == Decimal("30")
