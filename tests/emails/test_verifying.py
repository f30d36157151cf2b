"""The confirmation: a mail to the address, a page behind its link that asks, and a button that verifies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from wagtail.log_actions import registry

from tests.factories.emails import make_identity
from wagtail_precise_mail.emails.sender_tokens import make_sender_token
from wagtail_precise_mail.emails.senders import SenderIdentity
from wagtail_precise_mail.emails.verification import DAILY_LIMIT, LOG_PREFIX, send_confirmation, verify
from wagtail_precise_mail.exceptions import ConfirmationNotSent, ConfirmationOver

State, Means = SenderIdentity.State, SenderIdentity.Means
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _brand() -> None:
    """No sender is there, and no brand that has it, before a test writes it."""


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada", first_name="Ada", last_name="Whitlock")


@pytest.fixture
def sender() -> SenderIdentity:
    return make_identity(is_verified=False)


@pytest.fixture
def link(sender: SenderIdentity, ada: User) -> str:
    """The path that the mail leads to."""
    send_confirmation(sender, by=ada)
    return path_in(mail.outbox[-1].body)


def path_in(body: str) -> str:
    found = re.search(r"https://shop\.example\.com(/\S+)", body)
    assert found, body
    return found[1]


def path_for(sender: SenderIdentity, *, sent_at: datetime | None = None, address: str = "") -> str:
    token = make_sender_token(sender.pk, address or sender.address, sent_at=sent_at or timezone.now())
    return f"/mail/sender/{token}/"


def state_of(sender: SenderIdentity) -> State:
    return SenderIdentity.objects.get(pk=sender.pk).state


def logged(sender: SenderIdentity) -> list[str]:
    return [entry.action for entry in registry.get_logs_for_instance(sender).order_by("pk")]


class TestMail:
    def test_it_goes_to_the_address_by_djangos_own_mail(
        self, sender: SenderIdentity, ada: User, settings: Settings
    ) -> None:
        settings.DEFAULT_FROM_EMAIL = "Server <server@example.com>"
        send_confirmation(sender, by=ada)
        (message,) = mail.outbox
        assert (message.to, message.from_email) == (["hello@shop.example.com"], "Server <server@example.com>")
        assert "Ada Whitlock wants" in message.body
        assert "Fern & Kettle <hello@shop.example.com>" in message.body
        assert state_of(sender) == State.ASKED

    def test_it_reaches_addresses_in_other_scripts(self, ada: User) -> None:
        send_confirmation(make_identity("ruth@bücher.example", is_verified=False), by=ada)
        (message,) = mail.outbox
        assert "To: ruth@xn--bcher-kva.example" in message.message().as_string()

    def test_a_second_one_waits_a_minute(self, sender: SenderIdentity, ada: User) -> None:
        now = timezone.now()
        send_confirmation(sender, by=ada, at=now)
        with pytest.raises(ConfirmationNotSent, match="less than a minute ago"):
            send_confirmation(sender, by=ada, at=now + MINUTE - timedelta(seconds=1))
        send_confirmation(sender, by=ada, at=now + MINUTE)
        assert len(mail.outbox) == 2

    def test_another_address_does_not_shorten_the_minute(self, sender: SenderIdentity, ada: User) -> None:
        now = timezone.now()
        send_confirmation(sender, by=ada, at=now)
        sender.address = "victim@example.com"
        sender.save()
        with pytest.raises(ConfirmationNotSent, match="less than a minute ago"):
            send_confirmation(sender, by=ada, at=now)

    def test_a_day_has_an_end(self, sender: SenderIdentity, ada: User) -> None:
        noon = timezone.now().replace(hour=12)
        for number in range(DAILY_LIMIT):
            send_confirmation(sender, by=ada, at=noon + number * MINUTE)
        with pytest.raises(ConfirmationNotSent, match="Try again tomorrow"):
            send_confirmation(sender, by=ada, at=noon + DAILY_LIMIT * MINUTE)
        send_confirmation(sender, by=ada, at=noon + timedelta(days=1))
        assert len(mail.outbox) == DAILY_LIMIT + 1

    def test_of_two_at_once_one_sends(self, sender: SenderIdentity, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
        now = timezone.now()
        # Both have read the row before either wrote it.
        monkeypatch.setattr(SenderIdentity, "refresh_from_db", lambda self, **kwargs: None)
        stale = SenderIdentity.objects.get(pk=sender.pk)
        send_confirmation(sender, by=ada, at=now)
        with pytest.raises(ConfirmationNotSent, match="at this moment"):
            send_confirmation(stale, by=ada, at=now)
        assert len(mail.outbox) == 1

    def test_a_sender_that_is_verified_gets_none(self, ada: User) -> None:
        with pytest.raises(ConfirmationNotSent, match="verified already"):
            send_confirmation(make_identity(), by=ada)
        assert mail.outbox == []


class Broken(BaseEmailBackend):
    """A mail server that refuses."""

    error: ClassVar[Exception] = ConnectionRefusedError("nobody listens")

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        raise self.error


class TestBrokenServer:
    @pytest.fixture(autouse=True)
    def _broken(self, settings: Settings) -> Iterator[None]:
        settings.EMAIL_BACKEND = f"{__name__}.Broken"
        yield
        Broken.error = ConnectionRefusedError("nobody listens")

    @pytest.mark.parametrize(
        ("error", "words"),
        [
            (ConnectionRefusedError("nobody listens"), "nobody listens"),
            (TimeoutError(), "TimeoutError"),
            (SMTPRecipientsRefused({"a@b.example": (550, b"no")}), "550"),
            (RuntimeError("a provider's own"), "a provider's own"),
        ],
    )
    def test_it_is_said_and_nothing_is_lost(
        self, sender: SenderIdentity, ada: User, error: Exception, words: str
    ) -> None:
        Broken.error = error
        with pytest.raises(ConfirmationNotSent, match=f"did not take the confirmation.*{words}"):
            send_confirmation(sender, by=ada)
        assert state_of(sender) == State.UNVERIFIED
        assert logged(sender) == []

    def test_the_next_try_need_not_wait(self, sender: SenderIdentity, ada: User, settings: Settings) -> None:
        now = timezone.now()
        with pytest.raises(ConfirmationNotSent):
            send_confirmation(sender, by=ada, at=now)
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        send_confirmation(sender, by=ada, at=now)
        assert len(mail.outbox) == 1

    def test_an_earlier_confirmation_stays_good(self, sender: SenderIdentity, ada: User, settings: Settings) -> None:
        now = timezone.now()
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        send_confirmation(sender, by=ada, at=now)
        settings.EMAIL_BACKEND = f"{__name__}.Broken"
        with pytest.raises(ConfirmationNotSent):
            send_confirmation(sender, by=ada, at=now + MINUTE)
        sender.refresh_from_db()
        assert (sender.requested_at, sender.request_count) == (now, 1)


class TestPage:
    def test_opening_it_verifies_nothing(self, client: Client, sender: SenderIdentity, link: str) -> None:
        response = client.get(link)
        assert response.status_code == 200
        assert "hello@shop.example.com" in response.content.decode()
        assert state_of(sender) == State.ASKED

    def test_the_button_verifies(self, sender: SenderIdentity, link: str) -> None:
        response = Client(enforce_csrf_checks=True).post(link)
        assert "The address is verified" in response.content.decode()
        found = SenderIdentity.objects.get(pk=sender.pk)
        assert (found.state, found.verified_by) == (State.VERIFIED, Means.LINK)

    def test_the_button_can_be_pressed_twice(self, client: Client, sender: SenderIdentity, link: str) -> None:
        client.post(link)
        before = SenderIdentity.objects.get(pk=sender.pk).verified_at
        assert "The address is verified" in client.post(link).content.decode()
        assert "The address is verified" in client.get(link).content.decode()
        assert SenderIdentity.objects.get(pk=sender.pk).verified_at == before
        assert logged(sender) == [f"{LOG_PREFIX}ask", f"{LOG_PREFIX}verify"]

    def test_its_address_stays_private(self, client: Client, link: str) -> None:
        response = client.get(link)
        assert (response["Referrer-Policy"], response["Cache-Control"]) == ("no-referrer", "no-store")

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_a_tampered_link_says_so(self, client: Client, sender: SenderIdentity, link: str, method: str) -> None:
        token = link.rstrip("/").rpartition("/")[2]
        changed = link.replace(token, ("B" if token[0] == "A" else "A") + token[1:])
        response = getattr(client, method)(changed)
        assert response.status_code == 400
        assert "This link does not work" in response.content.decode()
        assert state_of(sender) == State.ASKED

    @pytest.mark.parametrize("method", ["get", "post"])
    def test_a_link_is_good_for_three_days(self, client: Client, sender: SenderIdentity, method: str) -> None:
        late = path_for(sender, sent_at=timezone.now() - timedelta(days=3, seconds=1))
        response = getattr(client, method)(late)
        assert response.status_code == 410
        assert "It was good for 3 days" in response.content.decode()
        assert state_of(sender) == State.UNVERIFIED
        client.post(path_for(sender, sent_at=timezone.now() - timedelta(days=2, hours=23)))
        assert state_of(sender) == State.VERIFIED

    def test_another_address_kills_the_link(self, client: Client, sender: SenderIdentity, link: str) -> None:
        sender.address = "other@shop.example.com"
        sender.save()
        response = client.post(link)
        assert response.status_code == 410
        assert "has another address now" in response.content.decode()
        assert state_of(sender) == State.UNVERIFIED

    def test_a_deleted_sender_is_said(self, client: Client, sender: SenderIdentity, link: str) -> None:
        sender.delete()
        response = client.post(link)
        assert response.status_code == 410
        assert "was deleted" in response.content.decode()

    def test_names_are_shown_as_text(self, client: Client, sender: SenderIdentity, link: str) -> None:
        SenderIdentity.objects.update(name="<img src=x>")
        assert "&lt;img src=x&gt;" in client.get(link).content.decode()


def test_verifying_in_code_is_logged(sender: SenderIdentity, ada: User) -> None:
    verify(sender, means=Means.SERVER, by=ada)
    (entry,) = registry.get_logs_for_instance(sender)
    assert (entry.user, entry.data["means"]) == (ada, "server")
    assert entry.message == "Verified hello@shop.example.com"


def test_address_that_changes_meanwhile_is_not_verified(sender: SenderIdentity) -> None:
    SenderIdentity.objects.update(address="other@shop.example.com")
    with pytest.raises(ConfirmationOver):
        verify(sender, means=Means.LINK)
    assert state_of(sender) == State.UNVERIFIED
