"""The arrival monitor, against a real IMAP conversation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from pytest_django import Settings

from tests.delivery.seeds.imap_server import ARRIVED, SeedServer
from tests.factories.delivery import make_send
from tests.factories.pacing import AT
from wagtail_precise_mail.delivery.mime import make_message_id
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.seeds.adding import add_seeds
from wagtail_precise_mail.delivery.seeds.models import SeedAddress, SeedArrival
from wagtail_precise_mail.delivery.seeds.monitoring import check_arrivals
from wagtail_precise_mail.delivery.seeds.queries import placements

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def server() -> Iterator[SeedServer]:
    with SeedServer() as server:
        yield server


def sent_to(address: str, mailbox: str) -> SeedArrival:
    """A seed whose provider took a mail at ``AT``."""
    seed = SeedAddress.objects.create(address=address, mailbox=mailbox)
    add_seeds(make_send(), at=AT)
    arrival = SeedArrival.objects.get(seed=seed)
    OutboxMessage.objects.filter(pk=arrival.message_id).update(state="accepted", finished_at=AT)
    return arrival


def raw(arrival: SeedArrival) -> bytes:
    return f"Message-ID: {make_message_id(arrival.message_id, 'shop@example.com')}\r\n\r\nHello".encode()


@pytest.mark.parametrize(("folder", "found"), [("INBOX", "inbox"), ("[Gmail]/Spam", "spam")])
def test_a_mail_is_found_with_its_folder_and_its_moment(server: SeedServer, folder: str, found: str) -> None:
    arrival = sent_to("seed@gmail.com", server.url)
    server.folders[folder][7] = raw(arrival)
    assert check_arrivals(at=AT + 5 * MINUTE) == 1
    arrival.refresh_from_db()
    assert (arrival.folder, arrival.arrived_at) == (found, ARRIVED)


@pytest.mark.parametrize("name", ["Junk", "Bulk Mail", "INBOX/Junk Email", "&V4NXPpCuTvY-"])
def test_spam_folders_are_known_by_their_names_too(name: str) -> None:
    with SeedServer(spam_name=name, spam_flags=r"\HasNoChildren") as server:
        arrival = sent_to("seed@example.org", server.url)
        server.folders[name][1] = raw(arrival)
        check_arrivals(at=AT + 5 * MINUTE)
    arrival.refresh_from_db()
    assert arrival.folder == "spam"


def test_looking_changes_nothing_in_the_mailbox(server: SeedServer) -> None:
    arrival = sent_to("seed@gmail.com", server.url)
    server.folders["INBOX"][7] = raw(arrival)
    check_arrivals(at=AT + 5 * MINUTE)
    verbs = {
        " ".join(command.split()[:2]) if command.startswith("UID") else command.split()[0]
        for command in server.commands[-8:]
    }
    assert not {"UID STORE", "UID MOVE", "UID COPY", "UID EXPUNGE", "CREATE"} & verbs
    assert "EXAMINE" in verbs


def test_a_mail_that_is_missing_after_an_hour_is_told_once(server: SeedServer) -> None:
    User.objects.create_superuser("mia", "mia@example.com")
    sent_to("seed@gmail.com", server.url)
    check_arrivals(at=AT + 59 * MINUTE)
    assert mail.outbox == []
    check_arrivals(at=AT + 60 * MINUTE)
    check_arrivals(at=AT + 65 * MINUTE)
    [message] = mail.outbox
    assert message.to == ["mia@example.com"]
    assert "seed@gmail.com" in message.body


def test_what_comes_late_is_found_all_the_same(server: SeedServer) -> None:
    arrival = sent_to("seed@gmail.com", server.url)
    check_arrivals(at=AT + 61 * MINUTE)
    server.folders["INBOX"][7] = raw(arrival)
    check_arrivals(at=AT + 90 * MINUTE)
    arrival.refresh_from_db()
    assert (arrival.folder, arrival.missed_at) == ("inbox", AT + 61 * MINUTE)


def test_a_mailbox_that_does_not_open_says_so_and_nothing_is_missing(server: SeedServer) -> None:
    User.objects.create_superuser("mia", "mia@example.com")
    arrival = sent_to("seed@gmail.com", server.url.replace("p%20w", "wrong"))
    check_arrivals(at=AT + 90 * MINUTE)
    arrival.seed.refresh_from_db()
    assert "does not open" in arrival.seed.problem
    assert "wrong@" not in arrival.seed.problem
    assert mail.outbox == []


def test_the_password_of_a_mailbox_is_encrypted_where_it_lies(server: SeedServer, settings: Settings) -> None:
    keys = {"encryption_keys": [Fernet.generate_key().decode()], "address_keys": ["x" * 32]}
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, **keys}
    seed = SeedAddress.objects.create(address="seed@gmail.com", mailbox=server.url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT mailbox FROM wagtail_precise_mail_seedaddress")
        stored = cursor.fetchone()[0]
    assert "p%20w" not in stored
    assert SeedAddress.objects.get(pk=seed.pk).mailbox == server.url


@pytest.mark.slow
def test_placements_add_up_by_provider(server: SeedServer) -> None:
    inbox = sent_to("a@gmail.com", server.url)
    server.folders["INBOX"][1] = raw(inbox)
    check_arrivals(at=AT + 5 * MINUTE)
    spam = sent_to("b@googlemail.com", server.url)
    server.folders["[Gmail]/Spam"][2] = raw(spam)
    sent_to("c@example.org", server.url)
    check_arrivals(at=AT + 90 * MINUTE)
    gmail, other = sorted(placements(at=AT + 90 * MINUTE), key=lambda one: one.provider != "Gmail")
    assert (gmail.provider, gmail.inbox_count, gmail.spam_count) == ("Gmail", 1, 1)
    assert gmail.median_minutes == 4
    assert other.missing_count == 1
