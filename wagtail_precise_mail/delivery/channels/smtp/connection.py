"""One open connection to a mail server: verbs, replies, and what a failure at each point means."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import NoReturn

from wagtail_precise_mail.delivery.channels.base import Envelope, Receipt
from wagtail_precise_mail.delivery.channels.smtp.replies import (
    ConnectionLost,
    Reply,
    is_last_line,
    read_reply,
    words_of,
)
from wagtail_precise_mail.delivery.channels.smtp.verbs import Command, data_of, greeting_of
from wagtail_precise_mail.exceptions import (
    ChannelUnavailable,
    OutcomeUnknown,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)

_CHUNK = 65_536
_GOODBYE_SECONDS = 2.0
_PIECES_LIMIT = 1024
"""Of one write (IOV_MAX of POSIX systems)."""
_REPLY_LIMIT = 100_000
"""Bytes of an answer after which it is none."""

TakeNext = Callable[[], Envelope | None]
Steps = Generator[bool, None, Receipt]
"""The handing over of one message: yields True where there is nothing to do but wait, returns what the server said."""


class SmtpConnection:
    """A session that is open and logged in.

    Where the server offers PIPELINING (RFC 2920), MAIL, RCPT and DATA leave in one write, and those of the next message
    behind the dot of the one before: a message costs one round trip instead of four. The body is never written ahead:
    whether it may come is known before, so at any time one message at the most is between its dot and its reply.

    Args:
        sock: connected, encrypted and logged in as the settings ask for.
        extensions: what EHLO offered, by the name in lower case.
        name: of the server, for people.
    """

    def __init__(self, sock: socket.socket, extensions: Mapping[str, str], name: str) -> None:
        self.sent_count = 0
        self.waited_seconds = 0.0
        self.is_open = True
        self._socket = sock
        self._extensions = extensions
        self._name = name
        self._received = b""
        # Whose MAIL, RCPT and DATA were written already, and which verbs have not been answered yet.
        self._announced: Envelope | None = None
        self._open_commands: list[Command] = []
        self._needs_reset = False
        # The body and the dot are two writes: Nagle's algorithm would hold the second back for 40 ms per message.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def is_pipelining(self) -> bool:
        return "pipelining" in self._extensions

    def send(self, envelope: Envelope, take_next: TakeNext) -> Steps:
        """Hand one message over, in steps: it yields when the dot is written, and its reply is all that is left.

        Args:
            take_next: called when the dot is about to be written; returns what will be sent next on this connection.

        Raises:
            ConnectionLost: before the dot; the message was certainly not accepted.
            TemporaryDeliveryError, PermanentDeliveryError, ChannelUnavailable, OutcomeUnknown: as a channel does.
        """
        self.sent_count += 1
        try:
            self._announce(envelope)
            self._write_body(envelope)
        except OSError as error:
            self.drop()
            raise ConnectionLost(words_of(error)) from error
        except (TemporaryDeliveryError, PermanentDeliveryError, ChannelUnavailable, ConnectionLost):
            raise
        except BaseException:  # the worker's time is up: half a message is on this connection
            self.drop()
            raise
        return (yield from self._finish(take_next))

    def quit(self) -> None:
        """Say goodbye; a server that has gone, or waits for a message that does not come, needs none."""
        if self.is_open and self._announced is None:
            with contextlib.suppress(OSError, ConnectionLost):
                self._socket.settimeout(_GOODBYE_SECONDS)
                self._socket.sendall(b"QUIT\r\n")
                self._read_reply()
        self.drop()

    def drop(self) -> None:
        """Close without a word: whatever has no dot yet is forgotten by the server."""
        self.is_open = False
        with contextlib.suppress(OSError):
            self._socket.close()

    def abort(self) -> None:
        """End the connection from another thread than that which uses it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _announce(self, envelope: Envelope) -> None:
        """MAIL, RCPT and DATA: who writes to whom, and may the message come?"""
        if self._announced is not envelope:
            self._begin(envelope)
        self._announced = None
        refusal: tuple[Command, Reply] | None = None
        while self._open_commands:
            command = self._open_commands.pop(0)
            if not self.is_pipelining:
                self._socket.sendall(command.line)
            reply = self._read_answer()
            if command.is_answered_by(reply):
                self._needs_reset = command.opens_transaction or self._needs_reset
            elif refusal is None:
                refusal = command, reply
            if refusal and not self.is_pipelining:
                self._open_commands.clear()
        if refusal:
            if reply.code == 354:  # DATA was taken although nobody is to get it (RFC 2920, 3.1): an empty one to nobody
                self._socket.sendall(b".\r\n")
                self._read_answer()
            self._refuse(*refusal)

    def _begin(self, envelope: Envelope) -> None:
        """Note what to say about a message, and say it where the server listens to several things at once."""
        if self._announced is not None:  # the server waits for the body of another message
            self.drop()
            raise ConnectionLost("another message was announced")
        commands = greeting_of(envelope, self._extensions, after_refusal=self._needs_reset)
        self._needs_reset = False
        if self.is_pipelining:
            self._socket.sendall(b"".join(command.line for command in commands))
        self._open_commands = commands

    def _refuse(self, command: Command, reply: Reply) -> NoReturn:
        """Turn a refusal into our error.

        Raises:
            TemporaryDeliveryError: a 4xx.
            ConnectionLost: nothing that SMTP knows here.
        """
        words, what = str(reply), command.what
        if 400 <= reply.code <= 499:
            raise TemporaryDeliveryError(
                f"The mail server does not take {what} now: {words}", reply=words, code=reply.code
            )
        if 500 <= reply.code <= 599:
            raise command.refusal(f"The mail server {self._name} refuses {what}: {words}", reply=words, code=reply.code)
        self.drop()
        raise ConnectionLost(f"unexpected reply {words}")

    def _write_body(self, envelope: Envelope) -> None:
        self._write(data_of(envelope))
        # A reply before the dot can only be a refusal (or the end): read it while it is still unambiguous.
        if self._has_spoken():
            reply = self._read_answer()
            self.drop()
            if reply.is_refusal and reply.code:
                self._refuse(Command.about_message(), reply)
            raise ConnectionLost(str(reply))

    def _write(self, pieces: Sequence[bytes]) -> None:
        """Write pieces one behind the other: without putting them together first, where the socket can."""
        written = 0
        if len(pieces) <= _PIECES_LIMIT and not isinstance(self._socket, ssl.SSLSocket):
            written = self._socket.sendmsg(pieces)
        if written < sum(map(len, pieces)):
            self._socket.sendall(memoryview(b"".join(pieces))[written:])

    def _finish(self, take_next: TakeNext) -> Steps:
        """Write the final dot, with the beginning of the next message behind it, and read what the dot brings."""
        try:
            self._write_dot(take_next)
            yield True
            reply = self._read_reply()
        except (OSError, ConnectionLost) as error:
            self.drop()
            raise OutcomeUnknown(f"The reply to the message was lost: {words_of(error)}") from error
        except BaseException:
            self.drop()
            raise
        words = str(reply)
        self._needs_reset = False
        if not 200 <= reply.code <= 599:
            self.drop()
            raise OutcomeUnknown("The reply to the message was not SMTP.", reply=words)
        if reply.code == 421:
            self.drop()
            raise TemporaryDeliveryError(f"The mail server closes: {words}", reply=words, code=421)
        if reply.code >= 400:
            self._refuse(Command.about_message(), reply)
        if reply.code >= 300:
            self.drop()
            raise OutcomeUnknown("The reply to the message was not SMTP.", reply=words)
        return Receipt(reply=words, provider_id=reply.provider_id)

    def _write_dot(self, take_next: TakeNext) -> None:
        following = take_next() if self.is_pipelining else None
        commands: list[Command] = []
        if following is not None:
            # What cannot be sent at all is found out when its turn comes.
            with contextlib.suppress(PermanentDeliveryError):
                commands = greeting_of(following, self._extensions, after_refusal=False)
        self._socket.sendall(b".\r\n" + b"".join(command.line for command in commands))
        if commands:
            self._announced, self._open_commands = following, commands

    def _read_answer(self) -> Reply:
        """Return the next reply before the dot.

        Raises:
            ConnectionLost: the server closes ("421", whatever it was about), or said nothing that is SMTP.
        """
        reply = self._read_reply()
        if reply.code in (0, 421):
            self.drop()
            raise ConnectionLost(str(reply))
        return reply

    def _read_reply(self) -> Reply:
        lines = [self._read_line()]
        while not is_last_line(lines[-1]):
            lines.append(self._read_line())
        return read_reply(lines)

    def _read_line(self) -> bytes:
        while b"\n" not in self._received:
            started = time.perf_counter()
            received = self._socket.recv(_CHUNK)
            self.waited_seconds += time.perf_counter() - started
            if not received or len(self._received) > _REPLY_LIMIT:
                self.drop()
                raise ConnectionLost("Connection unexpectedly closed")
            self._received += received
        line, _end, self._received = self._received.partition(b"\n")
        return line.rstrip(b"\r")

    def _has_spoken(self) -> bool:
        if self._received:
            return True
        if isinstance(self._socket, ssl.SSLSocket):  # TLS has records of its own: only decrypted bytes are words
            return self._socket.pending() > 0
        return bool(select.select([self._socket], [], [], 0)[0])
