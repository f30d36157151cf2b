"""A line to the mail server: one connection at a time, opened when it is needed and replaced when it is used up."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from threading import Lock
from typing import NoReturn

from django.core.mail.utils import DNS_NAME

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.channels.base import Envelope
from wagtail_precise_mail.delivery.channels.smtp.connection import SmtpConnection, Steps, TakeNext
from wagtail_precise_mail.delivery.channels.smtp.replies import ConnectionLost, words_of
from wagtail_precise_mail.delivery.transport import Transport
from wagtail_precise_mail.exceptions import ChannelUnavailable, TemporaryDeliveryError

# So many messages in a row that each lost a fresh connection: it is the server, not the messages.
_LOSSES_IN_A_ROW = 3


def _nothing() -> None:
    return None


class NoConnection(ChannelUnavailable):
    """No session could be opened: nothing was said about any message."""


class Losses:
    """Counts, over all lines of a channel, the messages in a row that each lost a fresh connection."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = Lock()

    def forget(self) -> None:
        """Something was answered in full."""
        self._count = 0

    def count(self, server: Transport, loss: ConnectionLost) -> NoReturn:
        """Blame the message, or after some in a row the server.

        Raises:
            TemporaryDeliveryError, ChannelUnavailable: accordingly.
        """
        with self._lock:
            self._count += 1
        message = f"The mail server {server} closes the connection in the middle of a message: {loss}"
        if self._count >= _LOSSES_IN_A_ROW:
            raise ChannelUnavailable(message) from loss
        raise TemporaryDeliveryError(message, reply=str(loss)) from loss


@dataclass(eq=False)
class Line:
    """Sends one message after the other. Used by one thread at a time."""

    server: Transport
    losses: Losses
    connection: SmtpConnection | None = None

    @property
    def is_open(self) -> bool:
        return self.connection is not None and self.connection.is_open

    @property
    def waited_seconds(self) -> float:
        """How long a message waits for answers, on average of those that went over the open connection."""
        connection = self.connection
        return connection.waited_seconds / connection.sent_count if connection and connection.sent_count else 0.0

    def send(self, envelope: Envelope, take_next: TakeNext) -> Steps:
        """Hand one message over in steps, on a new connection where the old one has gone.

        Args:
            take_next: returns what this line sends next; asked when that can be said to the server already.

        Raises:
            NoConnection: the server cannot be reached, or refuses the credentials.
            TemporaryDeliveryError, PermanentDeliveryError, ChannelUnavailable, OutcomeUnknown: as a channel does.
        """
        connection = self._ready()
        is_fresh = connection.sent_count == 0
        try:
            receipt = yield from connection.send(envelope, self._until_limit(take_next))
        except ConnectionLost as loss:
            if is_fresh:
                self.losses.count(self.server, loss)
            # Servers close connections that were idle; a new one decides whether the message is to blame.
            receipt = yield from self._send_again(envelope, take_next)
        self.losses.forget()
        return receipt

    def _send_again(self, envelope: Envelope, take_next: TakeNext) -> Steps:
        try:
            return (yield from self._ready().send(envelope, self._until_limit(take_next)))
        except ConnectionLost as loss:
            self.losses.count(self.server, loss)

    def _until_limit(self, take_next: TakeNext) -> TakeNext:
        # What cannot go over this connection any more must not be announced on it.
        connection = self.connection
        assert connection is not None  # noqa: S101 - for types
        return take_next if connection.sent_count + 1 < options().smtp_messages_per_connection else _nothing

    def close(self) -> None:
        """Say goodbye, where there is somebody to say it to; never raises."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.quit()

    def abort(self) -> None:
        """Wake the thread that waits for an answer: it will not come."""
        if self.connection is not None:
            self.connection.abort()

    def _ready(self) -> SmtpConnection:
        connection = self.connection
        if connection is not None and connection.sent_count >= options().smtp_messages_per_connection:
            self.close()
        if not self.is_open:
            self.connection = self._connect()
        assert self.connection is not None  # noqa: S101 - for types
        return self.connection

    def _connect(self) -> SmtpConnection:
        """Open a connection, with TLS and credentials where the settings ask for them."""
        try:
            session = self._open()
        except (OSError, smtplib.SMTPException) as error:
            raise self._unavailable(f"cannot be reached: {words_of(error)}", error) from error
        try:
            self._greet(session)
        except smtplib.SMTPAuthenticationError as error:
            session.close()
            raise self._unavailable(f"refuses the user name or password: {words_of(error)}", error) from error
        except (OSError, smtplib.SMTPException) as error:
            session.close()
            raise self._unavailable(f"opens no session: {words_of(error)}", error) from error
        except BaseException:
            session.close()
            raise
        assert session.sock is not None  # noqa: S101 - for types
        return SmtpConnection(session.sock, session.esmtp_features, str(self.server))

    def _open(self) -> smtplib.SMTP:
        server = self.server
        name = DNS_NAME.get_fqdn()
        if server.use_ssl:
            return smtplib.SMTP_SSL(server.host, server.port, name, timeout=server.timeout, context=self._tls())
        return smtplib.SMTP(server.host, server.port, name, timeout=server.timeout)

    def _greet(self, session: smtplib.SMTP) -> None:
        session.ehlo_or_helo_if_needed()
        if self.server.use_tls:
            session.starttls(context=self._tls())
            session.ehlo_or_helo_if_needed()
        if self.server.user:
            session.login(self.server.user, self.server.password)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.server.certfile:
            context.load_cert_chain(self.server.certfile, self.server.keyfile)
        return context

    def _unavailable(self, what: str, error: Exception) -> NoConnection:
        code = getattr(error, "smtp_code", None)
        return NoConnection(f"The mail server {self.server} {what}", reply=words_of(error), code=code)
