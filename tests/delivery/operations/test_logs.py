"""A send with failures of every kind: no address and no name of anybody stands in what was logged."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from tests.delivery.smtp_server import MailServer
from tests.factories.delivery import make_message, make_reader, make_send
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.composing import Composer
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

pytestmark = pytest.mark.django_db

FIRST_NAME, LAST_NAME = "Philippa", "Umbrage"


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG, logger="wagtail_precise_mail"):
        yield


def send_to(*names: str) -> Send:
    """A send to readers whose addresses begin with these names."""
    send = make_send()
    for name in names:
        contact = make_reader(send, email=f"{name}@example.com", first_name=FIRST_NAME, last_name=LAST_NAME)
        make_message(send, contact)
    return send


def check_nobody_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """Look through the lines as handlers write them, with the traces of errors."""
    assert caplog.records, "nothing was logged, so nothing is proved"
    assert not re.search(r"[\w.+-]+@example\.com", caplog.text), caplog.text
    assert FIRST_NAME not in caplog.text
    assert LAST_NAME not in caplog.text


@pytest.mark.parametrize(
    "rule",
    [
        {"at": "RCPT", "do": "550 5.1.1 <philippa@example.com> Philippa Umbrage is unknown here"},
        {"at": "RCPT", "do": "450 4.2.1 mailbox of philippa@example.com is busy"},
        {"at": "DATA", "do": "554 5.7.1 philippa@example.com does not want this"},
        {"at": "MAIL", "do": "550 5.7.1 shop@example.com may not write to philippa@example.com"},
        {"at": "DOT", "do": "552 5.2.2 mailbox full: philippa@example.com"},
        {"at": "DOT", "do": "drop"},
        {"at": "REPLY", "do": "drop"},
        {"at": "CONNECT", "do": "554 5.3.2 not for philippa@example.com"},
        {"at": "MAIL", "do": "421 4.3.2 closing, philippa@example.com"},
    ],
    ids=lambda rule: f"{rule['at']} {rule['do'][:3]}",
)
def test_what_a_mail_server_quotes_is_not_logged(
    rule: dict[str, Any], mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    mail_server.script(rule)
    send = send_to("philippa", "philippa.umbrage")
    services.deliver(send.pk)
    logging.getLogger("wagtail_precise_mail.delivery").info("Done with send %s.", send.pk)
    check_nobody_is_named(caplog)


def test_a_mail_server_that_is_away_is_logged_without_anybody(
    mail_server: MailServer, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_PORT = 1
    services.deliver(send_to("philippa").pk)
    assert "waits" in caplog.text
    check_nobody_is_named(caplog)


def test_a_merge_field_that_fails_names_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(composer: Composer, message: OutboxMessage, contact: Any, **kwargs: Any) -> None:
        try:
            raise KeyError(f"{contact.first_name} {contact.last_name}")
        except KeyError as error:
            raise ValueError(f"no color for {contact.first_name}") from error

    monkeypatch.setattr(Composer, "compose", fail)
    services.deliver(send_to("philippa", "other").pk)
    assert "ValueError" in caplog.text
    assert "in fail" in caplog.text  # where it went wrong is what a developer needs
    check_nobody_is_named(caplog)


def test_a_channel_that_fails_names_nobody(memory_channel: Any, caplog: pytest.LogCaptureFixture) -> None:
    memory_channel.failures["philippa@example.com"] = RuntimeError(f"{FIRST_NAME} <philippa@example.com> is odd")
    services.deliver(send_to("philippa").pk)
    assert "RuntimeError" in caplog.text
    check_nobody_is_named(caplog)


def test_a_list_that_cannot_be_loaded_names_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise LookupError(f"nothing for {FIRST_NAME}")

    monkeypatch.setattr(Composer, "load", fail)
    services.deliver(send_to("philippa").pk)
    assert "LookupError" in caplog.text
    check_nobody_is_named(caplog)
