"""A channel that keeps what it is given: for tests, and for sites where nothing may leave."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy

from wagtail_precise_mail.delivery.channels.base import Channel, Envelope, Receipt, channels


@channels.register("memory")
class MemoryChannel(Channel):
    """Accepts everything into ``outbox``, a list of the process; ``failures`` names what to raise, by recipient."""

    label = gettext_lazy("Memory (sends nothing)")
    outbox: ClassVar[list[Envelope]] = []
    failures: ClassVar[dict[str, Exception]] = {}

    def send(self, envelope: Envelope) -> Receipt:
        if error := self.failures.get(envelope.recipient):
            raise error
        self.outbox.append(envelope)
        return Receipt(reply="250 kept in memory")
