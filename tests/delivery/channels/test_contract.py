"""Every channel of ours passes the tests that all channels pass, each against what it talks to in earnest."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings

from tests.delivery.channels.fake_provider import FakeProvider
from tests.delivery.conftest import use_mail_server
from tests.delivery.smtp_server import MailServer
from wagtail_precise_mail.delivery.channels import (
    AnymailChannel,
    Channel,
    DjangoChannel,
    FileChannel,
    MemoryChannel,
    SmtpChannel,
)
from wagtail_precise_mail.delivery.channels.contract import SECRET, ChannelContract
from wagtail_precise_mail.exceptions import ChannelUnavailable, PermanentDeliveryError, TemporaryDeliveryError

Received = Sequence[tuple[str, bytes | EmailMessage]]
REFUSED = {True: "550 5.7.1 refused", False: "451 4.3.0 later"}


class TestMemory(ChannelContract):
    def make_channel(self) -> Channel:
        return MemoryChannel()

    def received(self) -> Received:
        return [(envelope.recipient, envelope.content) for envelope in MemoryChannel.outbox]

    def refuse(self, *, for_good: bool) -> None:
        error = PermanentDeliveryError if for_good else TemporaryDeliveryError
        MemoryChannel.failures["reader1@example.org"] = error("no", reply=REFUSED[for_good])

    def go_away(self) -> None:
        MemoryChannel.failures["reader1@example.org"] = ChannelUnavailable("no memory")


class TestFile(ChannelContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "mails"

    def make_channel(self) -> Channel:
        return FileChannel(str(self.folder))

    def received(self) -> Received:
        files = sorted(self.folder.glob("*.eml"))
        return [(f"reader{file.name[5]}@example.org", file.read_bytes()) for file in files]

    def refuse(self, *, for_good: bool) -> None:
        pytest.skip("A folder refuses no single message.")

    def go_away(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.touch()


class _OverSmtp(ChannelContract):
    channel_class: type[Channel]

    @pytest.fixture(autouse=True)
    def _server(self, mail_server: MailServer, settings: Settings, tmp_path: Path) -> Iterator[None]:
        self.server, self.settings = mail_server, settings
        yield
        use_mail_server(settings, mail_server.port)

    def make_channel(self) -> Channel:
        return self.channel_class()

    def received(self) -> Received:
        return [(entry["to"][0], base64.b64decode(entry["content"])) for entry in self.server.entries()]

    def refuse(self, *, for_good: bool) -> None:
        self.server.script({"at": "RCPT", "match": "reader1@", "do": REFUSED[for_good]})

    def go_away(self) -> None:
        self.server.script({"at": "CONNECT", "do": "554 5.3.2 go away"})


class TestSmtp(_OverSmtp):
    channel_class = SmtpChannel


class TestDjangoOverSmtp(_OverSmtp):
    channel_class = DjangoChannel

    @pytest.fixture(autouse=True)
    def _backend(self, settings: Settings, _server: None) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

    def test_the_bytes_are_the_same_and_the_sender_of_the_envelope_is_ours(self) -> None:
        from wagtail_precise_mail.delivery.channels.contract import make_envelope

        with self.make_channel() as channel:
            channel.send(make_envelope())
        (entry,) = self.server.entries()
        assert base64.b64decode(entry["content"]) == make_envelope().content
        assert entry["from"] == "bounces+token@example.com"


class TestDjangoInMemory(ChannelContract):
    @pytest.fixture(autouse=True)
    def _backend(self, settings: Settings) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        mail.outbox = []

    def make_channel(self) -> Channel:
        return DjangoChannel()

    def received(self) -> Received:
        return [(message.to[0], message.message().as_bytes()) for message in mail.outbox]

    def refuse(self, *, for_good: bool) -> None:
        pytest.skip("The memory of Django refuses nothing.")

    def go_away(self) -> None:
        pytest.skip("The memory of Django is always there.")


class TestAnymail(ChannelContract):
    @pytest.fixture(autouse=True)
    def _provider(self, settings: Settings) -> Iterator[None]:
        with FakeProvider() as self.provider:
            settings.EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
            settings.ANYMAIL = {"RESEND_API_KEY": SECRET, "RESEND_API_URL": self.provider.url}
            yield

    def make_channel(self) -> Channel:
        return AnymailChannel()

    def received(self) -> Received:
        return [(taken["to"][0], _as_message(taken)) for taken in self.provider.taken]

    def refuse(self, *, for_good: bool) -> None:
        self.provider.answers.append((422, {"name": "validation_error"}) if for_good else (429, {"name": "rate_limit"}))

    def go_away(self) -> None:
        self.provider.shutdown()
        self.provider.server_close()


def _as_message(taken: dict[str, Any]) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = taken["from"], taken["subject"]
    message["Reply-To"] = taken["reply_to"]
    for name, value in taken["headers"].items():
        message[name] = value
    message.set_content(taken["text"])
    message.add_alternative(taken["html"], subtype="html")
    return message
