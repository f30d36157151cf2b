"""The messages of one handoff, composed ahead while those before them are on their way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.channels import Envelope
from wagtail_precise_mail.delivery.models import OutboxMessage

Addressed = list[tuple[OutboxMessage, Contact | None]]


class Group:
    """A few messages that are handed off together.

    Args:
        compose: makes the envelope of one message; touches no database.

    Attributes:
        envelopes: what was composed, by the message's id.
        failures: what could not be, and why.
    """

    def __init__(self, addressed: Addressed, compose: Callable[[OutboxMessage, Contact | None], Envelope]) -> None:
        self.addressed = addressed
        self.envelopes: dict[int, Envelope] = {}
        self.failures: list[tuple[OutboxMessage, Exception]] = []
        self._compose = compose
        self._done_count = 0

    @property
    def messages(self) -> Sequence[OutboxMessage]:
        """All of them, composed or not."""
        return [message for message, _contact in self.addressed]

    def compose_one(self) -> bool:
        """Compose the next message; returns False when none is left."""
        if self._done_count == len(self.addressed):
            return False
        message, contact = self.addressed[self._done_count]
        try:
            self.envelopes[message.pk] = self._compose(message, contact)
        except Exception as problem:  # merge fields and processors are other people's code; one contact fails alone
            self.failures.append((message, problem))
        self._done_count += 1
        return True

    def compose_rest(self) -> None:
        """Compose all that are left."""
        while self.compose_one():
            pass
