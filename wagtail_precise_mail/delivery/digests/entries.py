"""What is still to be told in a digest when it leaves: consent and offers may have ended since an issue was kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from wagtail_precise_mail.contacts.models import Consent, ConsentStatus
from wagtail_precise_mail.delivery.digests.models import DigestIssue
from wagtail_precise_mail.delivery.models import OutboxMessage

SkipReason, LeftOut = OutboxMessage.SkipReason, DigestIssue.LeftOut


@dataclass(frozen=True)
class Chosen:
    """The issues of one digest, the latest first.

    Attributes:
        shown: what its reader gets.
        left_out: the others, each with ``left_out`` set.
        skip_reason: why there is nothing to send, or "".
    """

    shown: Sequence[DigestIssue]
    left_out: Sequence[DigestIssue]
    skip_reason: str


def choose_entries(message_ids: Collection[int], *, at: datetime) -> dict[int, Chosen]:
    """Return what is in each digest, by its message's id: two queries, whatever their number."""
    issues = DigestIssue.objects.filter(digest__in=message_ids).annotate(wpm_ends_at=F("send__send_before"))
    by_digest: dict[int, list[DigestIssue]] = {pk: [] for pk in message_ids}
    for issue in issues.order_by("-kept_at", "-pk"):
        by_digest[issue.digest_id or 0].append(issue)
    every = [issue for some in by_digest.values() for issue in some]
    consents = _consents(every) if every else {}
    return {pk: _choose(some, consents, at) for pk, some in by_digest.items()}


def _consents(issues: Sequence[DigestIssue]) -> dict[tuple[int, int], str]:
    rows = Consent.objects.filter(
        contact__in={issue.contact_id for issue in issues}, topic__in={issue.topic_id for issue in issues}
    )
    return {(contact, topic): status for contact, topic, status in rows.values_list("contact", "topic", "status")}


def _choose(issues: Sequence[DigestIssue], consents: dict[tuple[int, int], str], at: datetime) -> Chosen:
    shown: list[DigestIssue] = []
    left_out: list[DigestIssue] = []
    statuses: list[str | None] = []
    for issue in issues:
        status = consents.get((issue.contact_id, issue.topic_id))
        ends_at: datetime | None = issue.wpm_ends_at  # type: ignore[attr-defined]
        issue.left_out = ""
        if status != ConsentStatus.GRANTED:
            issue.left_out = LeftOut.NO_CONSENT
            statuses.append(status)
        elif ends_at and ends_at <= at:
            issue.left_out = LeftOut.EXPIRED
        (left_out if issue.left_out else shown).append(issue)
    return Chosen(shown, left_out, "" if shown else _skip_reason(issues, statuses))


def _skip_reason(issues: Sequence[DigestIssue], statuses: Sequence[str | None]) -> str:
    if not issues or len(statuses) < len(issues):
        return SkipReason.EMPTY
    return SkipReason.UNSUBSCRIBED if ConsentStatus.WITHDRAWN in statuses else SkipReason.NO_CONSENT
