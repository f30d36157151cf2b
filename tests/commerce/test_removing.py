"""Deleting orders, and what else makes figures due."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.due import mark_due, mark_due_of
from wagtail_precise_mail.commerce.models import FiguresDue, Order, OrderLine
from wagtail_precise_mail.commerce.services import delete_order, delete_orders
from wagtail_precise_mail.commerce.signals import order_deleted
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.merging import merge_contacts, undo_merge

pytestmark = pytest.mark.django_db


def due() -> dict[int, int]:
    return dict(FiguresDue.objects.values_list("contact_id", "change_count"))


def test_an_order_goes_with_its_lines_and_makes_its_contact_due() -> None:
    ada = make_contact()
    make_order(ada, [("A", 1, "3")], number="1")
    kept = make_order(ada, [("A", 1, "3")], number="2")

    assert delete_order("shop", "1")

    assert list(Order.objects.all()) == [kept]
    assert OrderLine.objects.count() == 1
    assert due() == {ada.pk: 1}


def test_an_order_that_is_not_there_is_told() -> None:
    make_order(number="1", source="other")

    assert not delete_order("shop", "1")
    assert Order.objects.count() == 1


def test_many_orders_go_at_once_and_each_is_announced(django_capture_on_commit_callbacks) -> None:
    contacts = [make_contact(), make_contact(), None]
    for number, contact in enumerate(contacts):
        make_order(contact, number=str(number))
    heard: list[Any] = []
    order_deleted.connect(
        lambda number, contact_id, **kwargs: heard.append((number, contact_id)), weak=False, dispatch_uid="test"
    )
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert delete_orders("shop", ["0", "1", "2", "9"]) == 3
    finally:
        order_deleted.disconnect(dispatch_uid="test")

    assert heard == [("0", contacts[0].pk), ("1", contacts[1].pk), ("2", None)]
    assert set(due()) == {contacts[0].pk, contacts[1].pk}


def test_refunds_of_a_deleted_order_stay() -> None:
    sale = make_order(number="1")
    refund = make_order(number="R1", kind="refund", refund_of=sale)

    delete_order("shop", "1")

    refund.refresh_from_db()
    assert refund.refund_of is None


class TestDue:
    def test_a_set_of_orders_is_marked_in_one_statement_after_a_look(self, django_assert_num_queries) -> None:
        ada, bob = make_contact(), make_contact()
        for contact in (ada, ada, bob, None):
            make_order(contact)
        make_order(make_contact(), source="other")
        mark_due([ada.pk])

        with django_assert_num_queries(2):
            mark_due_of(Order.objects.filter(source="shop"))

        assert due() == {ada.pk: 2, bob.pk: 1}

    def test_a_merge_makes_the_one_who_stays_due(self) -> None:
        ada, bob = make_contact(), make_contact()
        make_order(bob)

        merge_contacts(ada, [bob], by=None)

        assert set(due()) == {ada.pk}

    def test_taking_a_merge_back_makes_all_of_them_due(self) -> None:
        ada, bob = make_contact(), make_contact()
        make_order(bob)
        merge = merge_contacts(ada, [bob], by=None)
        FiguresDue.objects.all().delete()

        undo_merge(merge, by=None)

        assert set(due()) == {ada.pk, bob.pk}
        assert Order.objects.get().contact == bob

    def test_an_erased_contact_is_due_no_longer_and_the_order_is_nobodys(self) -> None:
        ada = make_contact()
        make_order(ada)
        mark_due([ada.pk])

        erase(ada)

        assert due() == {}
        assert Order.objects.get().contact is None
