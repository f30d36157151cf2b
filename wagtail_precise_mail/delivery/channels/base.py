"""What a channel is: the way by which outbox messages leave the house."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from wagtail_precise_mail.registry import Registry


@dataclass(frozen=True)
class Envelope:
    """One message, ready to leave. Addresses are bare; ``content`` has CRLF line ends and lines below 998 bytes."""

    sender: str
    recipient: str
    content: bytes


@dataclass(frozen=True)
class Receipt:
    """The other side took the message. ``reply`` is in its own words, ``provider_id`` its name for the message."""

    reply: str = ""
    provider_id: str = ""


class Channel(ABC):
    """A way out that a worker opens, uses for many messages, and closes. Used by one thread."""

    @abstractmethod
    def send(self, envelope: Envelope) -> Receipt:
        """Hand one message over.

        Raises:
            TemporaryDeliveryError: certainly not accepted; later it may be.
            PermanentDeliveryError: certainly not accepted, and never will be.
            ChannelUnavailable: certainly not accepted, and this is about the channel, not about this message.
            OutcomeUnknown: accepted or not, nobody knows.
        """

    def close(self) -> None:  # noqa: B027  most channels have nothing to close
        """Let go of connections; never raises."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


channels: Registry[type[Channel]] = Registry("channel")
