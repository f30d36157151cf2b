"""Refunds down to the line."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.factories.commerce import make_product
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.models import FiguresDue, Order, OrderLine, ProductVariant
from wagtail_precise_mail.commerce.services import (
    OrderLineData,
    RecordedOrder,
    RefundLineData,
    record_order,
    record_refund,
)
from wagtail_precise_mail.exceptions import InvalidRecord

pytestmark = pytest.mark.django_db

AT = datetime(2026, 2, 15, 12, tzinfo=UTC)


@pytest.fixture
def sale() -> Order:
    shirt = make_product("SHIRT")
    ProductVariant.objects.create(product=shirt, sku="SHIRT-L")
    return record_order(
        source="shop",
        number="1",
        contact=make_contact(),
        placed_at=datetime(2026, 2, 1, 12, tzinfo=UTC),
        currency="GBP",
        channel="app",
        lines=[
            OrderLineData("SHIRT-L", 3, Decimal(20), "Shirt", discount=Decimal(10), unit_cost=Decimal(7)),
            OrderLineData("CUP", 1, Decimal(50)),
        ],
        order_discount=Decimal(10),
        shipping_total=Decimal("4.95"),
        at=AT,
    ).order


def refund(*lines: tuple[int, int], number: str = "R1", **overrides: Any) -> RecordedOrder:
    given = [RefundLineData(*one) for one in lines] or None
    return record_refund(
        **{"source": "shop", "number": number, "refund_of": "1", "placed_at": AT, "lines": given, "at": AT, **overrides}
    )


def test_what_comes_back_has_the_price_the_cost_and_the_form_that_it_had(sale: Order) -> None:
    order = refund((1, 1)).order

    row = order.lines.select_related("variant").get()
    assert (row.quantity, row.unit_price, row.discount_total, row.unit_cost) == (-1, 20, Decimal("-3.3333"), 7)
    assert (row.variant.sku, row.refund_of, row.description) == ("SHIRT-L", sale.lines.get(position=1), "Shirt")
    assert (order.kind, order.refund_of, order.contact, order.channel) == ("refund", sale, sale.contact, "app")
    # 16.6667 of 100 bear that share of the 10 that were taken off the order.
    assert order.order_discount == Decimal("-1.6667")
    assert order.total == Decimal("-15.0000")
    assert order.unit_count == -1


def test_everything_comes_back_at_once(sale: Order) -> None:
    order = refund(shipping_total=Decimal("4.95")).order

    assert order.total == -sale.total
    assert (order.cost_total, order.discount_total) == (-sale.cost_total, -sale.discount_total)


def test_piece_by_piece_comes_to_the_same_as_all_at_once(sale: Order) -> None:
    for number in range(3):
        refund((1, 1), number=f"R{number}")

    rows = OrderLine.objects.filter(refund_of__isnull=False)
    assert sum(row.discount_total for row in rows) == -10
    assert sum(row.total for row in rows) == -50


def test_the_same_refund_again_changes_nothing(sale: Order) -> None:
    refund((1, 2))
    FiguresDue.objects.all().delete()

    again = refund((1, 2))

    assert (again.created, again.changed) == (False, False)
    assert not FiguresDue.objects.exists()


def test_everything_that_is_left_again_changes_nothing(sale: Order) -> None:
    refund((1, 1))
    refund(number="R2")

    assert not refund(number="R2").changed


def test_a_corrected_refund_corrects(sale: Order) -> None:
    refund((1, 1), (2, 1))

    done = refund((1, 3))

    assert done.changed
    assert list(done.order.lines.values_list("position", "quantity")) == [(1, -3)]
    assert set(FiguresDue.objects.values_list("contact_id", flat=True)) == {sale.contact_id}


def test_more_than_was_bought_cannot_come_back(sale: Order) -> None:
    refund((1, 2))

    with pytest.raises(InvalidRecord, match="3 were bought and 1 can come back, so 2 cannot"):
        refund((1, 2), number="R2")

    assert Order.objects.filter(kind="refund").count() == 1


def test_nothing_is_left_when_all_came_back(sale: Order) -> None:
    refund()

    with pytest.raises(InvalidRecord, match="Nothing of order 1 is left"):
        refund(number="R2")


@pytest.mark.parametrize(
    ("lines", "overrides", "words"),
    [
        ([(3, 1)], {}, "no line 3"),
        ([(1, 0)], {}, "nothing of it"),
        ([(1, 1), (1, 1)], {}, "twice"),
        ([(1, 1)], {"refund_of": "9"}, "no sale 9"),
        ([(1, 1)], {"number": "1"}, "number of another order"),
        ([(1, 1)], {"placed_at": datetime(2099, 1, 1, tzinfo=UTC)}, "future"),
    ],
)
def test_what_makes_no_sense_is_refused(sale: Order, lines: Any, overrides: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRecord, match=words):
        refund(*lines, **overrides)

    assert Order.objects.count() == 1


def test_a_refund_cannot_be_refunded(sale: Order) -> None:
    refund((1, 1))

    with pytest.raises(InvalidRecord, match="no sale R1"):
        refund((1, 1), number="R2", refund_of="R1")


def test_sending_the_refund_as_an_order_keeps_the_lines_it_belongs_to(sale: Order) -> None:
    refund((2, 1))

    record_order(
        source="shop",
        number="R1",
        kind="refund",
        placed_at=AT,
        currency="GBP",
        lines=[OrderLineData("CUP", -1, Decimal(45), position=2)],
        at=AT,
    )

    assert OrderLine.objects.get(order__number="R1").refund_of == sale.lines.get(position=2)
