"""The mail that asks somebody to confirm: in the brand, untracked, and the only one that goes out unasked."""

from __future__ import annotations

import email
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.test import Client
from wagtail.models import Locale

from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.delivery import make_message, make_send
from tests.factories.emails import compiled, default_site, make_brand, make_email, raw_block
from wagtail_precise_mail.contacts.joining import Visit, confirm_sign_up, sign_up
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.contacts.services import suppress, unsubscribe
from wagtail_precise_mail.contacts.sign_ups import SignUp
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.services import deliver, send_test

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def brand() -> Any:
    return make_brand(primary_color="#123456")


@pytest.fixture
def news() -> Topic:
    return make_topic(name="News", slug="news")


@pytest.fixture
def ask(news: Topic, django_capture_on_commit_callbacks: Any) -> Any:
    def do(address: str = "ada@example.com", language: str = "en") -> SignUp:
        with django_capture_on_commit_callbacks(execute=True):
            row = sign_up(address, [news], source="site", visit=Visit(default_site(), language))
        assert row is not None
        for send in Send.objects.filter(origin_kind="sign_up", state=Send.State.RUNNING):
            deliver(send.pk)
        return row

    return do


def last_mail() -> EmailMessage:
    return email.message_from_bytes(MemoryChannel.outbox[-1].content, policy=default)


def html_of(mail: EmailMessage) -> BeautifulSoup:
    return BeautifulSoup(mail.get_body(("html",)).get_content(), "html.parser")


def path_in(mail: EmailMessage, words: str = "Yes, write to me") -> str:
    return str(html_of(mail).find("a", string=words)["href"]).removeprefix("https://shop.example.com")


def test_the_link_in_the_mail_confirms(ask: Any, news: Topic) -> None:
    row = ask()
    mail = last_mail()
    assert (mail["To"], mail["Subject"]) == ("ada@example.com", "Please confirm your address")
    assert mail["From"] == "Fern & Kettle <hello@shop.example.com>"
    path = path_in(mail)
    assert path in mail.get_body(("plain",)).get_content()
    assert Client().get(path).status_code == 200
    assert not Contact.objects.with_consent(news.pk).exists()
    assert "You are in" in Client().post(path).content.decode()
    assert Contact.objects.with_consent(news.pk).get() == row.contact
    assert row.contact.consents.get().basis == "double"


def test_it_is_in_the_brand_and_leads_out_as_every_mail_does(ask: Any) -> None:
    ask()
    mail = last_mail()
    assert "#123456" in str(html_of(mail))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_nobody_is_invited_to_what_they_are_about_to_confirm(ask: Any) -> None:
    ask()
    assert "friend?" not in str(html_of(last_mail()))


def test_nobody_is_tracked_before_they_agreed(ask: Any) -> None:
    ask()
    page = str(html_of(last_mail()))
    assert "/mail/c/" not in page
    assert "/mail/o/" not in page


def test_whoever_left_is_asked_again_and_is_back_after_the_press(ask: Any, news: Topic) -> None:
    contact = make_contact(email="ada@example.com")
    grant(contact, news)
    unsubscribe(contact)
    ask()
    assert len(MemoryChannel.outbox) == 1
    Client().post(path_in(last_mail()))
    assert Contact.objects.not_suppressed().with_consent(news.pk).get() == contact


@pytest.mark.parametrize("reason", ["hard_bounce", "complaint", "manual"])
def test_addresses_that_must_be_left_alone_are_left_alone(ask: Any, reason: str) -> None:
    suppress("ada@example.com", reason=reason)
    ask()
    assert MemoryChannel.outbox == []
    assert OutboxMessage.objects.get().skip_reason == "suppressed"


def test_other_mail_still_skips_those_who_left() -> None:
    contact, topic = make_contact(), make_topic()
    send = make_send(topic=topic, origin_kind="note")
    grant(contact, topic)
    unsubscribe(contact)
    make_message(send, contact)
    deliver(send.pk)
    assert OutboxMessage.objects.get().skip_reason == "unsubscribed"


def test_leaving_by_the_link_in_it_stops_it(ask: Any) -> None:
    ask()
    Client().post(path_in(last_mail(), "Unsubscribe"))
    contact = Contact.objects.get()
    assert contact.consents.get().status == "withdrawn"


def test_it_is_written_in_the_language_of_the_form(ask: Any) -> None:
    Locale.objects.get_or_create(language_code="zh-hans")
    ask(language="zh-hans")
    assert html_of(last_mail()).find("html")["lang"] == "zh-hans"


def test_a_site_may_write_its_own(ask: Any, brand: Any) -> None:
    own = make_email(raw_block("confirm_sign_up", label="It was me"), subject="Is it you?")
    brand.confirmation_email = own
    brand.save()
    ask()
    assert last_mail()["Subject"] == "Is it you?"
    assert Client().post(path_in(last_mail(), "It was me")).status_code == 200
    assert Contact.objects.get().consents.get().status == "granted"


@pytest.mark.parametrize("facts", [{"live": False}, {"body": []}])
def test_an_own_one_that_cannot_confirm_gives_way_to_ours(ask: Any, brand: Any, facts: dict[str, Any]) -> None:
    brand.confirmation_email = make_email(raw_block("confirm_sign_up", label="Yes"), subject="Own", **facts)
    if facts == {"body": []}:
        brand.confirmation_email.body = "[]"
        brand.confirmation_email.save()
    brand.save()
    ask()
    assert last_mail()["Subject"] == "Please confirm your address"


def test_the_brand_refuses_an_email_without_the_button(brand: Any) -> None:
    brand.confirmation_email = make_email()
    with pytest.raises(ValidationError, match="lacks the block"):
        brand.clean()


def test_a_test_mail_confirms_nothing(news: Topic) -> None:
    row = sign_up("ada@example.com", [news], source="site")
    own = make_email(raw_block("confirm_sign_up", label="Yes"))
    message = send_test(
        compiled(own), "ann@example.com", from_address="a@b.example", base_url="https://shop.example.com",
        contact=row.contact if row else None,
    )  # fmt: skip
    deliver(message.send_id)
    assert Client().post(path_in(last_mail(), "Yes")).status_code == 410
    assert Contact.objects.get().consents.get().status == "pending"


def test_in_a_campaign_the_button_confirms_nothing(news: Topic) -> None:
    row = sign_up("ada@example.com", [news], source="site")
    assert row is not None
    own = make_email(raw_block("confirm_sign_up", label="Yes"))
    send = make_send(compiled=compiled(own), topic=None, origin_id=row.pk)
    make_message(send, row.contact)
    deliver(send.pk)
    assert Client().post(path_in(last_mail(), "Yes")).status_code == 410


def test_the_mail_does_not_leave_after_its_link_ran_out(ask: Any, news: Topic) -> None:
    row = ask()
    assert Send.objects.get().send_before == SignUp.objects.get(pk=row.pk).expires_at


def test_without_a_sender_nothing_breaks_and_the_log_says_why(ask: Any, brand: Any, caplog: Any) -> None:
    brand.sender = None
    brand.save()
    row = ask()
    assert MemoryChannel.outbox == []
    assert "The site has no sender" in caplog.text
    assert confirm_sign_up(row)
