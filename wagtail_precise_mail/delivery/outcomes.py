"""What a later event tells about a message of unknown outcome."""

from __future__ import annotations

import logging

from django.utils import timezone

from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.replies import ReplyClass, classify

logger = logging.getLogger(__name__)

State = OutboxMessage.State


def settle_unknown(message: OutboxMessage, *, state: str, reply: str = "") -> bool:
    """Give a message of unknown outcome its end: accepted or rejected, as a webhook or a bounce told.

    One that waits to be sent once more is not sent any more. Messages of any other state stay as they are.

    Args:
        reply: the words of the server that refused it.

    Returns:
        Whether it was of unknown outcome.
    """
    if message.state in (State.ACCEPTED, State.REJECTED):
        return False
    # A repetition that a worker holds already leaves; providers and mail programs know it by its Message-ID.
    waiting = {"state__in": [State.DEFERRED, State.PENDING], "reply_class": ReplyClass.UNKNOWN}
    reply_class = ReplyClass.ACCEPTED if state == State.ACCEPTED else classify(reply)
    values = {"state": state, "reply_class": reply_class, "next_attempt_at": None, "finished_at": timezone.now()}
    if reply:
        values["reply"] = reply
    settled = 0
    for condition in ({"state": State.UNKNOWN}, waiting):
        settled += OutboxMessage.objects.filter(pk=message.pk, **condition).update(**values)
    if settled:
        logger.info("Message %s of unknown outcome is %s.", message.pk, state)
    return bool(settled)
