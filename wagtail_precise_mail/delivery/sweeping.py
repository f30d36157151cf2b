"""The sweeper: frees what dead workers held, brings back what waited long enough, and wakes sends left alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils import timezone

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.delivery.claims import is_attended
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.moves import DELIVER_SEND, finish_done

logger = logging.getLogger(__name__)

State = OutboxMessage.State


@dataclass(frozen=True)
class Swept:
    """How many messages went back to waiting, became unknown, are tried again; and sends finished and woken."""

    released_count: int
    unknown_count: int
    retried_count: int
    finished_count: int
    woken_count: int


def sweep(at: datetime | None = None) -> Swept:
    """Put the outbox in order. Runs every minute; any number of copies is harmless."""
    at = at or timezone.now()
    expired = OutboxMessage.objects.filter(lease_expires_at__lte=at)
    # Claimed: nothing left the house. Handoff: it may have, and nobody knows.
    released = expired.filter(state=State.CLAIMED).update(state=State.PENDING, claim_token=None, lease_expires_at=None)
    unknown = expired.filter(state=State.HANDOFF).update(
        state=State.UNKNOWN, claim_token=None, lease_expires_at=None, finished_at=at
    )
    retried = OutboxMessage.objects.filter(state=State.DEFERRED, next_attempt_at__lte=at).update(
        state=State.PENDING, next_attempt_at=None
    )
    # A worker that still held some of a send when it was cancelled has put them back since.
    OutboxMessage.objects.filter(
        state__in=[State.PENDING, State.DEFERRED], send__in=Send.objects.filter(state=Send.State.CANCELLED)
    ).update(state=State.CANCELLED, next_attempt_at=None, finished_at=at)
    if unknown:
        logger.warning("A worker died while handing over; the outcome of %s messages is unknown.", unknown)
    finished = finish_done(Send.objects.all(), at=at)
    return Swept(released, unknown, retried, len(finished), _wake(at))


def _wake(at: datetime) -> int:
    pending = OutboxMessage.objects.filter(send=OuterRef("pk"), state=State.PENDING)
    waiting = Send.objects.filter(Exists(pending), state=Send.State.RUNNING).order_by("priority", "pk")
    alone = [pk for pk in waiting.values_list("pk", flat=True) if not is_attended(pk, at=at)]
    for pk in alone:
        enqueue(DELIVER_SEND, pk)
    return len(alone)
