"""Who would get a campaign now, and who would not, and why: counted before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Count

from wagtail_precise_mail.contacts.legal_settings import LegalSettings
from wagtail_precise_mail.delivery.aging import PermissionRule
from wagtail_precise_mail.delivery.freezing import as_plain, skip_reason
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.segments.queries import members

if TYPE_CHECKING:
    from wagtail_precise_mail.campaigns.models import Campaign
    from wagtail_precise_mail.contacts.queries import ContactQuerySet

SkipReason = OutboxMessage.SkipReason


@dataclass(frozen=True)
class Audience:
    """The members of a campaign's segment, by what would become of them.

    Attributes:
        kept_count: of how many it waits for their digest.
        skipped: how many are left out, by the reason (a value of ``OutboxMessage.SkipReason``); each is counted
            under one reason only, so that with the two other counts they sum to ``total_count``.
    """

    total_count: int
    sendable_count: int
    skipped: dict[str, int]
    kept_count: int = 0

    @property
    def skipped_count(self) -> int:
        """How many are left out."""
        return sum(self.skipped.values())


def preview_audience(campaign: Campaign, *, at: datetime) -> Audience:
    """Count what freezing the audience at ``at`` would do, in one query.

    Raises:
        InvalidRules: the segment, or an excluded one, cannot be evaluated.
    """
    rows = _judged(campaign, at).values_list("wpm_reason").annotate(Count("pk"))
    counts = dict(rows)
    total = sum(counts.values())
    sendable, kept = counts.pop("", 0), counts.pop(SkipReason.KEPT.value, 0)
    skipped = {reason: counts[reason] for reason in SkipReason.values if reason in counts}
    return Audience(total, sendable, skipped, kept)


def sendable_contacts(campaign: Campaign, *, at: datetime) -> ContactQuerySet:
    """Return the contacts who would get a campaign at a moment.

    Raises:
        InvalidRules: the segment, or an excluded one, cannot be evaluated.
    """
    contacts: ContactQuerySet = _judged(campaign, at).filter(wpm_reason="")
    return contacts


def _judged(campaign: Campaign, at: datetime) -> Any:
    """Return the members with ``wpm_reason``: why each is left out, or ""."""
    contacts = members(campaign.segment, at=at)
    excluded = [members(segment, at=at) for segment in campaign.excluded_segments.all()]
    reason = skip_reason(
        campaign.topic_id,
        excluded,
        at=at,
        rule=permission_rule(campaign),
        is_kept=campaign.topic.has_digests and not campaign.asks_permission,
    )
    return as_plain(contacts).annotate(wpm_reason=reason)


def permission_rule(campaign: Campaign) -> PermissionRule:
    """Return what a campaign would do with those who heard nothing for long."""
    return PermissionRule(LegalSettings.of(campaign.site).permission_months, campaign.asks_permission)
