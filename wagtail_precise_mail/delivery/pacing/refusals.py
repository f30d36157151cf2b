"""Whether a whole list goes wrong: the share of refusals among the last messages that one worker handed over."""

from __future__ import annotations

from collections import deque

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.claims import Result
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.pacing.slowing import asks_to_be_slower

State = OutboxMessage.State


class RefusalWindow:
    """The ends of the last ``refusal_window`` messages; half of them are enough to judge by.

    Lost answers are no refusals, and neither is "too fast": the one is counted by itself, and the other slows down.
    """

    def __init__(self) -> None:
        self._refused: deque[bool] = deque(maxlen=options().refusal_window)

    def note(self, result: Result) -> bool:
        """Count one message; returns whether this refusal was one too many."""
        if result.state == State.UNKNOWN or asks_to_be_slower(result):
            return False
        self._refused.append(result.state != State.ACCEPTED)
        is_judged = 2 * self.seen_count >= options().refusal_window
        share = 100 * self.refused_count / self.seen_count
        return self._refused[-1] and is_judged and share >= options().refusal_percent

    @property
    def refused_count(self) -> int:
        """Refusals among them."""
        return sum(self._refused)

    @property
    def seen_count(self) -> int:
        """Messages in the window."""
        return len(self._refused)
