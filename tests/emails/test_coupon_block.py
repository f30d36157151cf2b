"""The coupon in a mail: which code, for whom, and what stands there when there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from tests.commerce.test_coupons import make_pool
from tests.emails.lists import body, load, read, text_of
from tests.emails.test_varied import is_whole
from tests.factories.contacts import make_contact
from tests.factories.emails import compiled, default_site, make_email, raw_block
from wagtail_precise_mail.commerce.coupons import free_count
from wagtail_precise_mail.commerce.models import CouponPool
from wagtail_precise_mail.emails.blocks.coupons import CouponBlock
from wagtail_precise_mail.emails.checks import check_email
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.preview import picker_preview
from wagtail_precise_mail.emails.readers import ReaderLoader, item_sources
from wagtail_precise_mail.exceptions import RenderError

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def coupon(pool: CouponPool | None = None, **overrides: Any) -> dict[str, Any]:
    value = {"title": "10% off", "code": "", "pool": pool.pk if pool else None, "terms": "", "empty_words": ""}
    return raw_block("coupon", **{**value, **overrides})


def warnings(email: Email) -> list[str]:
    return [finding.message for finding in check_email(email, default_site())]


def test_fixed_code_is_the_same_for_all() -> None:
    email = make_email(coupon(code="FERN-10", terms="From £30.\nOnce.", expires_at="2099-12-31T12:00:00+00:00"))
    filled = read(email, make_contact())
    box = body(filled).find(class_="wpm-coupon")
    assert box is not None
    assert box.get_text(" ", strip=True) == "10% off FERN-10 Valid until December 31, 2099 From £30. Once."
    assert text_of(filled) == "10% off\n\n    Your code: FERN-10\nValid until December 31, 2099\nFrom £30.\nOnce."
    assert is_whole(filled.html)


def test_expired_code_makes_room_for_words() -> None:
    email = make_email(coupon(code="FERN-10", expires_at="2020-01-01T00:00:00Z", empty_words="Too late."))
    filled = read(email, make_contact())
    assert "FERN-10" not in filled.html + filled.text
    assert "Too late." in filled.html
    assert text_of(filled) == "Too late."
    assert any("offer ended on" in message for message in warnings(email))


def test_code_that_expires_between_writing_and_sending_is_not_sent() -> None:
    pool = make_pool(3, expires_at=NOW + timedelta(days=1))
    contact = make_contact()
    email = make_email(coupon(pool), raw_block("heading", title="Bye"))
    assert "CODE-1" in read(email, contact, at=NOW, messages={contact.pk: 5}).html
    late = read(email, contact, at=NOW + timedelta(days=2), messages={contact.pk: 6})
    assert "CODE-1" not in late.html
    assert free_count(pool) == 2


def test_each_message_carries_a_code_of_its_own_and_the_same_again() -> None:
    pool = make_pool(300)
    contacts = [make_contact() for _number in range(200)]
    email = make_email(coupon(pool))
    messages = {contact.pk: 10_000 + contact.pk for contact in contacts}
    first = load(email, *contacts, messages=messages)
    again = load(email, *contacts, messages=messages)
    codes = [reader.lists["list0"][0]["code"] for reader in first.values()]
    assert len(set(codes)) == 200
    assert {key: reader.lists for key, reader in again.items()} == {key: reader.lists for key, reader in first.items()}
    assert free_count(pool) == 100


def test_previews_and_test_mails_take_no_code() -> None:
    pool = make_pool(2)
    filled = read(make_email(coupon(pool)), make_contact())
    assert "SAMPLE-1234" in filled.html
    assert free_count(pool) == 2


def test_empty_pool_shows_the_words_for_that() -> None:
    pool = make_pool(1)
    contacts = [make_contact(), make_contact()]
    email = make_email(coupon(pool, empty_words='All gone, {{ contact.first_name | default: "friend" }}.'))
    messages = {contact.pk: contact.pk for contact in contacts}
    readers = load(email, *contacts, messages=messages)
    assert sorted(len(reader.lists["list0"]) for reader in readers.values()) == [0, 1]
    late = make_contact()
    assert "All gone, friend." in read(email, late, messages={late.pk: 99}).html


def test_two_coupons_of_one_pool_in_one_email_are_the_same_code() -> None:
    pool, contact = make_pool(5), make_contact()
    filled = read(make_email(coupon(pool), coupon(pool, title="Once more")), contact, messages={contact.pk: 7})
    assert filled.html.count("CODE-1-0") == 2
    assert free_count(pool) == 4


@pytest.mark.parametrize(
    ("count", "words"), [(0, "has no codes left"), (1, "has 1 code left"), (9, "has 9 codes left")]
)
def test_checks_warn_of_a_pool_that_runs_out(count: int, words: str) -> None:
    pool = make_pool(count, low_stock_at=10)
    assert any(words in message for message in warnings(make_email(coupon(pool))))


def test_checks_know_when_a_pool_ends() -> None:
    ended, lasting = make_pool(9, expires_at=NOW - timedelta(days=1)), make_pool(9, expires_at=NOW + timedelta(days=9))
    assert any("offer ended on" in message for message in warnings(make_email(coupon(ended, terms="Once."))))
    assert not any("offer" in message for message in warnings(make_email(coupon(lasting, terms="Once."))))


def test_code_of_a_pool_is_for_nobody_else() -> None:
    assert not item_sources.get("pool_coupon")().may_be_shared({})
    assert item_sources.get("coupon")().may_be_shared({})


def test_checks_say_nothing_of_a_full_pool() -> None:
    pool = make_pool(10, low_stock_at=10)
    assert not any("left" in message for message in warnings(make_email(coupon(pool))))


def test_deleted_pool_is_an_error_with_the_name_of_the_block() -> None:
    pool = make_pool(1)
    email = make_email(coupon(pool))
    pool.delete()
    with pytest.raises(RenderError, match="was deleted") as caught:
        compiled(Email.objects.get(pk=email.pk))
    assert caught.value.block == "Coupon, block 1"


def test_pool_that_is_deleted_while_it_is_sent_shows_the_words() -> None:
    pool, contact = make_pool(1), make_contact()
    email = make_email(coupon(pool, empty_words="Ask us."))
    payload = compiled(email).payload
    pool.delete()
    readers = ReaderLoader(payload).load([contact], at=NOW, base_url="https://x.example", messages={contact.pk: 1})
    assert readers[contact.pk].lists["list0"] == []


def test_coupon_fits_in_a_column() -> None:
    columns = [{"content": [coupon(code="A-10", empty_words="Gone.")]}, {"content": [coupon(code="B-10")]}]
    filled = read(make_email(raw_block("columns", columns=columns)), make_contact())
    assert "A-10" in filled.html
    assert "Gone." not in filled.html
    assert is_whole(filled.html)


@pytest.mark.parametrize("both", [True, False])
def test_one_of_code_and_pool_is_needed(both: bool) -> None:
    pool = make_pool(1)
    block = CouponBlock()
    value = block.to_python({"title": "10%", "code": "A-1" if both else "", "pool": pool.pk if both else None})
    with pytest.raises(ValidationError) as caught:
        block.clean(value)
    assert "code" in caught.value.block_errors


def test_picker_shows_a_coupon() -> None:
    assert "FERN-10" in picker_preview(CouponBlock())
