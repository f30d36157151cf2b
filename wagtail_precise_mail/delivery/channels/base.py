"""What a channel is: the way by which outbox messages leave the house."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import ClassVar, Self, TypeAlias

from django.utils.functional import Promise

from wagtail_precise_mail.exceptions import (
    ConfigurationError,
    OutcomeUnknown,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)
from wagtail_precise_mail.registry import Registry


@dataclass(frozen=True)
class Envelope:
    """One message, ready to leave. Addresses are bare; ``content`` has CRLF line ends and lines below 998 bytes.

    Args:
        pieces: what makes up the content, one behind the other. Most of them belong to all messages of a send alike, so
            whoever can write them as they are spares a copy of each.
        reference: the token in the Message-ID, the same on every attempt: providers may know a repetition by it.
        send_id: the send that it belongs to; 0 outside of one.
        tags: words by which providers group messages in their own figures.
        is_wire_ready: nobody has to look at the content: it ends with a line end, none of its lines begins with a dot,
            which SMTP would double, and all of it is ASCII but for addresses in the first piece.
    """

    sender: str
    recipient: str
    pieces: Sequence[bytes]
    reference: str = ""
    send_id: int = 0
    tags: tuple[str, ...] = ()
    is_wire_ready: bool = False

    @property
    def content(self) -> bytes:
        """The whole message, put together anew each time."""
        return b"".join(self.pieces)

    @cached_property
    def size(self) -> int:
        """Bytes of the message."""
        return sum(map(len, self.pieces))


@dataclass(frozen=True)
class Receipt:
    """The other side took the message. ``reply`` is in its own words, ``provider_id`` its name for the message."""

    reply: str = ""
    provider_id: str = ""


Outcome: TypeAlias = Receipt | TemporaryDeliveryError | PermanentDeliveryError | OutcomeUnknown


class Channel(ABC):
    """A way out that a worker opens, uses for many messages, and closes. Used by one thread.

    Attributes:
        label: what people call it; where it is empty, they read its key.
        idempotency_seconds: for how long the other side takes a message of the same ``reference`` for the same one, and
            sends it once only; 0 where it knows nothing of that.
        while_waiting: something short that the worker would do meanwhile. A channel that waits for answers may call it
            once for each message, in the thread that it is used by, as soon as there is nothing left but to wait.
    """

    label: ClassVar[str | Promise] = ""
    idempotency_seconds: int = 0
    while_waiting: Callable[[], object] = staticmethod(lambda: None)

    @classmethod
    def of(cls, argument: str) -> Self:
        """Return the channel that the option ``channel`` names as "key:argument".

        Raises:
            ConfigurationError: this one takes no argument.
        """
        raise ConfigurationError(f"The channel takes nothing behind its key, and was given {argument!r}.")

    @abstractmethod
    def send(self, envelope: Envelope) -> Receipt:
        """Hand one message over.

        Raises:
            TemporaryDeliveryError: certainly not accepted; later it may be.
            PermanentDeliveryError: certainly not accepted, and never will be.
            ChannelUnavailable: certainly not accepted, and this is about the channel, not about this message.
            OutcomeUnknown: accepted or not, nobody knows.
        """

    def send_many(self, envelopes: Sequence[Envelope]) -> Iterator[Outcome]:
        """Hand several messages over, and yield what became of each, in their order.

        Take a message out of the sequence only when its turn has come: what was not taken was certainly not touched.
        The sequence ends early when the worker has to stop; what was taken by then is still answered for.

        Raises:
            ChannelUnavailable: the channel cannot go on; whatever was not yielded was certainly not accepted.
        """
        for envelope in envelopes:
            try:
                yield self.send(envelope)
            except (TemporaryDeliveryError, PermanentDeliveryError, OutcomeUnknown) as error:
                yield error

    def close(self) -> None:  # noqa: B027  most channels have nothing to close
        """Let go of connections; never raises."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


channels: Registry[type[Channel]] = Registry("channel")
