"""Django's mail connection as a channel: what it keeps, and what its errors mean."""

from __future__ import annotations

import socket
from typing import Any

import django
import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from pytest_django import Settings

from tests.delivery.smtp_server import MailServer
from wagtail_precise_mail.delivery.channels import (
    DjangoChannel,
    FileChannel,
    Receipt,
    SmtpChannel,
    django_backend,
    open_channel,
)
from wagtail_precise_mail.delivery.channels.contract import make_envelope
from wagtail_precise_mail.exceptions import (
    ChannelUnavailable,
    ConfigurationError,
    OutcomeUnknown,
    PermanentDeliveryError,
    TemporaryDeliveryError,
    UnknownKey,
)

SMTP = "django.core.mail.backends.smtp.EmailBackend"
HAS_MAILERS = hasattr(mail, "mailers")


@pytest.fixture
def server(mail_server: MailServer, settings: Settings) -> MailServer:
    settings.EMAIL_BACKEND = SMTP
    settings.EMAIL_TIMEOUT = 2
    return mail_server


class TestErrors:
    @pytest.mark.parametrize(
        ("rule", "error"),
        [
            ({"at": "MAIL", "do": "550 5.7.1 sender refused"}, ChannelUnavailable),
            ({"at": "MAIL", "do": "451 4.3.0 later"}, TemporaryDeliveryError),
            ({"at": "RCPT", "do": "550 5.1.1 unknown"}, PermanentDeliveryError),
            ({"at": "RCPT", "do": "450 4.2.0 greylisted"}, TemporaryDeliveryError),
            ({"at": "DATA", "do": "554 5.7.1 no"}, PermanentDeliveryError),
            ({"at": "DOT", "do": "451 4.3.0 later"}, TemporaryDeliveryError),
            ({"at": "DOT", "do": "421 4.3.2 closing"}, TemporaryDeliveryError),
            ({"at": "DOT", "do": "drop"}, OutcomeUnknown),
            ({"at": "REPLY", "do": "drop"}, OutcomeUnknown),
            ({"at": "RCPT", "do": "drop"}, OutcomeUnknown),
            ({"at": "CONNECT", "do": "554 5.3.2 no"}, ChannelUnavailable),
            ({"at": "CONNECT", "do": "drop"}, ChannelUnavailable),
        ],
    )
    def test_what_the_server_says_becomes_ours(
        self, server: MailServer, rule: dict[str, Any], error: type[Exception]
    ) -> None:
        server.script({**rule, "times": 1})
        with DjangoChannel() as channel:
            with pytest.raises(error):
                channel.send(make_envelope(1))
            assert isinstance(channel.send(make_envelope(2)), Receipt)

    def test_nobody_at_the_port_is_unavailable(self, settings: Settings) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", free.getsockname()[1]
        with pytest.raises(ChannelUnavailable, match="refused"):
            DjangoChannel().send(make_envelope())

    def test_a_backend_that_took_nothing_says_so(self, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        monkeypatch.setattr(EmailBackend, "send_messages", lambda self, messages: 0)
        with pytest.raises(PermanentDeliveryError, match="sent nothing"):
            DjangoChannel().send(make_envelope())


class TestConnections:
    def test_one_connection_carries_many_messages(self, server: MailServer) -> None:
        server.script({"at": "CONNECT", "do": "554 no more", "times": 0})
        with DjangoChannel() as channel:
            channel.send(make_envelope(1))
            server.script({"at": "CONNECT", "do": "554 only one connection"})
            channel.send(make_envelope(2))
        assert len(server.entries()) == 2

    def test_it_is_replaced_after_a_while(self, server: MailServer, settings: Settings) -> None:
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "smtp_messages_per_connection": 1}
        with DjangoChannel() as channel:
            channel.send(make_envelope(1))
            server.script({"at": "CONNECT", "do": "554 only one connection"})
            with pytest.raises(ChannelUnavailable):
                channel.send(make_envelope(2))

    def test_an_idle_connection_that_the_server_closed_loses_nothing(
        self, server: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(django_backend, "_IDLE_SECONDS", 0)
        with DjangoChannel() as channel:
            channel.send(make_envelope(1))
            channel.connection.connection.sock.shutdown(socket.SHUT_RDWR)
            channel.send(make_envelope(2))
        assert len(server.entries()) == 2


class TestChoosing:
    def test_the_option_names_a_channel_and_its_argument(self, tmp_path: Any) -> None:
        channel = open_channel(f"file:{tmp_path}")
        assert isinstance(channel, FileChannel)
        assert channel.folder == tmp_path
        assert isinstance(open_channel("smtp"), SmtpChannel)

    @pytest.mark.parametrize(
        ("name", "error"), [("pigeon", UnknownKey), ("smtp:other", ConfigurationError), ("file", ConfigurationError)]
    )
    def test_a_wrong_one_is_an_error(self, name: str, error: type[Exception]) -> None:
        with pytest.raises(error):
            open_channel(name)

    @pytest.mark.skipif(HAS_MAILERS, reason="Django 6.1 knows mailers.")
    def test_before_django_6_1_a_mailer_by_name_is_an_error_that_says_so(self) -> None:
        with pytest.raises(ConfigurationError, match=r"6\.1"):
            open_channel("django:newsletters")

    @pytest.mark.skipif(not HAS_MAILERS, reason=f"Django {django.get_version()} has no mailers.")
    def test_a_mailer_is_known_by_name_with_its_own_credentials(self, mail_server: MailServer, settings: Any) -> None:
        settings.MAILERS = {
            "default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"},
            "newsletters": {
                "BACKEND": SMTP,
                "OPTIONS": {"host": "127.0.0.1", "port": mail_server.port, "timeout": 2},
            },
            "bulk": {"BACKEND": SMTP, "OPTIONS": {"host": "mail.example.com", "username": "me", "password": "hunter2"}},
        }
        with open_channel("django:newsletters") as channel:
            channel.send(make_envelope())
        assert mail_server.recipients() == ["reader1@example.org"]
        bulk: Any = open_channel("django:bulk")
        assert (bulk.connection.username, bulk.connection.password) == ("me", "hunter2")
        assert "hunter2" not in f"{bulk!r} {bulk.__dict__}"
        with pytest.raises(ConfigurationError, match="nobody"):
            open_channel("django:nobody")
