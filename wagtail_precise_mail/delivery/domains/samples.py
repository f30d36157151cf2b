"""A message as it really leaves, made once more from what was kept of one that left."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from wagtail_precise_mail.delivery.channels import Envelope
from wagtail_precise_mail.delivery.composing import Composer
from wagtail_precise_mail.delivery.contents import content_of
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.readers import Reader

logger = logging.getLogger(__name__)

_TRIED = 5


@dataclass(frozen=True)
class Sample:
    """One message: what the outside and the inside of its envelope say."""

    envelope: Envelope
    is_marketing: bool


def latest_sample(addresses: list[str], *, at: datetime) -> Sample | None:
    """Return the latest message that left from one of some addresses, or None.

    Campaigns and digests come before mail about orders and sign-ups, because more is asked of them. The message is made
    anew, from what was kept of it: nothing is sent, no code is taken out of a pool, nothing is counted.
    """
    sends = Send.objects.select_related("compiled", "topic").filter(from_address__in=addresses, is_test=False)
    is_marketing = Q(topic__isnull=False) | Q(origin_kind=Send.DIGEST)
    for some in (sends.filter(is_marketing), sends.exclude(is_marketing)):
        for send in some.order_by("-pk")[:_TRIED]:
            if (envelope := _made_again(send, at)) is not None:
                return Sample(envelope, send.is_marketing)
    return None


def _made_again(send: Send, at: datetime) -> Envelope | None:
    left = OutboxMessage.objects.select_related("contact").filter(send=send, state=OutboxMessage.State.ACCEPTED)
    # Without an order of our own, the index of figures finds one at once.
    message = left.filter(contact__isnull=False).order_by().first()
    if message is None:
        return None
    try:
        known = content_of(message) or Reader()
        return Composer(send).compose(message, message.contact, at=at, known=known)
    except (
        Exception
    ) as error:  # processors are other people's code; a mail that cannot be made again is no reason to stop
        logger.warning("Message %s cannot be made again for a look at its headers: %r", message.pk, error)
        return None
