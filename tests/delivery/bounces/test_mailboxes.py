"""Bounces are read from wherever they lie, and put away after they are kept."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone
from pytest_django import Settings

from tests.delivery.bounces.imap_server import ImapServer
from tests.delivery.bounces.samples import make_mail, make_report
from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.delivery import tasks
from wagtail_precise_mail.delivery.bounces import processing
from wagtail_precise_mail.delivery.bounces.mailboxes import open_mailbox
from wagtail_precise_mail.delivery.bounces.mailboxes.base import Incoming
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.bounces.verp import make_return_path
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.exceptions import ChannelUnavailable, ConfigurationError

pytestmark = pytest.mark.django_db

STRANGE = make_mail("Where is my parcel?", Subject="A question")


@pytest.fixture(autouse=True)
def bounce_address(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "bounce_address": "bounces@example.com"}


@pytest.fixture
def bounces() -> list[bytes]:
    """Reports about two messages."""
    send, at = make_send(), timezone.now() - timedelta(hours=1)
    messages = [make_message(send, state=OutboxMessage.State.ACCEPTED, handed_off_at=at) for _one in range(2)]
    return [make_report(to=make_return_path(message.pk, ""), name=str(message.pk)) for message in messages]


def run(place: object, **options: object) -> str:
    out = io.StringIO()
    call_command("precise_mail_process_bounces", str(place), stdout=out, **options)
    return out.getvalue().strip()


def make_certificate(folder: Path) -> str:
    """A certificate for localhost, with its key, that only whoever is told of it trusts."""
    path = folder / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    options = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / "key.pem"), "-out", str(path)]
    subprocess.run([*command.split(), *options], check=True, capture_output=True)
    path.write_text(path.read_text() + (folder / "key.pem").read_text())
    return str(path)


def make_maildir(path: Path, mails: list[bytes]) -> Path:
    for part in ("new", "cur", "tmp"):
        (path / part).mkdir(parents=True)
    for number, raw in enumerate(mails):
        (path / "new" / f"{number}.mx").write_bytes(raw)
    return path


class TestFiles:
    def test_a_maildir_is_emptied_into_its_folders(self, folder: Path, bounces: list[bytes]) -> None:
        maildir = make_maildir(folder / "Maildir", [*bounces, STRANGE])
        assert run(maildir) == "2 recorded, 0 unsubscribed, 0 known, 1 unrecognized, 0 answered, 0 failed"
        assert not list((maildir / "new").iterdir())
        assert sorted(file.name for file in (maildir / ".Processed" / "cur").iterdir()) == ["0.mx:2,S", "1.mx:2,S"]
        assert [file.read_bytes() for file in (maildir / ".Unrecognized" / "cur").iterdir()] == [STRANGE]

    def test_an_mbox_stays_as_it_is_and_counts_once(self, folder: Path, bounces: list[bytes]) -> None:
        mbox = folder / "mbox"
        mbox.write_bytes(b"".join(b"From mx Mon Mar  2 10:00:00 2026\n" + raw + b"\n" for raw in [*bounces, STRANGE]))
        before = mbox.read_bytes()
        assert run(mbox, apart=str(folder / "apart")).startswith("2 recorded, 0 unsubscribed, 0 known, 1 unrecognized")
        assert run(mbox).startswith("0 recorded, 0 unsubscribed, 2 known")
        assert mbox.read_bytes() == before
        assert [b"parcel" in file.read_bytes() for file in (folder / "apart").iterdir()] == [True]

    def test_a_folder_of_files_and_a_single_one(self, folder: Path, bounces: list[bytes]) -> None:
        for number, raw in enumerate(bounces):
            (folder / f"{number}.eml").write_bytes(raw)
        assert run(folder / "0.eml").startswith("1 recorded")
        assert run(folder).startswith("1 recorded, 0 unsubscribed, 1 known")

    def test_a_pipe_brings_one_mail(self, monkeypatch: pytest.MonkeyPatch, bounces: list[bytes]) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(bounces[0])))
        assert run("-") == ""
        assert Bounce.objects.count() == 1

    def test_a_place_without_a_mailbox_is_an_error(self, folder: Path) -> None:
        with pytest.raises(CommandError, match="no mailbox"):
            run(folder / "nothing")
        with pytest.raises(CommandError, match="Name a mailbox"):
            run("")


class TestFailures:
    def test_a_mail_that_fails_stays_and_the_others_do_not_wait_for_it(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, bounces: list[bytes]
    ) -> None:
        maildir = make_maildir(folder / "Maildir", bounces)
        real = processing.process_mail

        def fail_once(raw: bytes) -> object:
            if raw == bounces[0]:
                raise DatabaseError("the database went away")
            return real(raw)

        monkeypatch.setattr(processing, "process_mail", fail_once)
        with pytest.raises(CommandError) as failure:
            run(maildir)
        assert failure.value.returncode == 75
        assert [file.name for file in (maildir / "new").iterdir()] == ["0.mx"]
        monkeypatch.undo()
        assert run(maildir).startswith("1 recorded")

    def test_a_crash_before_a_mail_is_put_away_counts_it_once(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, bounces: list[bytes]
    ) -> None:
        maildir = make_maildir(folder / "Maildir", bounces[:1])
        mailbox = open_mailbox(str(maildir))

        def crash(mail: Incoming, *, is_recognized: bool) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(mailbox, "settle", crash)
        with pytest.raises(KeyboardInterrupt):
            processing.process_mailbox(mailbox)
        assert run(maildir).startswith("0 recorded, 0 unsubscribed, 1 known")
        assert Bounce.objects.count() == 1


class TestImap:
    @pytest.mark.parametrize("capabilities", ["MOVE UIDPLUS", "UIDPLUS", ""])
    def test_mails_move_to_folders_beside_the_inbox(self, capabilities: str, bounces: list[bytes]) -> None:
        with ImapServer([*bounces, STRANGE], capabilities=capabilities) as server:
            assert run(server.url).startswith("2 recorded, 0 unsubscribed, 0 known, 1 unrecognized")
            assert [len(server.folders[name]) for name in ("INBOX.Processed", "INBOX.Unrecognized")] == [2, 1]
            assert run(server.url).startswith("0 recorded, 0 unsubscribed, 0 known, 0 unrecognized")
        assert not any(command == "EXPUNGE" for command in server.commands)

    def test_over_tls_with_a_certificate_that_is_trusted(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, bounces: list[bytes]
    ) -> None:
        certificate = make_certificate(folder)
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
        with ImapServer(bounces, certificate=certificate) as server:
            assert run(server.url).startswith("2 recorded")

    def test_over_tls_a_certificate_that_nobody_trusts_is_refused(self, folder: Path, bounces: list[bytes]) -> None:
        with ImapServer(bounces, certificate=make_certificate(folder)) as server:
            with pytest.raises(ChannelUnavailable, match="certificate"):
                open_mailbox(server.url)
            assert not server.commands

    def test_a_wrong_password_is_said_without_the_password(self) -> None:
        with ImapServer([]) as server, pytest.raises(ChannelUnavailable) as failure:
            open_mailbox(server.url.replace("p%20w", "secret"))
        assert "wrong password" in str(failure.value)
        assert "secret" not in str(failure.value)

    @pytest.mark.parametrize("url", ["imaps://", "imaps://mail.example.com", "imaps://a:b@mail.example.com:x/"])
    def test_a_url_that_lacks_something_is_refused_without_repeating_it(self, url: str) -> None:
        with pytest.raises(ConfigurationError, match="The URL of a mailbox is like"):
            open_mailbox(url)


class TestTask:
    def test_the_worker_reads_the_mailbox_of_the_settings(
        self, settings: Settings, folder: Path, bounces: list[bytes]
    ) -> None:
        tasks.process_bounces()
        maildir = make_maildir(folder / "Maildir", bounces)
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "bounce_mailbox": str(maildir)}
        tasks.process_bounces()
        assert Bounce.objects.count() == 2
