"""Recording orders and products."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.commerce.files import make_mapping, row, write_orders
from tests.factories.commerce import make_product
from wagtail_precise_mail.commerce.importing import import_orders
from wagtail_precise_mail.commerce.models import Order, Product
from wagtail_precise_mail.commerce.services import OrderLineData, RecordedOrder, record_order, upsert_product
from wagtail_precise_mail.commerce.signals import order_recorded
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidAddress

pytestmark = pytest.mark.django_db

PLACED_AT = datetime(2026, 1, 15, 12, tzinfo=UTC)


def record(**overrides: Any) -> RecordedOrder:
    return record_order(
        **{
            "source": "shop",
            "number": "1",
            "lines": [OrderLineData("85123A", 2, Decimal("2.55"))],
            "placed_at": PLACED_AT,
            "currency": "GBP",
            "email": "ada@example.com",
            **overrides,
        }
    )


@pytest.fixture
def heard() -> Iterator[list[Order]]:
    orders: list[Order] = []

    def listen(order: Order, **kwargs: Any) -> None:
        orders.append(order)

    order_recorded.connect(listen)
    yield orders
    order_recorded.disconnect(listen)


def test_a_live_order_is_announced_after_commit(heard, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        order = record().order
    assert heard == []

    for callback in callbacks:
        callback()

    assert heard == [order]


def test_the_same_order_twice_counts_once(heard, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first, second = record(), record()

    assert (first.created, first.changed) == (True, False)
    assert (second.created, second.changed, second.order) == (False, False, first.order)
    assert len(heard) == 1
    assert Order.objects.get().lines.count() == 1


@pytest.mark.parametrize("overrides", [{"is_historical": True}, {"kind": "refund"}, {"kind": "adjustment"}])
def test_what_is_no_live_sale_is_not_announced(heard, django_capture_on_commit_callbacks, overrides) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        record(**overrides)

    assert heard == []


def test_importing_history_does_not_announce(heard, django_capture_on_commit_callbacks, tmp_path) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        import_orders(write_orders(tmp_path / "o.csv", row()), make_mapping())

    assert (heard, Order.objects.count()) == ([], 1)


def test_a_listener_that_fails_keeps_the_order_and_the_other_listeners(
    heard, django_capture_on_commit_callbacks
) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError

    order_recorded.connect(fail)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            record()
    finally:
        order_recorded.disconnect(fail)

    assert len(heard) == Order.objects.count() == 1


def test_the_total_is_the_sum_of_the_lines() -> None:
    lines = [OrderLineData("A", 3, Decimal("0.1001")), OrderLineData("B", -1, Decimal("0.1"))]

    assert record(lines=lines).order.total == Decimal("0.2003")


def test_a_corrected_order_loses_the_lines_it_lacks() -> None:
    record(lines=[OrderLineData("A", 1, Decimal(1)), OrderLineData("B", 1, Decimal(2))])

    done = record(lines=[OrderLineData("B", 1, Decimal(2))])

    assert done.changed
    assert list(done.order.lines.values_list("position", "product__sku")) == [(1, "B")]
    assert Order.objects.get().total == 2


def test_what_the_source_leaves_out_later_is_kept() -> None:
    record(country="DE")

    done = record(email="", country="")

    assert not done.changed
    assert (done.order.country, done.order.contact.email) == ("DE", "ada@example.com")


def test_the_contact_may_be_given_and_gets_its_first_country() -> None:
    contact = Contact.objects.create(email="ada@example.com")

    order = record(email="", contact=contact, country="DE").order

    assert (order.contact, order.contact.country, Contact.objects.count()) == (contact, "DE", 1)


def test_an_order_without_an_address_has_no_contact() -> None:
    assert record(email="").order.contact is None


def test_an_unknown_product_is_made_and_a_known_one_is_left_alone() -> None:
    known = make_product("85123A", name="Heart", price="9.99")

    record(lines=[OrderLineData("85123a", 1, Decimal(2), "OTHER"), OrderLineData("New", 1, Decimal(3), "New one")])

    known.refresh_from_db()
    assert (known.name, known.price) == ("Heart", Decimal("9.99"))
    assert (made := Product.objects.get(sku="NEW")).name == "New one"
    assert (made.price, made.currency) == (3, "GBP")


@pytest.mark.parametrize(
    "overrides",
    [
        {"lines": []},
        {"lines": [OrderLineData("A", 1, Decimal(1), position=1), OrderLineData("B", 1, Decimal(1), position=1)]},
        {"lines": [OrderLineData("A", 1, Decimal(1), position=0)]},
        {"placed_at": datetime(2026, 1, 15)},  # noqa: DTZ001
        {"kind": "gift"},
        {"email": "no address"},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(overrides: dict[str, Any]) -> None:
    with pytest.raises((ValueError, InvalidAddress)):
        record(**overrides)

    assert not Order.objects.exists()


def test_a_product_is_made_once_whatever_the_case_of_its_sku() -> None:
    first = upsert_product("abc", name="Cup", price=Decimal(3))
    second = upsert_product("ABC", price=Decimal(4), name="")

    assert first == second
    assert Product.objects.values_list("sku", "name", "price").get() == ("ABC", "Cup", Decimal(4))
