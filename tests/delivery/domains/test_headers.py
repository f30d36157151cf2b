"""The headers of messages as they leave, and of messages that something on the way has spoiled."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.factories.delivery import make_compiled, make_message, make_send
from wagtail_precise_mail.delivery.domains.headers import check_message
from wagtail_precise_mail.delivery.domains.samples import Sample, latest_sample
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.delivery.processors import MessageProcessor, message_processors

AT = timezone.now()

GOOD = (
    "Date: Fri, 27 Nov 2026 09:00:00 +0000\r\n"
    "Message-ID: <abc@news.shop.com>\r\n"
    "From: Shop <hello@shop.com>\r\n"
    "To: ada@example.com\r\n"
    "Subject: Hello\r\n"
    "MIME-Version: 1.0\r\n"
    "List-Unsubscribe: <https://shop.com/u/1>\r\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    "Feedback-ID: 1:2:3:shop\r\n"
    "DKIM-Signature: v=1; h=From:List-Unsubscribe:\r\n List-Unsubscribe-Post; b=abc\r\n"
    'Content-Type: text/html; charset="utf-8"\r\n'
    "\r\n"
    "<p>Hello</p>\r\n"
)


def codes(text: str, *, is_marketing: bool = True) -> list[str]:
    return [finding.code for finding in check_message(text.encode(), is_marketing=is_marketing)]


def without(name: str) -> str:
    return "".join(line + "\r\n" for line in GOOD.split("\r\n")[:-1] if not line.startswith(f"{name}:"))


def test_a_message_in_order_is_good() -> None:
    assert codes(GOOD) == ["headers_good", "header_feedback"]


@pytest.mark.parametrize("name", ["From", "To", "Date", "Message-ID", "Subject", "MIME-Version"])
def test_a_header_that_is_not_there_is_missed(name: str) -> None:
    assert "header_missing" in codes(without(name))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Subject: Again\r\n" + GOOD, "header_twice"),
        ("message-id: <again@shop.com>\r\n" + GOOD, "header_twice"),
        (GOOD.replace("Fri, 27 Nov 2026 09:00:00 +0000", "today"), "header_wrong"),
        (GOOD.replace("abc@news.shop.com", "abc@provider.net"), "header_id_domain"),
        (GOOD.replace("<https://shop.com/u/1>", "<mailto:u@shop.com>"), "header_one_click_plain"),
        (GOOD.replace("<https://shop.com/u/1>", "<http://shop.com/u/1>"), "header_one_click_plain"),
        (without("List-Unsubscribe"), "header_no_one_click"),
        (without("List-Unsubscribe-Post"), "header_no_one_click"),
        (GOOD + "x" * 999 + "\r\n", "header_long_line"),
        (GOOD + "words and words\r\n" * 7000, "header_clipped"),
        (GOOD.replace(" List-Unsubscribe-Post; b", " Subject; b"), "header_not_covered"),
        (without("Feedback-ID"), "header_no_feedback"),
        (without("DKIM-Signature").replace("\r\n List-Unsubscribe-Post; b=abc", ""), "header_signed_later"),
    ],
)
def test_what_is_wrong_is_noticed(text: str, code: str) -> None:
    assert code in codes(text)


def test_mail_about_an_order_need_not_offer_to_unsubscribe() -> None:
    assert codes(without("List-Unsubscribe"), is_marketing=False) == ["headers_good", "header_feedback"]


def sample(address: str = "shop@example.com") -> Sample:
    found = latest_sample([address], at=AT)
    assert found is not None
    return found


@pytest.mark.django_db
def test_a_message_of_ours_has_all_that_it_needs() -> None:
    make_message(make_send(), state="accepted", finished_at=AT)

    one = sample()

    found = [finding.code for finding in check_message(one.envelope.content, is_marketing=one.is_marketing)]
    assert found == ["headers_good", "header_signed_later", "header_feedback"]
    assert one.envelope.sender == "shop@example.com"


@pytest.mark.django_db
def test_a_message_with_links_without_encryption_offers_no_click(settings: Settings) -> None:
    make_message(make_send(base_url="http://shop.example.com"), state="accepted", finished_at=AT)

    found = [finding.code for finding in check_message(sample().envelope.content, is_marketing=True)]

    assert "header_one_click_plain" in found


@pytest.mark.django_db
def test_only_what_left_from_the_address_is_looked_at() -> None:
    make_message(make_send(from_address="other@example.com"), state="accepted", finished_at=AT)
    make_message(make_send(), state="pending")
    make_message(make_send(is_test=True), state="accepted", finished_at=AT)

    assert latest_sample(["shop@example.com"], at=AT) is None


@pytest.mark.django_db
def test_a_look_at_the_headers_changes_nothing(django_assert_max_num_queries) -> None:
    message = make_message(make_send(), state="accepted", finished_at=AT)
    before = type(message).objects.values().get()

    with django_assert_max_num_queries(15) as captured:
        sample()

    assert type(message).objects.values().get() == before
    assert not [query for query in captured if not query["sql"].lstrip().upper().startswith("SELECT")]


@pytest.mark.django_db
def test_a_campaign_comes_before_a_later_mail_about_a_sign_up() -> None:
    make_message(make_send(), state="accepted", finished_at=AT)
    for _number in range(7):
        make_message(make_send(topic=None, origin_kind=Send.SIGN_UP), state="accepted", finished_at=AT)

    assert sample().is_marketing


@pytest.mark.django_db
def test_a_message_that_cannot_be_made_again_gives_way_to_the_one_before() -> None:
    good = make_send()
    make_message(good, state="accepted", finished_at=AT)
    make_message(make_send(compiled=make_compiled(html=[{"merge": {"field": "contact.nothing"}}])), state="accepted")

    assert b"Hello" in sample().envelope.content


@pytest.mark.django_db
def test_what_other_peoples_processors_raise_stops_nothing() -> None:
    class Fails(MessageProcessor):
        def headers(self, message, contact, base_url):
            raise ValueError("other people's code")

    make_message(make_send(), state="accepted", finished_at=AT)
    with message_processors.temporarily("fails", Fails):
        assert latest_sample(["shop@example.com"], at=AT) is None
