"""Tests that every channel passes: subclass :class:`ChannelContract` in your own tests, against the real thing.

Nothing here needs a test runner; pytest finds the methods by their names.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import parseaddr

from wagtail_precise_mail.delivery.channels.base import Channel, Envelope, Receipt
from wagtail_precise_mail.delivery.channels.prepared import parse
from wagtail_precise_mail.exceptions import ChannelUnavailable, PermanentDeliveryError, TemporaryDeliveryError

SECRET = "hunter2-hunter2"  # noqa: S105
"""What the password of the channel under test should be, where it has one: it must not come out."""

_CONTENT = """\
Date: Mon, 02 Mar 2026 10:00:00 +0000
Message-ID: <token{number}.signature@example.com>
From: Fern & Kettle <shop@example.com>
To: reader{number}@example.org
Reply-To: help@example.com
Subject: =?utf-8?q?Tea_for_two_=E2=98=95?=
MIME-Version: 1.0
List-Unsubscribe: <https://shop.example.com/u/{number}>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Feedback-ID: 7:campaign:shop
Content-Type: multipart/alternative; boundary="=_b"

--=_b
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

Hello,
.a line that begins with a dot, and caf=C3=A9

--=_b
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

<p>Hello, caf=C3=A9</p>

--=_b--
"""


def make_envelope(number: int = 1) -> Envelope:
    """Return a message as the outbox makes them."""
    content = _CONTENT.format(number=number).replace("\n", "\r\n").encode()
    return Envelope(
        "bounces+token@example.com",
        f"reader{number}@example.org",
        [content],
        reference=f"token{number}.signature",
        send_id=7,
        tags=("campaign-7",),
    )


class ChannelContract(ABC):
    """What a channel promises. Its hooks prepare the other side and look at it."""

    @abstractmethod
    def make_channel(self) -> Channel:
        """Return the channel under test, with an other side that takes everything."""

    @abstractmethod
    def received(self) -> Sequence[tuple[str, bytes | EmailMessage]]:
        """Return recipient and message of all that the other side took, in its order."""

    @abstractmethod
    def refuse(self, *, for_good: bool) -> None:
        """Let the other side refuse the next message, for good or for now."""

    @abstractmethod
    def go_away(self) -> None:
        """Take the other side away: whoever asks now gets no connection."""

    def test_a_message_arrives_whole(self) -> None:
        with self.make_channel() as channel:
            channel.send(make_envelope())
        ((recipient, message),) = self._messages()
        assert recipient == "reader1@example.org"
        assert str(message["Subject"]) == "Tea for two ☕"
        assert parseaddr(str(message["From"])) == ("Fern & Kettle", "shop@example.com")
        assert parseaddr(str(message["Reply-To"]))[1] == "help@example.com"
        assert _body(message, "plain") == "Hello,\n.a line that begins with a dot, and café"
        assert _body(message, "html") == "<p>Hello, café</p>"

    def test_headers_are_kept(self) -> None:
        with self.make_channel() as channel:
            channel.send(make_envelope())
        ((_recipient, message),) = self._messages()
        assert str(message["Message-ID"]) == "<token1.signature@example.com>"
        assert str(message["List-Unsubscribe"]) == "<https://shop.example.com/u/1>"
        assert str(message["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
        assert str(message["Feedback-ID"]) == "7:campaign:shop"

    def test_many_messages_arrive_once_each_and_in_order(self) -> None:
        envelopes = [make_envelope(number) for number in range(1, 6)]
        with self.make_channel() as channel:
            outcomes = list(channel.send_many(envelopes))
        assert all(isinstance(outcome, Receipt) for outcome in outcomes)
        assert sorted(recipient for recipient, _message in self._messages()) == [one.recipient for one in envelopes]

    def test_a_closed_channel_can_be_used_again(self) -> None:
        channel = self.make_channel()
        channel.send(make_envelope(1))
        channel.close()
        channel.close()
        channel.send(make_envelope(2))
        channel.close()
        assert len(self._messages()) == 2

    def test_a_refusal_for_good_is_permanent_and_stops_nobody_else(self) -> None:
        self._refused(for_good=True, error=PermanentDeliveryError)

    def test_a_refusal_for_now_is_temporary_and_stops_nobody_else(self) -> None:
        self._refused(for_good=False, error=TemporaryDeliveryError)

    def test_without_a_connection_the_channel_is_unavailable(self) -> None:
        channel = self.make_channel()
        self.go_away()
        try:
            channel.send(make_envelope())
        except ChannelUnavailable as error:
            assert str(error)
            assert SECRET not in f"{error!r} {error} {error.reply}"
        else:
            raise AssertionError("It says that a message left although nobody was there.")
        finally:
            channel.close()

    def test_the_channel_does_not_show_its_password(self) -> None:
        channel = self.make_channel()
        assert SECRET not in f"{channel!r} {channel}"
        channel.close()

    def _refused(self, *, for_good: bool, error: type[Exception]) -> None:
        with self.make_channel() as channel:
            self.refuse(for_good=for_good)
            first, second = channel.send_many([make_envelope(1), make_envelope(2)])
        assert isinstance(first, error), first
        assert isinstance(second, Receipt), second
        assert [recipient for recipient, _message in self._messages()] == ["reader2@example.org"]

    def _messages(self) -> list[tuple[str, EmailMessage]]:
        return [
            (recipient, message if isinstance(message, EmailMessage) else parse(message))
            for recipient, message in self.received()
        ]


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()).replace("\r\n", "\n").strip() if part else ""
