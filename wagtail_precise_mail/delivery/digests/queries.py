"""Reads of digests: what became of the issues that were kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

State = OutboxMessage.State


@dataclass(frozen=True)
class Kept:
    """Of one send, the contacts for whose digests it was kept.

    ``waiting``, ``under_way``, ``sent`` and ``left_out`` sum to ``total``; an erasure takes somebody out of all.

    Attributes:
        waiting: their period is not over.
        under_way: in a digest that has not left, or of which nobody knows whether it arrived.
        sent: in a digest that a server took, and ``clicked`` of them went on to read it.
        left_out: in none: its offer had ended, consent was gone, or the digest could not be sent.
    """

    total: int
    waiting: int
    under_way: int
    sent: int
    clicked: int
    left_out: int


def kept_of(send: Send) -> Kept:
    """Count what became of an issue that was kept for digests: one query."""
    told = Q(left_out="")
    under_way = Q(digest__state__in=[*OutboxMessage.OPEN_STATES, State.UNKNOWN])
    counts = DigestIssue.objects.filter(send=send).aggregate(
        total=Count("pk"),
        waiting=Count("pk", filter=Q(digest=None)),
        under_way=Count("pk", filter=told & under_way),
        sent=Count("pk", filter=told & Q(digest__state=State.ACCEPTED)),
        clicked=Count("pk", filter=told & Q(digest__state=State.ACCEPTED, clicked_at__isnull=False)),
    )
    return Kept(**counts, left_out=counts["total"] - counts["waiting"] - counts["under_way"] - counts["sent"])


def titles_in_digests(message_ids: Collection[int]) -> dict[int, list[str]]:
    """Return the names of the emails that digests tell of, the latest first, by the digest's message: one query."""
    titles: dict[int, list[str]] = defaultdict(list)
    if not message_ids:
        return titles
    issues = DigestIssue.objects.filter(digest__in=message_ids, left_out="").order_by("-kept_at", "-pk")
    for digest_id, name in issues.values_list("digest", F("send__compiled__email__name")):
        titles[digest_id].append(name or _("an email that was deleted"))
    return titles


def digest_sends() -> QuerySet[Send]:
    """Return the sends that carried digests, the latest first."""
    return Send.objects.filter(origin_kind=Send.DIGEST).order_by("-created_at", "-pk")


def count_waiting() -> int:
    """Return how many issues wait for a digest, each counted for each of its readers."""
    return DigestIssue.objects.filter(digest=None).count()
