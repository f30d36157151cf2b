"""Figures of many campaigns side by side, with as many queries as for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet

from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.queries import report_of
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.queries import Progress
from wagtail_precise_mail.tracking.queries import figures_by_send

if TYPE_CHECKING:
    from wagtail_precise_mail.campaigns.queries import Report


def started_campaigns() -> QuerySet[Campaign]:
    """Campaigns of which at least some messages were sent or tried, the latest first."""
    campaigns = Campaign.objects.filter(send__isnull=False)
    return campaigns.select_related("send", "segment", "topic", "email").order_by("-started_at", "-pk")


def reports_by_campaign(campaigns: Iterable[Campaign]) -> dict[int, Report]:
    """Return the report of each campaign that has a send, by the campaign's id; links are left out."""
    sends = {campaign.pk: campaign.send for campaign in campaigns if campaign.send}
    reports = reports_by_send(sends.values())
    return {pk: reports[send.pk] for pk, send in sends.items()}


def reports_by_send(sends: Iterable[Send]) -> dict[int, Report]:
    """Return the report of each send by its id; links are left out."""
    counted = _progress_by_send(sends)
    seen = figures_by_send(list(counted), with_links=False)
    return {pk: report_of(counted[pk], seen[pk]) for pk in counted}


def _progress_by_send(sends: Iterable[Send]) -> dict[int, Progress]:
    by_id = {send.pk: send for send in sends}
    states: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    skipped: dict[int, dict[str, int]] = defaultdict(dict)
    messages = OutboxMessage.objects.filter(send__in=by_id).order_by()
    for send_id, state, reason, count in messages.values_list("send", "state", "skip_reason").annotate(Count("pk")):
        states[send_id][state] += count
        if reason:
            skipped[send_id][reason] = count
    return {
        pk: Progress(
            total=sum(states[pk].values()),
            by_state=dict(states[pk]),
            skipped=skipped[pk],
            is_done=send.state in (Send.State.FINISHED, Send.State.CANCELLED),
        )
        for pk, send in by_id.items()
    }
