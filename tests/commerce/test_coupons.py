"""Coupon codes: filling pools, and one code per message, whoever asks and however often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.coupons import add_codes, free_count, read_codes, take_codes, with_counts
from wagtail_precise_mail.commerce.models import CouponCode, CouponPool

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def make_pool(count: int = 0, **overrides: object) -> CouponPool:
    """A pool of so many codes."""
    number = CouponPool.objects.count() + 1
    pool = CouponPool.objects.create(**{"name": f"Pool {number}", **overrides})
    CouponCode.objects.bulk_create([CouponCode(pool=pool, code=f"CODE-{number}-{one}") for one in range(count)])
    return pool


def test_pasted_codes_are_one_a_line() -> None:
    assert read_codes("\ufeffABC-1\n\n  ABC-2 \r\nABC-3") == [(1, "ABC-1"), (3, "ABC-2"), (4, "ABC-3")]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_file_may_have_more_columns(separator: str) -> None:
    text = f'name{separator}Code\nAda{separator}ABC-1\n"B{separator}C"{separator}ABC-2\n'
    assert read_codes(text) == [(2, "ABC-1"), (3, "ABC-2")]


def test_file_without_a_header_has_codes_in_its_first_column() -> None:
    assert read_codes("ABC-1,x\nABC-2,y") == [(1, "ABC-1"), (2, "ABC-2")]


def test_line_without_its_code_is_not_lost() -> None:
    assert read_codes("name,code\nAda,\n") == [(2, "")]


def test_codes_are_added_once_and_the_rest_is_told() -> None:
    pool = make_pool()
    add_codes(pool, [(1, "OLD-1")])
    added = add_codes(pool, [(1, "NEW-1"), (2, "OLD-1"), (3, "NEW-1"), (4, "<script>"), (5, "x"), (6, "NEW-2")])
    assert added.added_count == 2
    assert sorted(added.known) == ["NEW-1", "OLD-1"]
    assert added.refused == [(4, "<script>"), (5, "x")]
    assert set(pool.codes.values_list("code", flat=True)) == {"OLD-1", "NEW-1", "NEW-2"}


def test_each_message_gets_a_code_of_its_own_and_keeps_it() -> None:
    pool, ada, bob = make_pool(3), make_contact(), make_contact()
    first = take_codes(pool, {ada.pk: 11, bob.pk: 12}, at=AT)
    assert len(set(first.values())) == 2
    assert take_codes(pool, {ada.pk: 11, bob.pk: 12}, at=AT) == first
    assert free_count(pool) == 1
    row = CouponCode.objects.get(code=first[11])
    assert (row.contact, row.message_id, row.taken_at) == (ada, 11, AT)


def test_empty_pool_leaves_messages_without_a_code() -> None:
    pool = make_pool(1)
    taken = take_codes(pool, {make_contact().pk: 21, make_contact().pk: 22}, at=AT)
    assert list(taken) == [21]
    assert free_count(pool) == 0


def test_pools_do_not_share_codes() -> None:
    one, other, contact = make_pool(1), make_pool(1), make_contact()
    assert take_codes(one, {contact.pk: 5}, at=AT) != take_codes(other, {contact.pk: 5}, at=AT)


def test_erased_contact_leaves_the_code_taken() -> None:
    pool, contact = make_pool(1), make_contact()
    take_codes(pool, {contact.pk: 5}, at=AT)
    contact.delete()
    assert free_count(pool) == 0


def test_listing_counts_what_is_left() -> None:
    full, empty = make_pool(3), make_pool()
    take_codes(full, {make_contact().pk: 5}, at=AT)
    counted = {pool.pk: (pool.code_count, pool.free_count) for pool in with_counts(CouponPool.objects.all())}
    assert counted == {full.pk: (3, 2), empty.pk: (0, 0)}


def test_more_messages_cost_no_more_statements() -> None:
    # SQLite writes about 140 rows in one statement.
    pool = make_pool(150)
    contacts = [make_contact() for _number in range(100)]

    def queries(count: int, first: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            take_codes(pool, {contact.pk: first + contact.pk for contact in contacts[:count]}, at=AT)
        return len(captured)

    assert queries(2, 0) == queries(100, 100_000)


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_hand_out_no_code_twice() -> None:
    pool = make_pool(200)
    contacts = [make_contact().pk for _number in range(200)]
    start = Barrier(4)

    def work(number: int) -> dict[int, str]:
        found: dict[int, str] = {}
        try:
            start.wait()
            for first in range(number * 50, number * 50 + 50, 10):
                mine = {pk: 1000 + pk for pk in contacts[first : first + 10]}
                found |= take_codes(pool, mine, at=AT)
        finally:
            connection.close()
        return found

    with ThreadPoolExecutor(4) as workers:
        found = list(workers.map(work, range(4)))
    codes = [code for taken in found for code in taken.values()]
    assert len(codes) == len(set(codes)) == 200
    assert CouponCode.objects.filter(message_id__isnull=False).count() == 200


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_message_agree_on_its_code() -> None:
    pool, contact = make_pool(10), make_contact()
    start = Barrier(2)

    def work(_number: int) -> str:
        try:
            start.wait()
            for _attempt in range(3):
                try:
                    return take_codes(pool, {contact.pk: 77}, at=AT)[77]
                except Exception as error:
                    failure = error
            raise failure
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        assert len(set(workers.map(work, range(2)))) == 1
    assert CouponCode.objects.filter(message_id=77).count() == 1
