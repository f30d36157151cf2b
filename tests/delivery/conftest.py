"""What the tests of delivery share: a memory channel by default, and a mail server where one is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.delivery.house import House
from tests.delivery.smtp_server import MailServer
from wagtail_precise_mail.delivery.channels import MemoryChannel


@pytest.fixture(autouse=True)
def memory_channel(settings: Settings) -> Iterator[type[MemoryChannel]]:
    """Messages stay in memory."""
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    MemoryChannel.outbox.clear()
    MemoryChannel.failures.clear()
    yield MemoryChannel
    MemoryChannel.outbox.clear()
    MemoryChannel.failures.clear()


@pytest.fixture(scope="session")
def mail_server_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with MailServer(tmp_path_factory.mktemp("smtp")) as server:
        yield server


@pytest.fixture
def mail_server(mail_server_process: MailServer, settings: Settings, memory_channel: type[MemoryChannel]) -> MailServer:
    """A real SMTP server; messages leave to it."""
    mail_server_process.reset()
    use_mail_server(settings, mail_server_process.port)
    return mail_server_process


def use_mail_server(settings: Settings, port: int) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "smtp", "smtp_timeout_seconds": 2}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture(scope="session")
def built_house(tmp_path_factory: pytest.TempPathFactory, mail_server_process: MailServer) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"), mail_server_process.port)
    house.run("migrate")
    yield house
    house.close()


@pytest.fixture
def house(built_house: House, mail_server_process: MailServer) -> Iterator[House]:
    mail_server_process.reset()
    built_house.overrides = {}
    yield built_house
    built_house.stop_all()
    mail_server_process.reset()
