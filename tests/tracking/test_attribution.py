"""Conversions: the last click of a person within the window, once per sale."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.tracking import SENT_AT, make_event, make_message
from wagtail_precise_mail.commerce.signals import order_recorded
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.services import attribute_order

pytestmark = pytest.mark.django_db

CLICKED_AT = SENT_AT + timedelta(hours=2)
LINE = [("TEAPOT", 2, Decimal("12.50"))]


def clicked(contact, *, at=CLICKED_AT, **overrides):
    return make_event(
        make_message(contact=contact), "click", happened_at=at, link_index=1, url="https://x.example", **overrides
    )


def order_after(contact, days, **overrides):
    return make_order(contact, LINE, placed_at=CLICKED_AT + timedelta(days=days), **overrides)


@pytest.mark.parametrize(("days", "is_attributed"), [(0, True), (4, True), (5, True), (5.001, False), (6, False)])
def test_an_order_within_five_days_of_the_click_is_attributed(days, is_attributed):
    contact = make_contact()
    clicked(contact)
    assert (attribute_order(order_after(contact, days)) is not None) is is_attributed


def test_a_conversion_carries_the_click_and_the_money():
    contact = make_contact()
    click = clicked(contact, block_id="b1")
    order = order_after(contact, 1, currency="EUR")
    event = attribute_order(order)
    assert (event.message_id, event.send_id, event.contact, event.block_id, event.link_index) == (
        click.message_id,
        click.send_id,
        contact,
        "b1",
        1,
    )
    assert (event.order, event.value, event.currency, event.happened_at) == (
        order,
        Decimal(25),
        "EUR",
        order.placed_at,
    )


def test_the_last_click_gets_the_order():
    contact = make_contact()
    clicked(contact)
    last = clicked(contact, at=CLICKED_AT + timedelta(days=2))
    clicked(contact, at=CLICKED_AT + timedelta(days=4))
    assert attribute_order(order_after(contact, 3)).message_id == last.message_id


def test_a_click_after_the_order_brought_nothing():
    contact = make_contact()
    clicked(contact)
    assert attribute_order(order_after(contact, -1)) is None


def test_the_window_is_an_option(settings):
    settings.WAGTAIL_PRECISE_MAIL = {"conversion_window_days": 7}
    contact = make_contact()
    clicked(contact)
    assert attribute_order(order_after(contact, 6))


def test_a_click_of_a_machine_brings_nothing():
    contact = make_contact()
    clicked(contact, is_machine=True)
    assert attribute_order(order_after(contact, 1)) is None


def test_an_open_brings_nothing():
    contact = make_contact()
    make_event(make_message(contact=contact), "open", happened_at=CLICKED_AT)
    assert attribute_order(order_after(contact, 1)) is None


def test_the_click_of_somebody_else_brings_nothing():
    clicked(make_contact())
    assert attribute_order(order_after(make_contact(), 1)) is None


@pytest.mark.parametrize("what", [{"kind": "refund"}, {"kind": "adjustment"}, {"is_historical": True}])
def test_what_is_no_live_sale_is_not_attributed(what):
    contact = make_contact()
    clicked(contact)
    assert attribute_order(order_after(contact, 1, **what)) is None


def test_an_order_without_a_contact_is_not_attributed():
    assert attribute_order(order_after(None, 1)) is None


def test_the_order_of_a_contact_who_is_not_tracked_is_not_attributed():
    contact = make_contact(is_tracking_allowed=False)
    clicked(contact)
    assert attribute_order(order_after(contact, 1)) is None


def test_an_order_is_attributed_once():
    contact = make_contact()
    clicked(contact)
    order = order_after(contact, 1)
    first = attribute_order(order)
    clicked(contact, at=CLICKED_AT + timedelta(hours=3))
    assert attribute_order(order) == first
    assert MessageEvent.objects.filter(kind="conversion").count() == 1


def test_a_recorded_order_is_attributed_by_itself():
    contact = make_contact()
    clicked(contact)
    order_recorded.send(sender=None, order=order_after(contact, 1), created=True)
    assert MessageEvent.objects.filter(kind="conversion").exists()
