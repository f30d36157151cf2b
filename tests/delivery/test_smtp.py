"""The SMTP channel against a real server in another process, which misbehaves at every verb."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.delivery.conftest import use_mail_server
from tests.delivery.smtp_server import MailServer
from tests.factories.delivery import make_message, make_messages, make_reader, make_send
from wagtail_precise_mail.contacts.models import Suppression
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import Envelope, SmtpChannel
from wagtail_precise_mail.delivery.channels.smtp.verbs import data_of, greeting_of
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.transport import Transport, transport
from wagtail_precise_mail.exceptions import (
    ChannelUnavailable,
    OutcomeUnknown,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)

State = OutboxMessage.State


def envelope(recipient: str = "a@example.com", body: bytes = b"Subject: x\r\n\r\nhello\r\n") -> Envelope:
    return Envelope("shop@example.com", recipient, [body])


def states(send: Send) -> list[str]:
    return list(send.messages.order_by("pk").values_list("state", flat=True))


def deliver_with_sweeps(send: Send, rounds: int = 6) -> None:
    """What workers and the sweeper do within some days."""
    for number in range(rounds):
        services.deliver(send.pk)
        services.sweep(timezone.now() + timedelta(hours=5 * (number + 1)))


def test_messages_of_one_channel_share_a_connection(mail_server: MailServer) -> None:
    with SmtpChannel() as channel:
        channel.send(envelope("a@example.com"))
        # A second connection would be refused from now on.
        mail_server.script({"at": "CONNECT", "do": "554 no"})
        receipt = channel.send(envelope("b@example.com"))
    assert mail_server.recipients() == ["a@example.com", "b@example.com"]
    assert (receipt.reply, receipt.provider_id) == ("250 2.0.0 Ok: queued as T1", "T1")


def test_the_dot_is_not_held_back(mail_server: MailServer) -> None:
    """The small write after the body waited 40 ms for an acknowledgement: 18 messages a second instead of 105."""
    with SmtpChannel() as channel:
        channel.send(envelope())
        connection = channel._lines[0].connection
        assert connection is not None
        assert connection._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_connection_is_replaced_after_a_number_of_messages(mail_server: MailServer, settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "smtp_messages_per_connection": 2}
    with SmtpChannel() as channel:
        channel.send(envelope())
        first = channel._lines[0].connection
        channel.send(envelope())
        assert channel._lines[0].connection is first
        channel.send(envelope())
        assert channel._lines[0].connection is not first


def test_dots_arrive_as_they_were_written(mail_server: MailServer) -> None:
    body = b"Subject: x\r\n\r\n.\r\n..two\r\n.gif\r\nend"
    with SmtpChannel() as channel:
        channel.send(envelope(body=body))
    content = mail_server.messages()[0].get_content()
    assert content.splitlines() == [".", "..two", ".gif", "end"]


@pytest.mark.parametrize("count", [3, 1500], ids=["at once", "in more pieces than one write takes"])
@pytest.mark.parametrize("size", [10, 9_000_000], ids=["small", "more than the socket takes at once"])
def test_pieces_arrive_in_their_order_and_whole(mail_server: MailServer, count: int, size: int) -> None:
    lines = [f"{number:05} {'x' * 60}\r\n".encode() for number in range(max(count, size // 70))]
    step = -(-len(lines) // count)
    pieces = [b"Subject: x\r\n\r\n", *(b"".join(lines[start : start + step]) for start in range(0, len(lines), step))]
    with SmtpChannel() as channel:
        channel.send(Envelope("shop@example.com", "reader@example.org", pieces, is_wire_ready=True))
    assert mail_server.messages()[0].get_content().splitlines() == [line.decode().strip() for line in lines]


def test_eight_bits_are_announced_where_an_address_in_the_head_needs_them() -> None:
    offered = {"8bitmime": "", "size": "100000"}
    for head, expected in ((b"Reply-To: caf\xc3\xa9@example.com\r\n", True), (b"Reply-To: a@example.com\r\n", False)):
        one = Envelope("shop@example.com", "reader@example.org", [head, b"\r\n", b"x\r\n"], is_wire_ready=True)
        mail = greeting_of(one, offered, after_refusal=False)[0].line
        assert (b"BODY=8BITMIME" in mail) == expected
        assert f"SIZE={len(one.content)}".encode() in mail


@pytest.mark.parametrize("content", [b".", b".\r\n", b"a\r\n.\r\nb", b"\r\n.", b"..\r\n"])
def test_no_line_of_a_stuffed_message_is_a_single_dot(content: bytes) -> None:
    stuffed = b"".join(data_of(envelope(body=content)))
    assert stuffed.endswith(b"\r\n")
    assert b"." not in stuffed.split(b"\r\n")
    unstuffed = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in stuffed.split(b"\r\n"))
    assert unstuffed.removesuffix(b"\r\n") == content.removesuffix(b"\r\n")


@pytest.mark.parametrize("offers", [(), ("PIPELINING",)], ids=["plain", "pipelining"])
@pytest.mark.parametrize(
    ("at", "reply", "expected"),
    [
        ("RCPT", "550 5.1.1 no such user", PermanentDeliveryError),
        ("RCPT", "450 4.2.1 busy", TemporaryDeliveryError),
        ("RCPT", "452 4.2.2 full", TemporaryDeliveryError),
        ("DATA", "554 5.7.1 spam", PermanentDeliveryError),
        ("DATA", "451 4.3.0 later", TemporaryDeliveryError),
        ("DOT", "554 5.7.1 spam", PermanentDeliveryError),
        ("DOT", "451 4.3.0 later", TemporaryDeliveryError),
        ("DOT", "421 4.3.2 closing", TemporaryDeliveryError),
        ("MAIL", "451 4.3.0 later", TemporaryDeliveryError),
        ("MAIL", "550 5.7.1 sender not allowed", ChannelUnavailable),
        ("MAIL", "530 5.7.0 authentication required", ChannelUnavailable),
        ("CONNECT", "554 5.7.1 go away", ChannelUnavailable),
        ("CONNECT", "421 4.3.2 too busy", ChannelUnavailable),
        ("EHLO", "drop", ChannelUnavailable),
        ("CONNECT", "drop", ChannelUnavailable),
        ("MAIL", "drop", TemporaryDeliveryError),
        ("RCPT", "drop", TemporaryDeliveryError),
        ("DATA", "drop", TemporaryDeliveryError),
        ("MAIL", "421 4.4.2 timeout", TemporaryDeliveryError),
        ("RCPT", "421 4.4.2 timeout", TemporaryDeliveryError),
        pytest.param("RCPT", "hang", TemporaryDeliveryError, marks=pytest.mark.slow),
        ("DOT", "drop", OutcomeUnknown),
        pytest.param("DOT", "hang", OutcomeUnknown, marks=pytest.mark.slow),
        ("REPLY", "drop", OutcomeUnknown),
        ("REPLY", "nonsense", OutcomeUnknown),
    ],
)
def test_each_reply_at_each_verb_is_understood(
    mail_server: MailServer, at: str, reply: str, expected: type[Exception], offers: tuple[str, ...]
) -> None:
    mail_server.offer(*offers)
    mail_server.script({"at": at, "do": reply})
    with SmtpChannel() as channel, pytest.raises(expected):
        channel.send(envelope())
    assert len(mail_server.entries()) == (1 if at == "REPLY" else 0)


@pytest.mark.parametrize("offers", [(), ("PIPELINING",)], ids=["plain", "pipelining"])
@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("what", ["drop", "421 4.4.2 idle"])
def test_a_connection_that_went_stale_is_replaced_and_the_message_sent_once(
    mail_server: MailServer, at: str, what: str, offers: tuple[str, ...]
) -> None:
    mail_server.offer(*offers)
    with SmtpChannel() as channel:
        channel.send(envelope("a@example.com"))
        mail_server.script({"at": at, "do": what, "times": 1})
        channel.send(envelope("b@example.com"))
    assert mail_server.recipients() == ["a@example.com", "b@example.com"]


def test_only_losses_in_a_row_make_the_server_unavailable(mail_server: MailServer) -> None:
    with SmtpChannel() as channel:
        for _round in range(2):
            mail_server.script({"at": "RCPT", "do": "drop"})
            for _loss in range(2):
                channel.close()
                with pytest.raises(TemporaryDeliveryError):
                    channel.send(envelope())
            mail_server.script()
            channel.send(envelope())
        mail_server.script({"at": "RCPT", "do": "drop"})
        for expected in (TemporaryDeliveryError, TemporaryDeliveryError, ChannelUnavailable):
            channel.close()
            with pytest.raises(expected):
                channel.send(envelope())


def test_a_refused_recipient_leaves_the_connection_usable(mail_server: MailServer) -> None:
    mail_server.script({"at": "RCPT", "match": "bad@", "do": "550 5.1.1 no"})
    with SmtpChannel() as channel:
        with pytest.raises(PermanentDeliveryError):
            channel.send(envelope("bad@example.com"))
        connection = channel._lines[0].connection
        channel.send(envelope("good@example.com"))
        assert channel._lines[0].connection is connection is not None
    assert mail_server.recipients() == ["good@example.com"]


def test_a_connection_lost_inside_the_body_is_not_called_accepted(mail_server: MailServer) -> None:
    mail_server.script({"at": "BODY", "do": "drop"})
    with SmtpChannel() as channel, pytest.raises((TemporaryDeliveryError, OutcomeUnknown)):
        channel.send(envelope(body=b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" * 200_000))
    assert mail_server.entries() == []


def test_nobody_listening_is_said_in_words(settings: Settings) -> None:
    with SmtpChannel(Transport("127.0.0.1", _unused_port())) as channel, pytest.raises(ChannelUnavailable) as caught:
        channel.send(envelope())
    assert "cannot be reached: Connection refused" in str(caught.value)
    assert caught.value.code is None


def test_a_name_that_does_not_exist_is_said_in_words() -> None:
    with (
        SmtpChannel(Transport("mail.invalid", 25)) as channel,
        pytest.raises(ChannelUnavailable, match=r"mail\.invalid"),
    ):
        channel.send(envelope())


def test_a_password_is_never_part_of_what_is_shown() -> None:
    assert "secret" not in repr(Transport("mail.test", 25, user="me", password="secret"))


def test_a_server_without_login_is_unavailable(mail_server: MailServer, settings: Settings) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "me", "secret"
    with SmtpChannel() as channel, pytest.raises(ChannelUnavailable) as caught:
        channel.send(envelope())
    assert "secret" not in str(caught.value)


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    """A server that insists on STARTTLS, knows one password, and has a certificate of its own making."""
    folder = tmp_path_factory.mktemp("tls")
    pem = str(folder / "certificate.pem")
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names, "-keyout", pem, "-out", pem + ".crt"]
    subprocess.run(command, check=True, capture_output=True)
    with open(pem, "a") as together:
        together.write(Path(pem + ".crt").read_text())
    with MailServer(folder) as server:
        yield server


@pytest.fixture
def encrypted(tls_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> Transport:
    tls_server.reset()
    monkeypatch.setenv("SSL_CERT_FILE", str(tls_server.folder / "certificate.pem.crt"))
    return Transport("localhost", tls_server.port, "me", "secret", use_tls=True, timeout=2)


@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl to make a certificate with")
class TestEncryption:
    def test_messages_go_through_tls_with_a_password(self, tls_server: MailServer, encrypted: Transport) -> None:
        with SmtpChannel(encrypted) as channel:
            for number in range(3):
                channel.send(envelope(f"{number}@example.com", b"Subject: x\r\n\r\n" + b"line\r\n" * 20_000))
        assert tls_server.recipients() == ["0@example.com", "1@example.com", "2@example.com"]

    def test_a_wrong_password_is_a_refusal_that_pauses_at_once(
        self, tls_server: MailServer, encrypted: Transport
    ) -> None:
        with SmtpChannel(replace(encrypted, password="wrong")) as channel, pytest.raises(ChannelUnavailable) as caught:
            channel.send(envelope())
        assert caught.value.code == 535
        assert "refuses the user name or password" in str(caught.value)

    def test_a_certificate_that_nobody_trusts_is_refused(
        self, tls_server: MailServer, encrypted: Transport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
        with SmtpChannel(encrypted) as channel, pytest.raises(ChannelUnavailable, match=r"(?i)certificate"):
            channel.send(envelope())

    def test_a_server_without_encryption_gets_no_password(self, mail_server: MailServer) -> None:
        plain = Transport("127.0.0.1", mail_server.port, "me", "secret", use_tls=True)
        with SmtpChannel(plain) as channel, pytest.raises(ChannelUnavailable, match="STARTTLS"):
            channel.send(envelope())

    def test_a_reply_lost_after_the_dot_is_unknown(self, tls_server: MailServer, encrypted: Transport) -> None:
        tls_server.script({"at": "REPLY", "do": "drop"})
        with SmtpChannel(encrypted) as channel, pytest.raises(OutcomeUnknown):
            channel.send(envelope())


def test_an_international_address_is_written_in_utf_8(mail_server: MailServer) -> None:
    with SmtpChannel() as channel:
        channel.send(envelope("jürgen@example.com"))
        channel.send(envelope("plain@example.com"))
    assert mail_server.recipients() == ["jürgen@example.com", "plain@example.com"]


@pytest.mark.django_db
class TestSends:
    """Whole sends over a server that misbehaves: they go on or pause, and nothing is sent twice."""

    def test_one_refused_recipient(self, mail_server: MailServer) -> None:
        send = make_send()
        first, refused, last = make_messages(send, 3)
        mail_server.script({"at": "RCPT", "match": refused.address, "do": "550 5.1.1 no such user"})
        services.deliver(send.pk)
        assert states(send) == [State.ACCEPTED, State.REJECTED, State.ACCEPTED]
        assert mail_server.recipients() == [first.address, last.address]
        assert Suppression.objects.get().address_hash == refused.recipient_key

    @pytest.mark.parametrize("at", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY"])
    def test_a_connection_dropped_twice_before_the_dot_costs_nothing_but_time(
        self, mail_server: MailServer, at: str
    ) -> None:
        send = make_send()
        messages = make_messages(send, 6)
        mail_server.script({"at": at, "do": "drop", "times": 2})
        deliver_with_sweeps(send)
        if at != "BODY":  # there the answer may already be ambiguous to us
            assert states(send) == [State.ACCEPTED] * 6
        recipients = mail_server.recipients()
        accepted = {message.address for message in send.messages.filter(state=State.ACCEPTED)}
        assert sorted(recipients) == sorted(set(recipients))
        assert accepted <= set(recipients) <= {message.address for message in messages}

    @pytest.mark.parametrize("at", ["DOT", "REPLY"])
    def test_a_reply_lost_after_the_dot_is_unknown_and_not_repeated(self, mail_server: MailServer, at: str) -> None:
        send = make_send()
        make_messages(send, 5)
        mail_server.script({"at": at, "do": "drop", "times": 2})
        deliver_with_sweeps(send)
        assert states(send) == [State.UNKNOWN] * 2 + [State.ACCEPTED] * 3
        assert len(mail_server.recipients()) == len(set(mail_server.recipients())) == (5 if at == "REPLY" else 3)

    @pytest.mark.parametrize("at", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
    def test_a_server_that_always_drops_pauses_the_send_with_a_reason(self, mail_server: MailServer, at: str) -> None:
        send = make_send()
        make_messages(send, 10)
        mail_server.script({"at": at, "do": "drop"})
        deliver_with_sweeps(send, rounds=4)
        send.refresh_from_db()
        assert send.state == Send.State.PAUSED
        assert f"The mail server 127.0.0.1:{mail_server.port}" in send.pause_reason
        assert mail_server.recipients() == []
        assert set(states(send)) <= {State.PENDING, State.DEFERRED}
        mail_server.script()
        services.resume(send)
        deliver_with_sweeps(send)
        assert states(send) == [State.ACCEPTED] * 10
        assert len(set(mail_server.recipients())) == len(mail_server.recipients()) == 10

    def test_a_server_that_is_not_there_pauses_and_comes_back(
        self, mail_server: MailServer, settings: Settings
    ) -> None:
        send = make_send()
        make_messages(send, 3)
        use_mail_server(settings, _unused_port())
        deliver_with_sweeps(send, rounds=3)
        send.refresh_from_db()
        assert send.state == Send.State.PAUSED
        assert "cannot be reached: Connection refused. Nothing is lost" in send.pause_reason
        assert states(send) == [State.PENDING] * 3
        use_mail_server(settings, mail_server.port)
        services.resume(send)
        services.deliver(send.pk)
        assert len(mail_server.recipients()) == 3

    def test_a_temporary_refusal_succeeds_later(self, mail_server: MailServer) -> None:
        send = make_send()
        make_messages(send, 2)
        mail_server.script({"at": "RCPT", "do": "451 4.7.1 greylisted", "times": 2})
        deliver_with_sweeps(send)
        assert states(send) == [State.ACCEPTED] * 2
        assert set(send.messages.values_list("attempt_count", flat=True)) == {2}

    def test_a_mail_is_all_that_the_law_and_mail_programs_ask_for(self, mail_server: MailServer) -> None:
        send = make_send(reply_to="help@example.com", from_name="Fern & Kettle")
        message = make_message(send, make_reader(send, first_name="Zoë", is_tracking_allowed=False))
        services.deliver(send.pk)
        mail: Any = mail_server.messages()[0]
        assert mail["From"] == "Fern & Kettle <shop@example.com>"
        assert (mail["To"], mail["Reply-To"], mail["Subject"]) == (message.address, "help@example.com", "Hello Zoë")
        assert mail["List-Unsubscribe"].startswith("<https://shop.example.com/mail/unsubscribe/")
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["Date"].datetime.tzinfo is not None
        assert mail.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
        assert not list(mail.iter_attachments())
        text, html = (part.get_content() for part in mail.iter_parts())
        url = mail["List-Unsubscribe"].strip("<>")
        assert text.splitlines() == ["Hello Zoë", "https://shop.example.com/mug/", url]
        assert "<p>Hello Zoë</p>" in html


def test_the_settings_of_django_6_1_are_read_first(settings: Settings) -> None:
    settings.MAILERS = {
        "default": {"OPTIONS": {"host": "relay.test", "port": 587, "username": "me", "password": "s", "use_tls": True}}
    }
    assert transport() == Transport("relay.test", 587, "me", "s", use_tls=True, timeout=30)


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
