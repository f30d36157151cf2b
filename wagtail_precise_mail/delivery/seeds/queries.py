"""Reads of the arrival monitor: by provider, and the last sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.pacing.groups import group_label, group_of
from wagtail_precise_mail.delivery.seeds.models import SeedArrival

PERIOD = timedelta(days=30)
Folder = SeedArrival.Folder


@dataclass
class Placement:
    """Where mail to the seeds of one provider went.

    Attributes:
        minutes: of each mail that arrived, how long it took from the acceptance by the server.
        refused_count: mails that the server did not take.
    """

    provider: str
    inbox_count: int = 0
    spam_count: int = 0
    missing_count: int = 0
    waiting_count: int = 0
    refused_count: int = 0
    minutes: list[float] = field(default_factory=list)

    @property
    def median_minutes(self) -> float | None:
        """Half of the mails arrived sooner."""
        return median(self.minutes) if self.minutes else None


def placements(*, at: datetime) -> list[Placement]:
    """Return the last 30 days by provider, in one query; seeds whose mailbox nobody reads are left out."""
    rows = SeedArrival.objects.filter(created_at__gt=at - PERIOD).select_related("seed", "message")
    found: dict[str, Placement] = {}
    for arrival in rows:
        if arrival.seed.mailbox:
            label = provider_of(arrival.seed.address)
            _count(found.setdefault(label, Placement(label)), arrival)
    return sorted(found.values(), key=lambda one: one.provider.lower())


def provider_of(address: str) -> str:
    """Return who keeps a mailbox, or its domain where that is nobody we know."""
    group = group_of(address)
    return group_label(group) if group else address.rpartition("@")[2]


def _count(placement: Placement, arrival: SeedArrival) -> None:
    if arrival.folder == Folder.INBOX:
        placement.inbox_count += 1
    elif arrival.folder == Folder.SPAM:
        placement.spam_count += 1
    elif arrival.message.state in (OutboxMessage.State.REJECTED, OutboxMessage.State.SKIPPED):
        placement.refused_count += 1
    elif arrival.missed_at:
        placement.missing_count += 1
    else:
        placement.waiting_count += 1
    if arrival.arrived_at and arrival.message.finished_at:
        # The clock of their server may be a little behind ours.
        placement.minutes.append(max(0.0, (arrival.arrived_at - arrival.message.finished_at).total_seconds() / 60))
