"""Lists, orders and coupons in mails that are really handed over."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from wagtail.models import Page

from tests.commerce.test_coupons import make_pool
from tests.factories.commerce import make_order, make_product
from tests.factories.delivery import make_message, make_messages, make_reader, make_send
from tests.factories.emails import compiled, default_site, make_brand, make_email, raw_block
from tests.testapp.models import StoryPage
from wagtail_precise_mail.commerce.coupons import free_count
from wagtail_precise_mail.commerce.models import CouponCode, Product
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.contents import already_sent, content_of
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.reports.content import content_figures

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _memory(settings: Settings, tmp_path: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    settings.MEDIA_ROOT = tmp_path
    MemoryChannel.outbox.clear()
    make_brand()


def words_of(message: OutboxMessage) -> str:
    """The text part of the latest mail to the contact of a message."""
    mails = [message_from_bytes(one.content, policy=policy.default) for one in reversed(MemoryChannel.outbox)]
    body = next(mail for mail in mails if mail["To"] == message.address).get_body(("plain",))
    return str(body.get_content())


def publish(title: str) -> StoryPage:
    page = default_site().root_page.add_child(instance=StoryPage(title=title, intro=f"About {title}."))
    Page.objects.filter(pk=page.pk).update(first_published_at=timezone.now())
    return page


def brief() -> Any:
    return compiled(make_email(raw_block("page_list", selection="newest", count=5, layout="above", columns="2")))


def test_article_sent_on_monday_is_not_in_tuesday_s_brief_of_the_same_person() -> None:
    publish("Monday's article")
    monday = make_send(compiled=brief())
    reader = make_reader(monday)
    first = make_message(monday, reader)
    services.deliver(monday.pk)
    assert "Monday's article" in words_of(first)

    publish("Tuesday's article")
    tuesday = make_send(compiled=brief(), topic=monday.topic)
    second, newcomer = make_message(tuesday, reader), make_message(tuesday)
    services.deliver(tuesday.pk)
    assert "Tuesday's article" in words_of(second)
    assert "Monday's article" not in words_of(second)
    assert "Monday's article" in words_of(newcomer)
    assert "Tuesday's article" in words_of(newcomer)


def test_new_article_enters_the_next_digest_without_editing() -> None:
    payload = brief()
    publish("Fresh")
    send = make_send(compiled=payload)
    message = make_message(send)
    services.deliver(send.pk)
    assert "Fresh" in words_of(message)


def test_what_happens_between_scheduling_and_sending_changes_the_list() -> None:
    bought, other = (make_product(name=name, image_url="https://x.example/a.jpg") for name in ("Pot", "Mug"))
    email = make_email(raw_block("product_list", selection="newest", count=2, layout="compact", show_price=True))
    send = make_send(compiled=compiled(email))
    message = make_message(send)
    make_order(message.contact, [(bought, 1, 30)], timezone.now() - timedelta(minutes=1))
    Product.objects.filter(pk=other.pk).update(price="7.25")
    services.deliver(send.pk)
    assert "Mug, £7.25" in words_of(message)
    assert "Pot" not in words_of(message)


def test_each_recipient_gets_one_code_and_a_retry_the_same(settings: Settings) -> None:
    pool = make_pool(210)
    email = make_email(raw_block("coupon", title="10% off", code="", pool=pool.pk, terms="", empty_words=""))
    send = make_send(compiled=compiled(email))
    messages = make_messages(send, 200)
    services.deliver(send.pk)
    codes = {content_of(message).lists["list0"][0]["code"] for message in messages}
    assert len(codes) == 200
    assert free_count(pool) == 10
    before = dict(CouponCode.objects.filter(message_id__isnull=False).values_list("message_id", "code"))
    # A worker that dies after taking codes: its messages are sent by another one.
    OutboxMessage.objects.filter(send=send).update(state="pending", claim_token=None, finished_at=None)
    Send.objects.filter(pk=send.pk).update(state="running", finished_at=None)
    services.deliver(send.pk)
    assert dict(CouponCode.objects.filter(message_id__isnull=False).values_list("message_id", "code")) == before
    assert before[messages[0].pk] in words_of(messages[0])


def test_test_mail_takes_no_code() -> None:
    pool = make_pool(3)
    email = make_email(raw_block("coupon", title="10% off", code="", pool=pool.pk, terms="", empty_words=""))
    send = make_send(compiled=compiled(email), is_test=True)
    message = make_message(send)
    services.deliver(send.pk)
    assert "SAMPLE-1234" in words_of(message)
    assert free_count(pool) == 3


def test_what_was_sent_can_be_shown_again_exactly() -> None:
    pool = make_pool(3)
    product = make_product(name="Pot", image_url="https://x.example/a.jpg", price="30")
    email = make_email(
        raw_block("coupon", title="10% off", code="", pool=pool.pk, terms="", empty_words=""),
        raw_block("product_list", selection="newest", count=2, layout="compact", show_price=True),
    )
    send = make_send(compiled=compiled(email))
    message = make_message(send)
    services.deliver(send.pk)
    product.delete()
    kept = content_of(message)
    assert kept is not None
    again = Personalizer(send.compiled).fill(
        kept, rewrite_link=lambda link: link.url, system={"unsubscribe_url": "https://x.example/"}
    )
    assert "Pot, £30.00" in again.text
    assert CouponCode.objects.get(message_id=message.pk).code in again.text


def test_only_the_replacement_of_a_sold_out_product_counts_as_sent() -> None:
    sold_out, other = make_product(name="Pot", stock_count=0), make_product(name="Mug")
    card = raw_block("product", product=sold_out.pk, replacement=other.pk, layout="compact")
    send = make_send(compiled=compiled(make_email(card)))
    message = make_message(send)
    services.deliver(send.pk)
    assert message.contact is not None
    assert already_sent([message.contact], 3650, timezone.now()) == {message.contact_id: {f"product:{other.pk}"}}
    assert [(row.key, row.sends) for row in content_figures()] == [(f"product:{other.pk}", 1)]
