"""Refusals that a server spoke while we were connected: bounces like those that come by mail, and heard at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from copy import copy

from django.utils import timezone

from wagtail_precise_mail.delivery.bounces.models import REFUSED
from wagtail_precise_mail.delivery.bounces.services import record_bounce
from wagtail_precise_mail.delivery.claims import Result
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.replies import ReplyClass, read
from wagtail_precise_mail.exceptions import PreciseMailError

logger = logging.getLogger(__name__)

# Here our own side is to blame, which is no bounce of the contact's.
_OURS = (ReplyClass.AUTH, ReplyClass.CONNECTION, ReplyClass.UNKNOWN)


def record_refusals(results: Iterable[Result]) -> None:
    """Keep a bounce for each message that was rejected, with the consequences of its kind for the address."""
    for result in results:
        if result.state != OutboxMessage.State.REJECTED or result.reply_class in _OURS:
            continue
        # The worker's copy is from before the handoff.
        message, at = copy(result.message), result.finished_at or timezone.now()
        message.state, message.handed_off_at = OutboxMessage.State.REJECTED, at
        verdict = read(result.reply).verdict
        try:
            record_bounce(
                message,
                kind=verdict.kind,
                diagnostic=result.reply,
                at=at,
                status=verdict.status,
                reply_code=verdict.reply,
                source=REFUSED,
            )
        except PreciseMailError:  # what is known about the message itself is written already
            logger.exception("The refusal of message %s was not kept as a bounce.", message.pk)
