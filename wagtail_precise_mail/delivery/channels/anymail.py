"""Providers with an API, by django-anymail: metadata, tags, their name of a message, and keys against repetition.

The backend is that of Django's mail connection (``EMAIL_BACKEND``, or a mailer): its credentials stay where they are.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any, NoReturn

import requests
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.delivery.channels.base import Envelope, Receipt, channels
from wagtail_precise_mail.delivery.channels.django_backend import DjangoChannel
from wagtail_precise_mail.delivery.channels.prepared import PreparedMessage
from wagtail_precise_mail.delivery.replies import ReplyClass
from wagtail_precise_mail.exceptions import (
    ChannelUnavailable,
    ConfigurationError,
    MissingExtra,
    OutcomeUnknown,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)

REFERENCE = "precise_mail"
"""The key of our reference in the metadata of a message; webhooks bring it back."""

IDEMPOTENCY: dict[str, tuple[str, int]] = {"Resend": ("Idempotency-Key", 86_400)}
"""By the name of the provider: the HTTP header that takes a key, and for how many seconds it is known.

Source: resend.com/docs/dashboard/emails/idempotency-keys. Of the other providers of Anymail, none documents one.
"""

# What providers say of themselves, by what can be done about it (RFC 9110).
_CREDENTIALS, _PAYMENT, _TOO_MANY, _KNOWN = (401, 403), 402, 429, 409
_CERTAINLY_NOT = (_TOO_MANY, 503)
_UNSENT = re.compile(r"NewConnectionError|NameResolutionError|ConnectTimeoutError|SSLError|ProxyError")


@channels.register("anymail")
class AnymailChannel(DjangoChannel):
    """Hands messages to a provider; the mail connection must be one of django-anymail.

    Raises:
        MissingExtra: django-anymail is not installed.
        ConfigurationError: the mail connection is another one.
    """

    label = gettext_lazy("Provider's API (Anymail)")

    def __init__(self, mailer: str = "") -> None:
        if find_spec("anymail") is None:
            raise MissingExtra("The channel 'anymail' needs: pip install 'wagtail-precise-mail[anymail]'")
        super().__init__(mailer)
        self.provider = str(getattr(self.connection, "esp_name", ""))
        if not self.provider:
            raise ConfigurationError(
                "The channel 'anymail' needs a backend of django-anymail, such as EMAIL_BACKEND = "
                f"'anymail.backends.postmark.EmailBackend'; the mail connection is {type(self.connection).__module__}."
            )
        self._key_header, self.idempotency_seconds = IDEMPOTENCY.get(self.provider, ("", 0))

    def send(self, envelope: Envelope) -> Receipt:
        if self._key_header and envelope.reference:
            self._open()
            self.connection.session.headers[self._key_header] = envelope.reference
        return super().send(envelope)

    def make_message(self, envelope: Envelope) -> PreparedMessage:
        message: Any = PreparedMessage(envelope)
        # Providers handle bounces themselves: few take a sender of the envelope, and the others refuse to be given one.
        message.from_email = message.extra_headers.pop("From")
        # They set it themselves, and a repetition must be the same to the letter to be known for one.
        message.extra_headers.pop("Date", None)
        message.metadata = {REFERENCE: envelope.reference} if envelope.reference else {}
        message.tags = list(envelope.tags)
        return message

    def receipt_of(self, message: Any) -> Receipt:
        status = message.anymail_status
        names = status.message_id
        name = next(iter(names), "") if isinstance(names, set) else names or ""
        words = ", ".join(sorted(status.status or ()))
        return Receipt(reply=f"{self.provider}: {words}"[:500], provider_id=str(name)[:250])

    def fail(self, error: Exception, message: Any) -> NoReturn:
        from anymail import exceptions as anymail

        match error:
            case anymail.AnymailRecipientsRefused():
                reply = f"{self.provider}: {', '.join(sorted(message.anymail_status.status or ()))}"
                raise PermanentDeliveryError(
                    f"The provider refuses the recipient: {reply}", reply=reply, reply_class=ReplyClass.BLOCKED
                ) from error
            case anymail.AnymailInvalidAddress() | anymail.AnymailSerializationError():
                raise PermanentDeliveryError(
                    f"The provider cannot take this message: {_first_line(error)}", reply_class=ReplyClass.CONTENT
                ) from error
            case anymail.AnymailUnsupportedFeature() | anymail.AnymailConfigurationError():
                raise ChannelUnavailable(f"{_first_line(error)} (see ANYMAIL in the settings)", code=500) from error
            case anymail.AnymailAPIError():
                self._fail_by_api(error)
        raise error

    def _fail_by_api(self, error: Any) -> NoReturn:
        """Raise ours for what the API answered, or did not."""
        code = _status_of(error)
        reply = f"{self.provider} {code}: {_said(error)}"[:500] if code else _first_line(error)
        if code is None or 200 <= code < 300 or (code >= 500 and code not in _CERTAINLY_NOT):
            if code is None and _UNSENT.search(f"{error!r} {error.__cause__!r}"):
                raise ChannelUnavailable(f"The provider {self.provider} cannot be reached: {reply}") from error
            raise OutcomeUnknown(f"Whether the provider took the message is unknown: {reply}", reply=reply) from error
        if code in _CREDENTIALS or code == _PAYMENT:
            raise ChannelUnavailable(f"The provider refuses us: {reply}", reply=reply, code=535) from error
        if code in _CERTAINLY_NOT:
            kind = ReplyClass.THROTTLED if code == _TOO_MANY else ReplyClass.TEMPORARY
            raise TemporaryDeliveryError(f"The provider says: later. {reply}", reply=reply, reply_class=kind) from error
        if code == _KNOWN and self._key_header:
            raise OutcomeUnknown(f"The provider knows the message already: {reply}", reply=reply) from error
        raise PermanentDeliveryError(
            f"The provider refuses the message: {reply}", reply=reply, reply_class=ReplyClass.CONTENT
        ) from error


def _status_of(error: Any) -> int | None:
    """Return the HTTP code of an error, of Amazon's library as well; None when there was no answer."""
    if error.status_code:
        return int(error.status_code)
    told = getattr(error.__cause__, "response", None)
    found = told.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(told, dict) else None
    return int(found) if found else None


def _said(error: Any) -> str:
    response = error.response
    text = response.text if isinstance(response, requests.Response) else str(error.__cause__ or error)
    return " ".join(text.split())[:400]


def _first_line(error: Exception) -> str:
    # Below it stand the request and its answer, and they may have credentials in them.
    return next(iter(str(error).splitlines()), type(error).__name__)[:300]
