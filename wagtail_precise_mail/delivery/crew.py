"""How many workers serve one send at once, and how they are called."""

from __future__ import annotations

from math import ceil

from django.db import connection

from wagtail_precise_mail.background import enqueue, worker_count
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.models import OutboxMessage

# Tasks lie above services, so the door is named by its path.
DELIVER_SEND = "wagtail_precise_mail.delivery.tasks.deliver_send"


def crew_size() -> int:
    """Return how many workers may serve a send: one stays free for everything else."""
    if connection.vendor == "sqlite":
        return 1
    return options().workers_per_send or max(worker_count() - 1, 1)


def call_workers(send_id: int) -> None:
    """Ask for as many workers as have something to do in a send, one at least, once the transaction has committed."""
    size = crew_size()
    if size > 1:
        waiting = _waiting_count(send_id, limit=size * options().claim_size)
        size = min(size, max(ceil(waiting / options().claim_size), 1))
    for _worker in range(size):
        enqueue(DELIVER_SEND, send_id)


def fair_claim(send_id: int, size: int) -> int:
    """Return how many messages one of several workers takes at once, where it would take ``size`` if it were alone.

    Towards the end it is less and less, so that no worker has much left to do when the others have nothing.
    """
    crew, least = crew_size(), options().claim_size
    if crew == 1 or size <= least:
        return size
    return max(min(size, _waiting_count(send_id, limit=2 * crew * size) // (2 * crew)), least)


def _waiting_count(send_id: int, *, limit: int) -> int:
    return OutboxMessage.objects.filter(send=send_id, state=OutboxMessage.State.PENDING)[:limit].count()
