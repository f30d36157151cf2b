"""SMTP over kept-open connections, in steps small enough to know what a failure means.

Until the final dot nothing is accepted, whatever happens to the connection; after its reply everything is known. The
body and the dot are therefore written separately, so that only the dot and its reply are ambiguous (RFC 1047).
"""

from __future__ import annotations

import contextlib
import logging
import select
import smtplib
import socket
import ssl
from typing import NoReturn

from django.core.mail.utils import DNS_NAME

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.channels.base import Channel, Envelope, Receipt, channels
from wagtail_precise_mail.delivery.transport import Transport, transport
from wagtail_precise_mail.exceptions import (
    ChannelUnavailable,
    OutcomeUnknown,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)

logger = logging.getLogger(__name__)

# So many messages in a row that each lost a fresh connection: it is the server, not the messages.
_LOSSES_IN_A_ROW = 3


class _ConnectionLost(Exception):
    """The connection went away before the final dot, so the message was certainly not accepted."""


@channels.register("smtp")
class SmtpChannel(Channel):
    """Hands messages to the mail server of the settings, one connection at a time.

    Args:
        server: another mail server than that of the settings.
    """

    def __init__(self, server: Transport | None = None) -> None:
        self.server = server or transport()
        self._connection: smtplib.SMTP | None = None
        self._sent_count = 0
        self._loss_count = 0

    def send(self, envelope: Envelope) -> Receipt:
        if self._sent_count >= options().smtp_messages_per_connection:
            self.close()
        is_fresh = self._connection is None
        try:
            receipt = self._transact(envelope)
        except _ConnectionLost as loss:
            if is_fresh:
                self._count_loss(loss)
            # Servers close connections that were idle; a new one decides whether the message is to blame.
            try:
                receipt = self._transact(envelope)
            except _ConnectionLost as second_loss:
                self._count_loss(second_loss)
        self._loss_count = 0
        return receipt

    def close(self) -> None:
        connection, self._connection = self._connection, None
        self._sent_count = 0
        if connection is None:
            return
        # A server that has gone needs no goodbye.
        with contextlib.suppress(OSError, smtplib.SMTPException):
            connection.quit()
        connection.close()

    def _transact(self, envelope: Envelope) -> Receipt:
        """Go through MAIL, RCPT, DATA, the body and the dot."""
        connection = self._connection or self._connect()
        self._sent_count += 1
        try:
            self._announce(connection, envelope)
            self._write_body(connection, envelope)
        except (TemporaryDeliveryError, PermanentDeliveryError, ChannelUnavailable):
            self._reset(connection)
            raise
        except (OSError, smtplib.SMTPException) as error:  # SMTPServerDisconnected, timeouts, TLS errors
            self._drop()
            raise _ConnectionLost(_words(error)) from error
        except BaseException:  # the worker's time is up: half a message is on this connection
            self._drop()
            raise
        return self._finish(connection)

    def _announce(self, connection: smtplib.SMTP, envelope: Envelope) -> None:
        """MAIL and RCPT: who writes to whom."""
        needs_utf8 = not (envelope.sender + envelope.recipient).isascii()
        if needs_utf8 and not connection.has_extn("smtputf8"):
            raise PermanentDeliveryError("The mail server cannot write to addresses with such letters (no SMTPUTF8).")
        mail_options = ["SMTPUTF8", "BODY=8BITMIME"] if needs_utf8 else []
        connection.command_encoding = "utf-8" if needs_utf8 else "ascii"
        code, text = connection.mail(envelope.sender, mail_options)
        # No recipient was named yet: a refusal of the sender would meet every message of the send.
        self._check(code, text, wanted=250, permanent=ChannelUnavailable, what=f"the sender {envelope.sender}")
        code, text = connection.rcpt(envelope.recipient)
        if code != 251:
            self._check(code, text, wanted=250, permanent=PermanentDeliveryError, what=envelope.recipient)

    def _write_body(self, connection: smtplib.SMTP, envelope: Envelope) -> None:
        code, text = connection.docmd("DATA")
        self._check(code, text, wanted=354, permanent=PermanentDeliveryError, what="the message")
        connection.send(_stuff(envelope.content))
        # A reply before the dot can only be a refusal (or the end): read it while it is still unambiguous.
        if _has_spoken(connection):
            code, text = connection.getreply()
            self._drop()
            self._check(code, text, wanted=-2, permanent=PermanentDeliveryError, what="the message")
            raise smtplib.SMTPServerDisconnected(_reply(code, text))

    def _finish(self, connection: smtplib.SMTP) -> Receipt:
        """Write the final dot and read what it brings."""
        try:
            connection.send(b".\r\n")
            code, text = connection.getreply()
        except BaseException as error:
            self._drop()
            if isinstance(error, (OSError, smtplib.SMTPException)):
                raise OutcomeUnknown(f"The reply to the message was lost: {_words(error)}") from error
            raise
        if not 200 <= code <= 599:
            self._drop()
            raise OutcomeUnknown("The reply to the message was not SMTP.", reply=_reply(code, text))
        if code == 421:
            self._drop()
            raise TemporaryDeliveryError(
                f"The mail server closes: {_reply(code, text)}", reply=_reply(code, text), code=421
            )
        if code >= 300:
            self._check(code, text, wanted=250, permanent=PermanentDeliveryError, what="the message")
        return Receipt(reply=_reply(code, text), provider_id=_queue_id(_reply(code, text)))

    def _check(self, code: int, text: bytes, *, wanted: int, permanent: type[Exception], what: str) -> None:
        """Turn any other reply than the wanted one into our error.

        Raises:
            TemporaryDeliveryError: a 4xx, or ``permanent``: a 5xx.
            SMTPServerDisconnected: the server says goodbye, or nothing that is SMTP.
        """
        if code == wanted:
            return
        reply = _reply(code, text)
        if code == 421:  # "closing transmission channel": the connection is over, whatever it was about
            self._drop()
            raise smtplib.SMTPServerDisconnected(reply)
        if 400 <= code <= 499:
            raise TemporaryDeliveryError(f"The mail server does not take {what} now: {reply}", reply=reply, code=code)
        if 500 <= code <= 599:
            message = f"The mail server {self.server} refuses {what}: {reply}"
            raise permanent(message, reply=reply, code=code)  # type: ignore[call-arg]
        raise smtplib.SMTPServerDisconnected(f"unexpected reply {reply}")

    def _connect(self) -> smtplib.SMTP:
        """Open a connection, with TLS and credentials where the settings ask for them."""
        try:
            connection = self._open()
        except (OSError, smtplib.SMTPException) as error:
            raise self._unavailable(f"cannot be reached: {_words(error)}", error) from error
        self._connection, self._sent_count = connection, 0
        if connection.sock:
            # The dot is a small write after the body: Nagle's algorithm would hold it back for 40 ms per message.
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._greet(connection)
        except smtplib.SMTPAuthenticationError as error:
            self._drop()
            raise self._unavailable(f"refuses the user name or password: {_words(error)}", error) from error
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise self._unavailable(f"opens no session: {_words(error)}", error) from error
        except BaseException:
            self._drop()
            raise
        return connection

    def _open(self) -> smtplib.SMTP:
        server = self.server
        name = DNS_NAME.get_fqdn()
        if server.use_ssl:
            return smtplib.SMTP_SSL(server.host, server.port, name, timeout=server.timeout, context=self._tls())
        return smtplib.SMTP(server.host, server.port, name, timeout=server.timeout)

    def _greet(self, connection: smtplib.SMTP) -> None:
        connection.ehlo_or_helo_if_needed()
        if self.server.use_tls:
            connection.starttls(context=self._tls())
            connection.ehlo_or_helo_if_needed()
        if self.server.user:
            connection.login(self.server.user, self.server.password)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.server.certfile:
            context.load_cert_chain(self.server.certfile, self.server.keyfile)
        return context

    def _unavailable(self, what: str, error: Exception) -> ChannelUnavailable:
        code = getattr(error, "smtp_code", None)
        return ChannelUnavailable(f"The mail server {self.server} {what}", reply=_words(error), code=code)

    def _count_loss(self, loss: _ConnectionLost) -> NoReturn:
        self._loss_count += 1
        message = f"The mail server {self.server} closes the connection in the middle of a message: {loss}"
        if self._loss_count >= _LOSSES_IN_A_ROW:
            raise ChannelUnavailable(message) from loss
        raise TemporaryDeliveryError(message, reply=str(loss)) from loss

    def _reset(self, connection: smtplib.SMTP) -> None:
        """Clear a refused transaction, so that the connection serves the next message."""
        if self._connection is None:
            return
        try:
            code, _text = connection.rset()
        except (OSError, smtplib.SMTPException):
            code = 0
        if code != 250:
            self._drop()

    def _drop(self) -> None:
        """Forget the connection without a word."""
        connection, self._connection = self._connection, None
        self._sent_count = 0
        if connection is not None:
            connection.close()


def _stuff(content: bytes) -> bytes:
    """Double the dots that open a line, so that none of them ends the message (RFC 5321, 4.5.2)."""
    content = content.replace(b"\r\n.", b"\r\n..")
    if content.startswith(b"."):
        content = b"." + content
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def _has_spoken(connection: smtplib.SMTP) -> bool:
    sock = connection.sock
    if isinstance(sock, ssl.SSLSocket):  # TLS has records of its own: only decrypted bytes are words
        return sock.pending() > 0
    return bool(sock and select.select([sock], [], [], 0)[0])


def _reply(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}"[:500]


def _words(error: Exception) -> str:
    """What an error of smtplib or of the operating system says, without Python's own decoration."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(error.smtp_code, error.smtp_error)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _queue_id(reply: str) -> str:
    """Return the name that the server gave the message, where its reply has one ("250 2.0.0 Ok: queued as ABC")."""
    _before, found, after = reply.partition("queued as ")
    return after.split()[0].strip("<>.")[:250] if found and after.split() else ""
