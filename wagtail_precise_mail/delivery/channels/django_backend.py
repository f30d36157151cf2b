"""Any email backend of Django, by the mailers of the settings: whatever else a site sends its mail through."""

from __future__ import annotations

import contextlib
import smtplib
import time
from typing import Any, NoReturn, Self

from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.channels.base import Channel, Envelope, Receipt, channels
from wagtail_precise_mail.delivery.channels.prepared import PreparedMessage
from wagtail_precise_mail.exceptions import (
    ChannelUnavailable,
    ConfigurationError,
    OutcomeUnknown,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)

# Servers close what is idle; asking costs a round trip, so only after a while.
_IDLE_SECONDS = 5


@channels.register("django")
class DjangoChannel(Channel):
    """Hands messages to Django's mail connection, and keeps it open.

    The bytes stay as they are. What a backend does not tell apart, such as a connection that broke before or after the
    server took the message, is of unknown outcome: the channel "smtp" knows more.

    Args:
        mailer: a key of ``MAILERS`` (Django 6.1); "" is the default.
    """

    label = gettext_lazy("Django's email backend")

    def __init__(self, mailer: str = "") -> None:
        self.mailer = mailer
        self.connection: Any = connection_of(mailer)
        self._is_open = False
        self._sent_count = 0
        self._used_at = 0.0

    @classmethod
    def of(cls, argument: str) -> Self:
        return cls(argument)

    def send(self, envelope: Envelope) -> Receipt:
        message = self.make_message(envelope)
        self._open()
        try:
            sent = self.connection.send_messages([message])
        except Exception as error:
            self.fail(error, message)
        self._sent_count, self._used_at = self._sent_count + 1, time.monotonic()
        if sent == 0:
            raise PermanentDeliveryError("The backend of Django says that it sent nothing.")
        return self.receipt_of(message)

    def close(self) -> None:
        self._is_open, self._sent_count = False, 0
        with contextlib.suppress(Exception):  # other people's code, and what it says now helps nobody
            self.connection.close()

    def make_message(self, envelope: Envelope) -> EmailMultiAlternatives:
        """Return what the backend is given."""
        return PreparedMessage(envelope)

    def receipt_of(self, message: Any) -> Receipt:
        """Return what the backend told about a message that it took."""
        return Receipt(reply="250 taken by the backend of Django")

    def fail(self, error: Exception, message: Any) -> NoReturn:
        """Raise ours for an error of the backend; one that says nothing is raised as it is."""
        match error:
            case smtplib.SMTPRecipientsRefused(recipients=refused) if refused:
                raise_for_reply(*next(iter(refused.values())), error)
            case smtplib.SMTPSenderRefused(smtp_code=code) if code >= 500:
                # No recipient was named yet: this would meet every message of the send.
                raise ChannelUnavailable(
                    f"The mail server refuses the sender: {_words(error)}", reply=_words(error), code=code
                ) from error
            case smtplib.SMTPResponseException(smtp_code=code, smtp_error=words) if 400 <= code <= 599:
                self._reset(code)
                raise_for_reply(code, words, error)
            case smtplib.SMTPNotSupportedError() | UnicodeEncodeError():
                raise PermanentDeliveryError(f"The mail server cannot take this message: {error}") from error
            case smtplib.SMTPException() | OSError():
                self.close()
                raise OutcomeUnknown(f"The connection broke in the middle of a message: {_words(error)}") from error
        raise error

    def _open(self) -> None:
        if self._is_open and (self._sent_count >= options().smtp_messages_per_connection or self._is_gone()):
            self.close()
        if self._is_open:
            return
        try:
            self.connection.open()
        except smtplib.SMTPResponseException as error:
            raise ChannelUnavailable(
                f"The mail server opens no session: {_words(error)}", reply=_words(error), code=error.smtp_code
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelUnavailable(f"The mail server cannot be reached: {_words(error)}") from error
        self._is_open, self._used_at = True, time.monotonic()

    def _is_gone(self) -> bool:
        """Whether a connection of SMTP that was idle is closed: a message would be lost on it, nobody knows where."""
        smtp = getattr(self.connection, "connection", None)
        if not isinstance(smtp, smtplib.SMTP) or time.monotonic() - self._used_at < _IDLE_SECONDS:
            return False
        try:
            return smtp.noop()[0] != 250
        except (OSError, smtplib.SMTPException):
            return True

    def _reset(self, code: int) -> None:
        """Clear a refused transaction: smtplib forgets to where the server refuses DATA itself."""
        smtp = getattr(self.connection, "connection", None)
        try:
            is_clear = code != 421 and isinstance(smtp, smtplib.SMTP) and smtp.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            is_clear = False
        if not is_clear:  # 421 is "closing transmission channel"
            self.close()


def connection_of(mailer: str) -> Any:
    """Return the connection of a mailer, with the credentials of the settings, and not opened yet.

    Raises:
        ConfigurationError: there is no such mailer.
    """
    mailers = getattr(mail, "mailers", None)
    try:
        if mailers is not None:
            return mailers[mailer or "default"]
        if mailer:
            raise ConfigurationError(f"Django knows no mailers by name before 6.1, and was asked for {mailer!r}.")
        return mail.get_connection()
    except (ImproperlyConfigured, ImportError) as error:  # InvalidMailer, MailerDoesNotExist among them
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(f"The mailer {mailer or 'default'!r} cannot be used: {error}") from error


def raise_for_reply(code: int, words: bytes | str, error: Exception) -> NoReturn:
    """Raise what a refusal with this code means for its message."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    reply = f"{code} {' '.join(text.split())}"[:500]
    kind = TemporaryDeliveryError if code < 500 else PermanentDeliveryError
    raise kind(f"The mail server does not take the message: {reply}", reply=reply, code=code) from error


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return f"{error.smtp_code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
