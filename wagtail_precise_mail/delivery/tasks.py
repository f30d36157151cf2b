"""Doors for the background. A task says only that there is work; the truth is the outbox."""

from __future__ import annotations

from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.digests import gathering


def deliver_send(send_id: int) -> None:
    """Send for a while what is waiting in a send."""
    services.deliver(send_id)


def sweep() -> None:
    """Put the outbox in order, every minute."""
    services.sweep()


def send_digests() -> None:
    """Send the digests of those whose day, week, month or quarter is over, every few minutes."""
    gathering.send_due_digests()
