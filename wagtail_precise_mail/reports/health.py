"""One number for how well a list does, and every figure it is made of.

The index is the sum of points. Each measure gives its weight in full when its share reaches the aim (of good things),
or stays at nothing (of bad ones); half way, it gives half of it. Nothing else goes in, so that anybody can add it up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact, Suppression, SuppressionReason
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.reports.growth import list_growth
from wagtail_precise_mail.tracking.models import MessageEvent

PERIOD = timedelta(days=90)

Kind, State = MessageEvent.Kind, OutboxMessage.State

# Weight, and the share in percent that is aimed at (good) or at which nothing is left (bad). The weights add up to 100.
MEASURES = {
    "opened": (_("Opened, of accepted mails"), 15, 30.0, True),
    "clicked": (_("Clicked, of accepted mails"), 20, 5.0, True),
    "bought": (_("Led to an order, of accepted mails"), 15, 1.0, True),
    "active": (_("Contacts who opened, clicked or bought, of those mailed"), 15, 50.0, True),
    "unsubscribed": (_("Unsubscribed, of accepted mails"), 10, 2.0, False),
    "complained": (_("Complaints, of accepted mails"), 10, 0.3, False),
    "failed": (_("Refused by the server, of mails tried"), 10, 5.0, False),
    "growth": (_("Net growth, of all contacts"), 5, 5.0, True),
}


@dataclass(frozen=True)
class Points:
    """One measure: what was counted, its share, and what it adds to the index."""

    key: str
    label: str
    count: int
    base: int
    weight: int
    aim: float
    is_good: bool

    @property
    def percent(self) -> float | None:
        """The share; None where there is nothing to compare with."""
        return 100 * self.count / self.base if self.base else None

    @property
    def points(self) -> float:
        """Between 0 and the weight."""
        if self.percent is None:
            return 0.0
        part = min(max(self.percent / self.aim, 0.0), 1.0)
        return self.weight * (part if self.is_good else 1 - part)

    @property
    def fill(self) -> int:
        """How full its bar is, in percent of the weight."""
        return round(100 * self.points / self.weight)


@dataclass(frozen=True)
class Health:
    """The index, and what it is made of."""

    since: datetime
    until: datetime
    measures: list[Points]

    @property
    def index(self) -> int | None:
        """0 to 100; None before any mail was accepted."""
        if not any(measure.base for measure in self.measures if measure.key == "opened"):
            return None
        return round(sum(measure.points for measure in self.measures) / sum(one.weight for one in self.measures) * 100)

    @property
    def per_thousand(self) -> float | None:
        """Responses (clicks and orders) for a thousand accepted mails."""
        found = {measure.key: measure for measure in self.measures}
        base = found["clicked"].base
        return 1000 * (found["clicked"].count + found["bought"].count) / base if base else None


def list_health(until: datetime, since: datetime | None = None) -> Health:
    """Return the index of the mails of a period; 90 days when it has no beginning. Tests and machines do not count."""
    since = since or until - PERIOD
    counted = _counts(since, until)
    accepted, tried, mailed = counted["accepted"], counted["tried"], counted["mailed"]
    bases = {"failed": tried, "active": mailed, "growth": counted["contacts"]}
    return Health(
        since,
        until,
        [
            Points(key, str(label), counted[key], bases.get(key, accepted), weight, aim, is_good)
            for key, (label, weight, aim, is_good) in MEASURES.items()
        ],
    )


def _counts(since: datetime, until: datetime) -> dict[str, int]:
    messages = OutboxMessage.objects.filter(send__is_test=False, created_at__gte=since, created_at__lt=until)
    accepted = Q(state=State.ACCEPTED)
    told = messages.aggregate(
        accepted=Count("pk", filter=accepted),
        failed=Count("pk", filter=Q(state=State.REJECTED)),
        mailed=Count("contact", filter=accepted, distinct=True),
    )
    events = MessageEvent.objects.filter(
        message__send__is_test=False,
        message__state=State.ACCEPTED,
        message__created_at__gte=since,
        message__created_at__lt=until,
        is_machine=False,
    )
    seen = events.aggregate(
        opened=Count("message", filter=Q(kind__in=[Kind.OPEN, Kind.CLICK]), distinct=True),
        clicked=Count("message", filter=Q(kind=Kind.CLICK), distinct=True),
        bought=Count("message", filter=Q(kind=Kind.CONVERSION), distinct=True),
        unsubscribed=Count("message", filter=Q(kind=Kind.UNSUBSCRIBE), distinct=True),
        active=Count("contact", filter=Q(kind__in=[Kind.OPEN, Kind.CLICK, Kind.CONVERSION]), distinct=True),
    )
    complaints = Suppression.objects.filter(
        reason=SuppressionReason.COMPLAINT, created_at__gte=since, created_at__lt=until
    )
    return {
        **told,
        **seen,
        "tried": told["accepted"] + told["failed"],
        "complained": complaints.count(),
        "growth": sum(row.net for row in list_growth(since, until)),
        "contacts": Contact.objects.count(),
    }
