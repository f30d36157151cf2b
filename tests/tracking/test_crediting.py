"""Sales of clicks that only later prove to be a machine's: they go to an earlier click by a person, or to nobody."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from tests.factories.emails import default_site
from tests.factories.tracking import SENT_AT, make_event, make_message
from wagtail_precise_mail.campaigns.conditions.reactions import BoughtFromMail
from wagtail_precise_mail.campaigns.queries import report_for
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.timeline import read_timeline
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.reports.queries import reports_by_send
from wagtail_precise_mail.tracking.crediting import credit_anew
from wagtail_precise_mail.tracking.goals import visit_figures
from wagtail_precise_mail.tracking.hit_pages import write_page
from wagtail_precise_mail.tracking.hits import Hit
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.services import (
    attribute_order,
    correct_conversions,
    record_click,
    record_scan,
)
from wagtail_precise_mail.tracking.waiting_hits import count_waiting_hits

pytestmark = pytest.mark.django_db

AT = SENT_AT + timedelta(days=1)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LINES = [("TEAPOT", 2, Decimal("12.50"))]


def click(message: OutboxMessage, link: int | None = 0, *, seconds: float = 0, days: float = 0) -> MessageEvent:
    at = AT + timedelta(days=days, seconds=seconds)
    event = record_click(message.pk, link_index=link, url=f"https://x.example/{link}/", at=at, user_agent=BROWSER)
    assert event is not None
    return event


def buy(contact: Contact, *, seconds: float = 1, **overrides: Any) -> Order:
    order = make_order(contact, LINES, placed_at=AT + timedelta(seconds=seconds), **overrides)
    attribute_order(order)
    return order


def burst(message: OutboxMessage) -> None:
    """Follow three further links at once, when one was followed at the moment."""
    for link in (1, 2, 3):
        click(message, link, seconds=2)


def trap(message: OutboxMessage) -> None:
    """Follow the link that nobody sees, within a minute."""
    record_scan(message.pk, at=AT + timedelta(seconds=40), user_agent=BROWSER)


PROOFS = pytest.mark.parametrize("prove", [burst, trap])
Proof = Callable[[OutboxMessage], None]


def conversions() -> list[tuple[int, int]]:
    return list(MessageEvent.objects.filter(kind="conversion").order_by("order").values_list("order", "message"))


def revenue(message: OutboxMessage) -> tuple[int, dict[str, Decimal]]:
    figures = report_for(message.send).figures
    return figures.conversion_count, dict(figures.revenue)


@PROOFS
def test_the_earlier_click_by_a_person_on_another_mail_gets_the_sale(prove: Proof) -> None:
    contact = make_contact()
    earlier, later = make_message(contact=contact), make_message(contact=contact)
    click(earlier, 7, days=-2)
    click(later)
    order = buy(contact)
    assert conversions() == [(order.pk, later.pk)]
    prove(later)
    event = MessageEvent.objects.get(kind="conversion")
    assert (event.message, event.send, event.link_index, event.url) == (
        earlier,
        earlier.send,
        7,
        "https://x.example/7/",
    )
    assert (event.order, event.value, event.currency, event.happened_at, event.contact) == (
        order,
        Decimal(25),
        order.currency,
        order.placed_at,
        contact,
    )


@PROOFS
def test_the_sale_that_nobody_led_to_is_no_conversion(prove: Proof) -> None:
    message = make_message()
    assert message.contact
    click(message)
    buy(message.contact)
    prove(message)
    assert conversions() == []


@PROOFS
def test_a_click_before_the_window_gets_nothing(prove: Proof) -> None:
    contact = make_contact()
    click(make_message(contact=contact), days=-6)
    message = make_message(contact=contact)
    click(message)
    buy(contact)
    prove(message)
    assert conversions() == []


def test_an_earlier_click_on_the_same_link_keeps_it() -> None:
    message = make_message()
    assert message.contact
    click(message, days=-1)
    click(message)
    order = buy(message.contact)
    trap(message)
    assert conversions() == [(order.pk, message.pk)]
    assert correct_conversions() == 0, "of a link that a person followed, too, nothing is asked at night"


def test_of_the_earlier_clicks_the_last_one_gets_it_also_before_one_on_the_same_link() -> None:
    contact = make_contact()
    message, between = make_message(contact=contact), make_message(contact=contact)
    click(message, days=-3)
    click(between, days=-2)
    click(message)
    order = buy(contact)
    trap(message)
    assert conversions() == [(order.pk, between.pk)]


def test_a_sale_of_another_click_on_the_same_mail_stays(settings: Any) -> None:
    message = make_message()
    assert message.contact
    click(message, 5, days=-2)
    order = buy(message.contact, seconds=-100)
    click(message)
    # Were it asked anew, it would not be found.
    settings.WAGTAIL_PRECISE_MAIL = {"conversion_window_days": 1}
    trap(message)
    assert conversions() == [(order.pk, message.pk)]


def test_a_click_that_a_provider_saw_without_its_link_loses_the_sale_too() -> None:
    message = make_message()
    assert message.contact
    click(message, None)
    buy(message.contact)
    trap(message)
    assert conversions() == []


def test_a_sale_of_a_contact_who_is_gone_stays_in_the_figures() -> None:
    message = make_message()
    assert message.contact
    click(message)
    order = buy(message.contact)
    MessageEvent.objects.filter(kind="conversion").update(contact=None)
    trap(message)
    assert correct_conversions() == 0
    assert conversions() == [(order.pk, message.pk)]


@PROOFS
def test_a_second_proof_changes_nothing(prove: Proof) -> None:
    contact = make_contact()
    earlier, later = make_message(contact=contact), make_message(contact=contact)
    click(earlier, days=-2)
    click(later)
    order = buy(contact)
    prove(later)
    before = list(MessageEvent.objects.filter(kind="conversion").values())
    prove(later)
    assert correct_conversions() == 0
    assert credit_anew([order.pk]) == 0
    assert list(MessageEvent.objects.filter(kind="conversion").values()) == before


def test_a_sale_after_the_proof_goes_to_the_person_at_once() -> None:
    contact = make_contact()
    earlier, later = make_message(contact=contact), make_message(contact=contact)
    click(earlier, days=-2)
    click(later)
    trap(later)
    order = buy(contact)
    assert conversions() == [(order.pk, earlier.pk)]


def test_what_came_back_of_the_sale_moves_along() -> None:
    contact = make_contact()
    earlier, later = make_message(contact=contact), make_message(contact=contact)
    click(earlier, days=-2)
    click(later)
    order = make_order(contact, LINES, placed_at=AT + timedelta(seconds=1))
    make_order(contact, [("TEAPOT", -1, 10)], placed_at=AT, kind=Order.Kind.REFUND, refund_of=order)
    attribute_order(order)
    trap(later)
    assert revenue(earlier) == (1, {order.currency: Decimal(15)})


class TestFigures:
    """Everywhere the sale is shown, it is shown where it belongs now."""

    @pytest.fixture
    def messages(self) -> tuple[OutboxMessage, OutboxMessage]:
        contact = make_contact()
        earlier, later = make_message(contact=contact), make_message(contact=contact)
        click(earlier, 7, days=-2)
        click(later)
        currency = buy(contact).currency
        assert (revenue(earlier), revenue(later)) == ((0, {}), (1, {currency: Decimal(25)}))
        return earlier, later

    @PROOFS
    def test_the_revenue_of_both_campaigns_follows(
        self, messages: tuple[OutboxMessage, OutboxMessage], prove: Proof
    ) -> None:
        earlier, later = messages
        prove(later)
        currency = Order.objects.get().currency
        assert (revenue(earlier), revenue(later)) == ((1, {currency: Decimal(25)}), (0, {}))

    def test_the_list_of_campaigns_follows(self, messages: tuple[OutboxMessage, OutboxMessage]) -> None:
        trap(messages[1])
        reports = reports_by_send([message.send for message in messages])
        assert [reports[message.send_id].converted.count for message in messages] == [1, 0]

    def test_landing_pages_follow(self, messages: tuple[OutboxMessage, OutboxMessage]) -> None:
        addresses = {message.send_id: ["https://x.example/0/", "https://x.example/7/"] for message in messages}
        trap(messages[1])
        found = visit_figures(addresses)
        assert [found[message.send_id].order_count for message in messages] == [1, 0]

    def test_the_timeline_follows(self, messages: tuple[OutboxMessage, OutboxMessage]) -> None:
        earlier, later = messages
        trap(later)
        assert earlier.contact
        [day] = read_timeline(earlier.contact, kind="conversion").days
        assert [entry.title for entry in day.entries] == [f"Bought after “{earlier.send.compiled.email.name}”"]

    def test_segments_follow(self, messages: tuple[OutboxMessage, OutboxMessage]) -> None:
        trap(messages[1])
        for link, count in (("/7/", 1), ("/0/", 0)):
            condition = BoughtFromMail(link=link)
            assert Contact.objects.filter(condition.as_q(AT + timedelta(days=1))).count() == count


class TestMany:
    """What it costs, and what two do at once."""

    def count_queries(self, contacts: int) -> int:
        hits = []
        for _number in range(contacts):
            contact = make_contact()
            earlier, later = make_message(contact=contact), make_message(contact=contact)
            click(earlier, days=-2)
            click(later)
            for seconds in (1, 2):
                buy(contact, seconds=seconds)
            fresh = make_message()
            make_order(fresh.contact, LINES, placed_at=AT + timedelta(minutes=5))
            hits += [Hit("scan", later.pk, (AT + timedelta(seconds=40)).timestamp(), BROWSER, is_machine=True)]
            hits += [Hit("click", fresh.pk, AT.timestamp(), BROWSER, link_index=1, url="https://x.example/1/")]
        write_page(uuid.uuid4(), hits)
        with CaptureQueriesContext(connection) as queries:
            assert count_waiting_hits() == len(hits)
        return len(queries)

    def test_queries_do_not_grow_with_events(self) -> None:
        few = self.count_queries(1)
        assert self.count_queries(12) == few
        assert MessageEvent.objects.filter(kind="conversion").count() == 13 * 3

    @pytest.mark.parametrize("link", [0, None])
    def test_sales_of_clicks_that_were_marked_before_are_found_at_night(self, link: int | None) -> None:
        contact = make_contact()
        earlier, later = make_message(contact=contact), make_message(contact=contact)
        click(earlier, days=-2)
        wrong = click(later, link)
        order = buy(contact)
        MessageEvent.objects.filter(pk=wrong.pk).update(is_machine=True)
        assert correct_conversions() == 1
        assert conversions() == [(order.pk, earlier.pk)]
        assert correct_conversions() == 0

    def test_at_night_the_queries_do_not_grow_either(self) -> None:
        def cost(contacts: int) -> int:
            for _number in range(contacts):
                message = make_message()
                assert message.contact
                click(message)
                buy(message.contact)
            MessageEvent.objects.filter(kind="click").update(is_machine=True)
            with CaptureQueriesContext(connection) as queries:
                assert correct_conversions() == contacts
            return len(queries)

        assert cost(1) == cost(10)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite in memory has one connection; it has one writer")
class TestAtOnce:
    """An order comes in while its click is being counted, in another process."""

    @pytest.fixture(autouse=True)
    def site(self) -> None:
        default_site()

    def while_counting(self, contact: Contact, count: Callable[[], None]) -> None:
        order = make_order(contact, LINES, placed_at=AT + timedelta(seconds=1))
        begun = threading.Event()

        def attribute() -> None:
            try:
                begun.set()
                attribute_order(order)
            finally:
                connection.close()

        thread = threading.Thread(target=attribute)
        with transaction.atomic():
            count()
            thread.start()
            begun.wait()
            thread.join(0.5)
            assert thread.is_alive(), "it waits"
        thread.join()

    def test_it_does_not_go_to_a_click_that_is_being_marked(self) -> None:
        contact = make_contact()
        earlier, later = make_message(contact=contact), make_message(contact=contact)
        click(earlier, days=-2)
        click(later)
        self.while_counting(contact, lambda: trap(later))
        assert [message for _order, message in conversions()] == [earlier.pk]

    def test_it_does_not_miss_a_click_that_is_being_kept(self) -> None:
        message = make_message()
        assert message.contact
        self.while_counting(message.contact, lambda: click(message) and None)
        assert [found for _order, found in conversions()] == [message.pk]

    def test_workers_that_correct_at_once_agree(self) -> None:
        for _number in range(20):
            contact = make_contact()
            earlier, later = make_message(contact=contact), make_message(contact=contact)
            click(earlier, days=-2)
            wrong = click(later)
            buy(contact)
            make_event(later, "scan", happened_at=AT)
            MessageEvent.objects.filter(pk=wrong.pk).update(is_machine=True)
        barrier, errors = threading.Barrier(4), []

        def correct() -> None:
            try:
                barrier.wait()
                correct_conversions()
            except Exception as error:
                errors.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=correct) for _number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert MessageEvent.objects.filter(kind="conversion", is_machine=False).count() == 20
        assert correct_conversions() == 0
