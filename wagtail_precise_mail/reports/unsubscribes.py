"""Who leaves, by audience and by reason: the reasons of a row add up to its total, for they count the same rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet

from wagtail_precise_mail.campaigns.queries import Share
from wagtail_precise_mail.contacts.models import UnsubscribeReason
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.tracking.models import MessageEvent


@dataclass(frozen=True)
class Leaving:
    """What became of the mails to one audience.

    Attributes:
        accepted_count: messages of its campaigns that a server took.
        reasons: unsubscribes by value of ``UnsubscribeReason``; "" for none given, and for one that is none any more.
    """

    accepted_count: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> Share:
        """All who left, of the messages that were accepted."""
        return Share(sum(self.reasons.values()), self.accepted_count)


def mailed_segments() -> QuerySet[Segment]:
    """Return the segments that some campaign was sent to, by name."""
    return Segment.objects.filter(campaigns__send__isnull=False).distinct().order_by("name", "pk")


def leaving_by_segment(segments: Iterable[Segment]) -> dict[int, Leaving]:
    """Return who left by a campaign to each of some segments, by the segment's id; two queries for all."""
    ids = [segment.pk for segment in segments]
    place = "send__campaign__segment"
    accepted = dict(
        OutboxMessage.objects.filter(**{f"{place}__in": ids}, state=OutboxMessage.State.ACCEPTED)
        .order_by()
        .values_list(place)
        .annotate(Count("pk"))
    )
    reasons: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    events = MessageEvent.objects.filter(**{f"{place}__in": ids}, kind=MessageEvent.Kind.UNSUBSCRIBE).order_by()
    for segment_id, reason, count in events.values_list(place, "detail").annotate(Count("pk")):
        reasons[segment_id][reason if reason in UnsubscribeReason.values else ""] += count
    return {pk: Leaving(accepted.get(pk, 0), dict(reasons.get(pk, {}))) for pk in ids}
