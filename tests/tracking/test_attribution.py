"""Conversions: the last click of a person within the window, once per sale."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.tracking import SENT_AT, make_event, make_message
from wagtail_precise_mail.commerce.services import OrderLineData, delete_order, record_order
from wagtail_precise_mail.commerce.signals import order_recorded
from wagtail_precise_mail.tracking.hit_pages import write_page
from wagtail_precise_mail.tracking.hits import Hit
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.services import attribute_order
from wagtail_precise_mail.tracking.waiting_hits import count_waiting_hits

pytestmark = pytest.mark.django_db

CLICKED_AT = SENT_AT + timedelta(hours=2)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
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


class TestCorrections:
    """What becomes of a conversion when its order is corrected."""

    def record(self, contact, *, price="12.50", **overrides):
        return record_order(
            **{
                "source": "shop",
                "number": "1",
                "contact": contact,
                "lines": [OrderLineData("TEAPOT", 2, Decimal(price))],
                "placed_at": CLICKED_AT + timedelta(days=1),
                "currency": "GBP",
                **overrides,
            }
        ).order

    @pytest.fixture
    def contact(self, django_capture_on_commit_callbacks):
        contact = make_contact()
        clicked(contact)
        with django_capture_on_commit_callbacks(execute=True):
            self.record(contact)
        return contact

    def test_a_corrected_order_corrects_its_value(self, contact, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            self.record(contact, price="10", order_discount=Decimal(5), currency="EUR")

        event = MessageEvent.objects.get(kind="conversion")
        assert (event.value, event.currency) == (15, "EUR")

    def test_an_order_that_is_no_sale_by_now_is_no_conversion(self, contact, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            self.record(contact, kind="adjustment")

        assert not MessageEvent.objects.filter(kind="conversion").exists()

    def test_an_order_of_somebody_else_is_credited_to_their_click(self, contact, django_capture_on_commit_callbacks):
        other = make_contact()
        theirs = clicked(other)
        with django_capture_on_commit_callbacks(execute=True):
            self.record(other)

        assert MessageEvent.objects.get(kind="conversion").message_id == theirs.message_id

    def test_a_deleted_order_takes_its_conversion_along(self, contact):
        delete_order("shop", "1")

        assert not MessageEvent.objects.filter(kind="conversion").exists()


def hit_of(message, *, seconds=0.0, link_index=3):
    moment = (CLICKED_AT + timedelta(seconds=seconds)).timestamp()
    return Hit("click", message.pk, moment, BROWSER, link_index=link_index, url="https://x.example/tea/")


def count(*hits):
    write_page(uuid.uuid4(), hits)
    count_waiting_hits()


def test_an_order_that_comes_before_its_click_is_counted_is_attributed_all_the_same():
    message = make_message()
    order = make_order(message.contact, LINE, placed_at=CLICKED_AT + timedelta(seconds=2))
    assert attribute_order(order) is None
    count(hit_of(message))
    event = MessageEvent.objects.get(kind="conversion")
    assert (event.order, event.message, event.link_index) == (order, message, 3)


def test_a_click_that_is_counted_late_takes_the_order_over_from_an_earlier_one():
    contact = make_contact()
    earlier = clicked(contact, at=CLICKED_AT - timedelta(days=1))
    order = make_order(contact, LINE, placed_at=CLICKED_AT + timedelta(seconds=2))
    assert attribute_order(order).message_id == earlier.message_id
    message = make_message(contact=contact)
    count(hit_of(message))
    assert MessageEvent.objects.get(kind="conversion").message_id == message.pk


def test_a_click_after_the_order_takes_nothing():
    contact = make_contact()
    earlier = clicked(contact, at=CLICKED_AT - timedelta(days=1))
    order = make_order(contact, LINE, placed_at=CLICKED_AT + timedelta(seconds=2))
    attribute_order(order)
    count(hit_of(make_message(contact=contact), seconds=3))
    assert MessageEvent.objects.get(kind="conversion").message_id == earlier.message_id


def test_a_machines_click_that_is_counted_late_takes_nothing():
    message = make_message()
    make_order(message.contact, LINE, placed_at=CLICKED_AT + timedelta(seconds=2))
    count(hit_of(message)._replace(user_agent="curl/8.5.0"))
    assert not MessageEvent.objects.filter(kind="conversion").exists()
