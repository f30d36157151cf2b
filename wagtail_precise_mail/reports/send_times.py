"""Figures by the hour and weekday at which mails left: which time of the week does better, and on how many mails."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay
from django.utils.timezone import get_default_timezone

from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.tracking.models import MessageEvent

Kind = MessageEvent.Kind

LEAST_MAILS = 100
"""Mails of one hour from which on its share says anything; below it a cell is grey."""


@dataclass(frozen=True)
class SlotFigures:
    """What became of the mails that left in one hour of one weekday. All but orders are mails, by people.

    Attributes:
        accepted: how many were handed over: the size of the sample.
        orders: credited to a click in one of these mails.
        revenue: of the orders, by currency.
    """

    accepted: int = 0
    opened: int = 0
    clicked: int = 0
    orders: int = 0
    revenue: dict[str, Decimal] = field(default_factory=dict)

    @property
    def is_thin(self) -> bool:
        """Whether there are too few mails to judge by."""
        return self.accepted < LEAST_MAILS

    def percent(self, measure: str) -> float | None:
        """Return a count as a share of the accepted mails; None without any."""
        return 100 * getattr(self, measure) / self.accepted if self.accepted else None


@dataclass(frozen=True)
class SendTimes:
    """The week of sends, on the clock of the site.

    Attributes:
        slots: by weekday (0 is Monday) and hour; hours without a mail are not there.
    """

    slots: dict[tuple[int, int], SlotFigures]

    def slot(self, weekday: int, hour: int) -> SlotFigures:
        """Return the figures of one hour."""
        return self.slots.get((weekday, hour), SlotFigures())

    def total(self) -> SlotFigures:
        """Return all hours together: the same as the reports of these campaigns say."""
        revenue: dict[str, Decimal] = defaultdict(Decimal)
        for slot in self.slots.values():
            for currency, value in slot.revenue.items():
                revenue[currency] += value
        sums = {name: sum(getattr(one, name) for one in self.slots.values()) for name in _COUNTS}
        return SlotFigures(**sums, revenue=dict(revenue))

    def currencies(self) -> list[str]:
        """Return the currencies of the orders, by name."""
        return sorted({currency for slot in self.slots.values() for currency in slot.revenue})

    def best(self, measure: str) -> tuple[int, int] | None:
        """Return weekday and hour of the highest share, of hours with enough mails; None without any."""
        shares = {key: slot.percent(measure) or 0 for key, slot in self.slots.items() if not slot.is_thin}
        return max(shares, key=lambda key: (shares[key], -key[0], -key[1])) if shares else None


_COUNTS = ("accepted", "opened", "clicked", "orders")


def send_times(
    *, since: datetime | None = None, until: datetime | None = None, topic_id: int | None = None
) -> SendTimes:
    """Return the figures of campaigns by the hour at which each message left, in three queries.

    Args:
        since, until: when the messages were handed over; what came of them counts whenever it came.
        topic_id: only campaigns about this topic.
    """
    filters: dict[str, Any] = {"handed_off_at__gte": since, "handed_off_at__lte": until, "send__topic": topic_id}
    wanted = {name: value for name, value in filters.items() if value is not None}
    return SendTimes(_slots(wanted))


def _slots(wanted: dict[str, Any]) -> dict[tuple[int, int], SlotFigures]:
    campaign = Q(send__origin_kind="campaign", send__is_test=False)
    messages = OutboxMessage.objects.filter(
        campaign, state=OutboxMessage.State.ACCEPTED, handed_off_at__isnull=False, **wanted
    )
    events = MessageEvent.objects.filter(
        campaign,
        message__handed_off_at__isnull=False,
        **{name if name.startswith("send") else f"message__{name}": value for name, value in wanted.items()},
    )
    found: dict[tuple[int, int], dict[str, Any]] = defaultdict(lambda: {"revenue": {}})
    person = Q(is_machine=False)
    opened, clicked = (
        Count("message", filter=person & Q(kind=kind), distinct=True) for kind in (Kind.OPEN, Kind.CLICK)
    )
    # Counted as in the reports of campaigns: a conversion is one order, whoever made the click.
    figures = {"opened": opened, "clicked": clicked, "orders": Count("pk", filter=Q(kind=Kind.CONVERSION))}
    for key, row in _by_slot(messages, "handed_off_at", {"accepted": Count("pk")}):
        found[key] |= row
    for key, row in _by_slot(events, "message__handed_off_at", figures):
        found[key] |= row
    bought = events.filter(kind=Kind.CONVERSION)
    for key, row in _by_slot(bought, "message__handed_off_at", {"value": Sum("value")}, "currency"):
        found[key]["revenue"][row["currency"]] = row["value"]
    return {key: SlotFigures(**row) for key, row in found.items()}


def _by_slot(
    rows: Any, moment: str, figures: dict[str, Any], *beside: str
) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
    zone = get_default_timezone()
    slot = {"wpm_weekday": ExtractIsoWeekDay(F(moment), tzinfo=zone), "wpm_hour": ExtractHour(F(moment), tzinfo=zone)}
    for row in rows.order_by().annotate(**slot).values(*slot, *beside).annotate(**figures):
        yield (row.pop("wpm_weekday") - 1, row.pop("wpm_hour")), row
