"""The sweeper: frees what dead workers held, brings back what waited long enough, and wakes sends left alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from wagtail_precise_mail.delivery.channels import open_channel
from wagtail_precise_mail.delivery.claims import is_attended
from wagtail_precise_mail.delivery.crew import call_workers
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.moves import finish_done
from wagtail_precise_mail.delivery.replies import ReplyClass
from wagtail_precise_mail.delivery.retrying import Circumstances, repetition_of
from wagtail_precise_mail.exceptions import PreciseMailError

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
    repeated = _repeat(expired.filter(state=State.HANDOFF), at)
    unknown = expired.filter(state=State.HANDOFF).update(
        state=State.UNKNOWN,
        reply_class=ReplyClass.UNKNOWN,
        claim_token=None,
        lease_expires_at=None,
        finished_at=at,
    )
    retried = OutboxMessage.objects.filter(state=State.DEFERRED, next_attempt_at__lte=at).update(
        state=State.PENDING, next_attempt_at=None
    )
    # A worker that still held some of a send when it was cancelled has put them back since.
    OutboxMessage.objects.filter(
        state__in=[State.PENDING, State.DEFERRED], send__in=Send.objects.filter(state=Send.State.CANCELLED)
    ).update(state=State.CANCELLED, next_attempt_at=None, finished_at=at)
    if repeated:
        logger.warning("A worker died while handing over; %s messages that may be repeated wait for it.", repeated)
    if unknown:
        logger.warning("A worker died while handing over; the outcome of %s messages is unknown.", unknown)
    finished = finish_done(Send.objects.all(), at=at)
    return Swept(released, unknown, retried, len(finished), _wake(at))


def _repeat(expired: QuerySet[OutboxMessage], at: datetime) -> int:
    """Let those wait for another try that may be repeated although nobody knows whether they left; the rest stays."""
    seconds = _idempotency_seconds()
    if not seconds:  # else mail to many is asked about one by one, for nothing
        expired = expired.filter(send__topic=None, send__is_test=False).exclude(send__origin_kind=Send.DIGEST)
    count = 0
    for message in expired.select_related("send"):
        message.first_failed_at = message.first_failed_at or message.handed_off_at
        next_at = repetition_of(message, Circumstances(message.send, seconds), at=at)
        if next_at is None:
            continue
        count += OutboxMessage.objects.filter(
            pk=message.pk, state=State.HANDOFF, claim_token=message.claim_token, lease_expires_at__lte=at
        ).update(
            state=State.DEFERRED,
            reply_class=ReplyClass.UNKNOWN,
            first_failed_at=message.first_failed_at,
            next_attempt_at=next_at,
            claim_token=None,
            lease_expires_at=None,
        )
    return count


def _idempotency_seconds() -> int:
    try:
        return open_channel().idempotency_seconds
    except PreciseMailError as error:  # a channel that cannot be opened must not stop the sweeping
        logger.warning("The channel cannot be asked: %s", error)
        return 0


def _wake(at: datetime) -> int:
    pending = OutboxMessage.objects.filter(send=OuterRef("pk"), state=State.PENDING)
    is_free = Q(held_until=None) | Q(held_until__lte=at)
    waiting = Send.objects.filter(is_free, Exists(pending), state=Send.State.RUNNING).order_by("priority", "pk")
    alone = [pk for pk in waiting.values_list("pk", flat=True) if not is_attended(pk, at=at)]
    for pk in alone:
        call_workers(pk)
    return len(alone)
