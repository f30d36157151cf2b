"""Figures of a send, unsubscribes with their reasons among them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.factories.commerce import make_order
from tests.factories.tracking import make_event, make_message, make_send
from wagtail_precise_mail.contacts.services import undo_unsubscribe, unsubscribe
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.queries import Figures, LinkFigures, figures, figures_by_send

pytestmark = pytest.mark.django_db

LINKS = [("https://x.example/a", "b1", "Teapot"), ("https://x.example/b", "b2", "Cups")]


@pytest.fixture
def leave(django_capture_on_commit_callbacks):
    """Unsubscribe by a message."""

    def by(message, reason="", service=unsubscribe):
        arguments = {"reason": reason} if reason else {}
        with django_capture_on_commit_callbacks(execute=True):
            service(message.contact, origin_kind="outbox_message", origin_id=message.pk, **arguments)

    return by


def test_a_send_without_events_has_no_figures():
    assert figures(make_send().pk) == Figures()


def test_opens_are_counted_by_message_and_machines_apart():
    send = make_send()
    both, person, machine = (make_message(send) for _ in range(3))
    for message, is_machine in [(both, True), (both, False), (person, False), (person, False), (machine, True)]:
        make_event(message, "open", is_machine=is_machine)
    found = figures(send.pk)
    assert (found.open_count, found.machine_open_count) == (2, 1)


def test_clicks_are_counted_by_message_and_in_total():
    send = make_send()
    one, other = make_message(send), make_message(send)
    for message, is_machine in [(one, False), (one, False), (other, False), (other, True)]:
        make_event(message, "click", link_index=0, is_machine=is_machine)
    found = figures(send.pk)
    assert (found.click_count, found.total_clicks, found.machine_click_count) == (2, 3, 1)


def test_links_are_counted_by_link_and_block_without_machines():
    send = make_send(*LINKS)
    one, other = make_message(send), make_message(send)
    for message, is_machine in [(one, False), (one, False), (other, False), (other, True)]:
        make_event(message, "click", link_index=0, url="https://x.example/a", block_id="b1", is_machine=is_machine)
    assert figures(send.pk).links == [
        LinkFigures(0, "https://x.example/a", "b1", "Teapot", clicks=3, unique=2, machine_clicks=1),
        LinkFigures(1, "https://x.example/b", "b2", "Cups", clicks=0, unique=0),
    ]


def test_a_link_whose_address_differs_by_contact_is_one_link():
    send = make_send()
    for name in ("ann", "bob"):
        make_event(make_message(send), "click", link_index=0, url=f"https://x.example/?n={name}", block_id="b1")
    (link,) = figures(send.pk).links
    assert (link.clicks, link.block_id) == (2, "b1")


def test_an_email_compiled_by_a_newer_version_still_has_figures():
    send = make_send()
    send.compiled.payload = {"version": 99}
    send.compiled.save()
    make_event(make_message(send), "click", link_index=0, url="https://x.example/a")
    assert figures(send.pk).links[0].url == "https://x.example/a"


def test_unsubscribes_by_reason_add_up_to_the_total(leave):
    send = make_send()
    for reason in ["too_many", "too_many", "other", ""]:
        leave(make_message(send), reason)
    found = figures(send.pk)
    assert found.unsubscribe_count == 4
    assert found.unsubscribe_reasons == {"too_many": 2, "other": 1, "": 1}
    assert sum(found.unsubscribe_reasons.values()) == found.unsubscribe_count
    assert found.reasons == [("I get too many emails", 2), ("No reason given", 1), ("Another reason", 1)]


def test_a_reason_given_later_moves_the_unsubscribe_and_adds_none(leave):
    message = make_message()
    leave(message)
    leave(message, "not_relevant")
    found = figures(message.send_id)
    assert (found.unsubscribe_count, found.unsubscribe_reasons) == (1, {"not_relevant": 1})


def test_leaving_twice_counts_once(leave):
    message = make_message()
    leave(message)
    leave(message)
    assert figures(message.send_id).unsubscribe_count == 1


def test_an_unsubscribe_that_was_a_mistake_counts_nowhere(leave):
    message = make_message()
    leave(message)
    leave(message, service=undo_unsubscribe)
    assert figures(message.send_id).unsubscribe_count == 0
    leave(message)
    assert figures(message.send_id).unsubscribe_count == 1


def test_leaving_by_a_test_mail_counts_nowhere(leave):
    message = make_message(make_send(is_test=True))
    leave(message)
    assert not MessageEvent.objects.exists()


def test_leaving_by_a_message_that_is_gone_harms_nobody(leave):
    message = make_message()
    gone, contact = message.pk, message.contact
    message.delete()
    message.pk, message.contact = gone, contact
    leave(message)
    assert not MessageEvent.objects.exists()


def test_revenue_is_kept_apart_by_currency():
    send = make_send()
    for value, currency in [("10.50", "GBP"), ("4.50", "GBP"), ("7", "EUR")]:
        message = make_message(send)
        order = make_order(message.contact, currency=currency)
        make_event(message, "conversion", order=order, value=Decimal(value), currency=currency)
    found = figures(send.pk)
    assert (found.conversion_count, found.revenue) == (3, {"GBP": Decimal(15), "EUR": Decimal(7)})


def test_sends_do_not_mix():
    one, other = make_send(), make_send()
    make_event(make_message(one), "open")
    assert [figures_by_send([one.pk, other.pk])[pk].open_count for pk in (one.pk, other.pk)] == [1, 0]


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    sends = [make_send(*LINKS) for _ in range(3)]
    for send in sends:
        for link in range(2):
            make_event(make_message(send), "click", link_index=link)
    with django_assert_num_queries(6):
        figures_by_send([send.pk for send in sends])
    with django_assert_num_queries(6):
        figures(sends[0].pk)


def test_leaving_the_links_out_spares_the_compiled_emails(django_assert_num_queries):
    send = make_send(*LINKS)
    make_event(make_message(send), "click", link_index=0)
    with django_assert_num_queries(3):
        found = figures_by_send([send.pk], with_links=False)[send.pk]
    assert (found.click_count, found.links) == (1, [])
