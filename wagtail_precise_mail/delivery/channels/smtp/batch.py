"""The messages of one handoff, shared by the lines of a channel: who takes which, and what became of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

from wagtail_precise_mail.delivery.channels.base import Envelope, Outcome
from wagtail_precise_mail.exceptions import ChannelUnavailable, TemporaryDeliveryError


@dataclass(frozen=True)
class Job:
    """One message and its place among those of the batch."""

    place: int
    envelope: Envelope


class Batch:
    """Gives each message to one line. Messages are taken in their order, so those taken come before all others."""

    def __init__(self, envelopes: Sequence[Envelope]) -> None:
        self.failure: ChannelUnavailable | None = None
        self._source = enumerate(envelopes)
        self._returned: list[Job] = []
        self._outcomes: dict[int, Outcome] = {}
        self._yielded = 0
        self._is_closed = False
        self._lock = Lock()

    def take(self) -> Job | None:
        """Return the next message, or None when there is none, or none may be begun any more."""
        with self._lock:
            if self.failure or self._is_closed:
                return None
            if self._returned:
                return self._returned.pop(0)
            place, envelope = next(self._source, (0, None))
            return Job(place, envelope) if envelope is not None else None

    def give_back(self, job: Job) -> None:
        """Let another line take a message that was certainly not accepted."""
        with self._lock:
            self._returned.append(job)

    def settle(self, job: Job, outcome: Outcome) -> None:
        """Note what became of a message."""
        with self._lock:
            self._outcomes[job.place] = outcome

    def fail(self, error: ChannelUnavailable) -> None:
        """Begin nothing any more: the channel cannot go on."""
        with self._lock:
            self.failure = self.failure or error

    def close(self) -> None:
        """Begin nothing any more: nobody listens."""
        with self._lock:
            self._is_closed = True

    def ready(self) -> Iterator[Outcome]:
        """Yield what is known by now and was not yielded yet, in order, up to the first gap."""
        while self._yielded in self._outcomes:
            self._yielded += 1
            yield self._outcomes[self._yielded - 1]

    def rest(self) -> Iterator[Outcome]:
        """Yield everything else that is known, once no line is at work any more.

        A message that found the channel unusable, in front of one that did not, waits for its next attempt.
        """
        last = max(self._outcomes, default=-1)
        for place in range(self._yielded, last + 1):
            self._outcomes.setdefault(place, _try_again(self.failure))
        yield from self.ready()


def _try_again(failure: ChannelUnavailable | None) -> TemporaryDeliveryError:
    if failure is None:
        return TemporaryDeliveryError("The connection went away before the message was accepted.")
    return TemporaryDeliveryError(str(failure), reply=failure.reply, code=failure.code)
