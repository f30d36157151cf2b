"""Messages on offer to a channel, which remember how many of them it has taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import overload

from wagtail_precise_mail.delivery.channels import Envelope


class Offer(Sequence[Envelope]):
    """What was handed off and may leave now, as a channel sees it.

    What a channel has taken may have left, and nothing behind it has. So what is certain when a worker is interrupted
    does not hang on the channel's own book-keeping; a channel that takes all of them at once just leaves more in doubt.

    Args:
        must_stop: asked before each message that is iterated over; True ends the offer.
    """

    def __init__(self, envelopes: Sequence[Envelope], must_stop: Callable[[], bool]) -> None:
        self.taken_count = 0
        self._envelopes = envelopes
        self._must_stop = must_stop

    def __len__(self) -> int:
        return len(self._envelopes)

    def __iter__(self) -> Iterator[Envelope]:
        for number, envelope in enumerate(self._envelopes, 1):
            if self._must_stop():
                return
            self.taken_count = max(self.taken_count, number)
            yield envelope

    @overload
    def __getitem__(self, index: int) -> Envelope: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Envelope]: ...
    def __getitem__(self, index: int | slice) -> Envelope | Sequence[Envelope]:
        places = range(len(self))[index]
        last = places if isinstance(places, int) else max(places, default=-1)
        self.taken_count = max(self.taken_count, last + 1)
        return self._envelopes[index]
