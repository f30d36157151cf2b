"""The error tree: one leaf per decision that a caller can take."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation


class PreciseMailError(Exception):
    """Anything this package raises on purpose."""


class ConfigurationError(PreciseMailError, ImproperlyConfigured):
    """The settings are wrong; the message says which key to change."""


class MissingExtra(ConfigurationError):
    """Something was asked for that needs an extra of this package; the message names it."""


class NoDnsAnswer(PreciseMailError):
    """The name system did not say what there is under a name, nor that there is nothing; ask again later."""


class NotConverged(PreciseMailError):
    """A model found no parameters that fit; the message is the model's name."""


class EncryptionError(PreciseMailError):
    """An encrypted value cannot be read; the message says which key is missing."""


class RegistrationError(PreciseMailError):
    """Code registered something twice, or under a key that cannot be stored."""


class UnknownKey(PreciseMailError, LookupError):
    """Code or stored data asks a registry for a key that nobody registered."""


class LedgerIsClosed(PreciseMailError):
    """Somebody wanted to change or delete what is only ever added to."""


class InvalidTransition(PreciseMailError):
    """The state does not allow this move."""


class NotReady(PreciseMailError):
    """A campaign lacks something that it needs before it can be scheduled or sent.

    Attributes:
        problems: every problem, each a sentence with its remedy.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class InvalidRules(PreciseMailError):
    """A segment's rules cannot be evaluated.

    Attributes:
        place: where in the rules, such as "rules[0].bought_product.products[1]", or "".
        message: what is wrong there, without the place.
    """

    def __init__(self, message: str, *, place: str = "") -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.message = message
        self.place = place


class InvalidAddress(PreciseMailError, ValueError):
    """This is not an email address that mail could be sent to."""


class ConfirmationNotSent(PreciseMailError):
    """The mail that verifies a sender did not leave; the message says why, and what to do."""


class ConfirmationOver(PreciseMailError):
    """The link of a confirmation was good once; the message says what happened to it."""


class InvalidValue(PreciseMailError, ValueError):
    """A value does not fit the type of its further field; the message says what would."""


class MergeRefused(PreciseMailError):
    """These contacts cannot become one, or no longer two again; the message says why."""


class SendRefused(PreciseMailError):
    """This contact must not be written to.

    Attributes:
        reason: a value of ``OutboxMessage.SkipReason``.
    """

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


class ExportRefused(PreciseMailError):
    """Contacts must not leave: without a purpose, or by somebody who may not export."""


class RenderError(PreciseMailError):
    """An email cannot be rendered.

    Attributes:
        message: what is wrong, without the place.
        block: which block is to blame, in words an editor understands, or "".
        line: the line of the MJML, counted from 1, or None.
        block_id: the id of that block in its stream, or "".
    """

    def __init__(self, message: str, *, block: str = "", line: int | None = None, block_id: str = "") -> None:
        place = ", ".join(filter(None, [block, f"MJML line {line}" if line else ""]))
        super().__init__(f"{place}: {message}" if place else message)
        self.message = message
        self.block = block
        self.line = line
        self.block_id = block_id


class SourceError(PreciseMailError):
    """A commerce source failed.

    Attributes:
        retry_after: how long to wait before asking again, or None when asking again is pointless.
    """

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeliveryError(PreciseMailError):
    """A channel could not hand over a message.

    Attributes:
        reply: the server's own words, such as "550 5.1.1 user unknown", or "".
        code: the SMTP reply code, or None when no reply came.
        reply_class: a value of ``ReplyClass`` where whoever raises knows it; "" reads it from the words.
    """

    def __init__(self, message: str, *, reply: str = "", code: int | None = None, reply_class: str = "") -> None:
        super().__init__(message)
        self.reply = reply
        self.code = code
        self.reply_class = reply_class


class TemporaryDeliveryError(DeliveryError):
    """Not accepted for now: trying again later is safe and may succeed."""


class PermanentDeliveryError(DeliveryError):
    """Refused for good: this message must not be tried again."""


class ChannelUnavailable(DeliveryError):
    """The channel as a whole is unusable (no connection, refused credentials): pause, blame no address."""


class BrokerUnavailable(PreciseMailError):
    """The queue of background tasks does not answer."""


class OutcomeUnknown(DeliveryError):
    """The reply to the final dot was lost: accepted or not, nobody knows (RFC 1047)."""


class InvalidToken(PreciseMailError, SuspiciousOperation):
    """A link was tampered with or is not ours; Django answers 400."""


class LinkExpired(PreciseMailError):
    """A link was ours, and is too old."""


class TooManySignUps(PreciseMailError):
    """So many came from one place in the last hour that it is no person any more."""


class ExpiredToken(InvalidToken):
    """A link was ours, and its time is over."""


class InvalidRecord(PreciseMailError, ValueError):
    """A product, an order, a refund or a cart cannot be kept as it is told.

    Attributes:
        place: which value is wrong, such as "lines[2].sku", or "".
    """

    def __init__(self, message: str, *, place: str = "") -> None:
        super().__init__(message)
        self.place = place
