"""Doors for the background. A task says only that there is work; the truth is the outbox."""

from __future__ import annotations

from wagtail_precise_mail.delivery import services


def deliver_send(send_id: int) -> None:
    """Send for a while what is waiting in a send."""
    services.deliver(send_id)


def sweep() -> None:
    """Put the outbox in order, every minute."""
    services.sweep()
