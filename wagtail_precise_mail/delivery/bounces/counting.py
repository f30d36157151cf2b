"""When mail to an address came back so often that writing to it again is pointless.

Two counters, both of mails and not of reports, and both cleared by a delivery: trouble without a lasting reason, of
which older ones count less, and full mailboxes, on so many different days. A mail was delivered when something says so
(an automatic answer, or a provider's word), and also when it was accepted and did not come back while a later one did.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.bounces.kinds import BOUNCES, COUNTED, Kind
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.webhooks.models import ProviderEvent


def comes_back_too_often(bounce: Bounce, message: OutboxMessage) -> bool:
    """Whether this bounce is the one too many; of kinds that are not counted, none is."""
    at = bounce.happened_at
    if bounce.kind == Kind.QUOTA:
        days = full_days(bounce.recipient_key, at=at, before=message)
        return days >= options().full_mailbox_limit
    # The newest of five counts one, those before it a little less: it is the fifth that is one too many.
    limit = options().soft_bounce_limit - 1
    return bounce.kind in COUNTED and soft_score(bounce.recipient_key, at=at, before=message) > limit


def soft_score(recipient_key: str, *, at: datetime, before: OutboxMessage | None = None) -> float:
    """Return how many mails to an address came back lately without a lasting reason.

    Each counts once, and half after ``soft_bounce_half_life_days``.

    Args:
        before: the message that came back now; of those that left before it, one that did not was delivered.
    """
    rows = _since_delivery(recipient_key, at, before).filter(kind__in=COUNTED)
    last = dict(rows.order_by("happened_at").values_list("message_id", "happened_at")[:1000])
    half_life = options().soft_bounce_half_life_days
    return sum(0.5 ** ((at - moment).total_seconds() / 86_400 / half_life) for moment in last.values())


def full_days(recipient_key: str, *, at: datetime, before: OutboxMessage | None = None) -> int:
    """Return on how many different days different mails found the mailbox full, since the last delivery.

    Args:
        before: as in :func:`soft_score`.
    """
    rows = _since_delivery(recipient_key, at, before).filter(kind=Kind.QUOTA)
    by_message = dict(rows.order_by("-happened_at").values_list("message_id", "happened_at")[:1000])
    return len({timezone.localdate(moment) for moment in by_message.values()})


def _since_delivery(recipient_key: str, at: datetime, before: OutboxMessage | None) -> QuerySet[Bounce]:
    """Return the final bounces of an address since the last mail that arrived there."""
    rows = Bounce.objects.filter(recipient_key=recipient_key, is_final=True, happened_at__lte=at)
    answered = rows.exclude(kind__in=BOUNCES).order_by("-happened_at").values_list("happened_at", flat=True).first()
    told = ProviderEvent.objects.filter(
        message__contact=before.contact_id if before else None,
        message__recipient_key=recipient_key,
        kind=ProviderEvent.Kind.DELIVERED,
        happened_at__lte=at,
    )
    delivered = told.order_by("-happened_at").values_list("happened_at", flat=True).first() if before else None
    if moments := [moment for moment in (answered, delivered) if moment]:
        rows = rows.filter(happened_at__gt=max(moments))
    silent = _last_silent(before)
    return rows.filter(message__handed_off_at__gt=silent) if silent else rows


def _last_silent(before: OutboxMessage | None) -> datetime | None:
    """Return when the last mail left, of those before one that came back, that did not come back itself."""
    if before is None or before.contact_id is None or before.handed_off_at is None:
        return None
    came_back = Bounce.objects.filter(message=OuterRef("pk"), kind__in=BOUNCES)
    earlier = OutboxMessage.objects.filter(
        ~Exists(came_back),
        contact=before.contact_id,
        recipient_key=before.recipient_key,
        state=OutboxMessage.State.ACCEPTED,
        handed_off_at__lt=before.handed_off_at,
    )
    return earlier.order_by("-handed_off_at").values_list("handed_off_at", flat=True).first()
