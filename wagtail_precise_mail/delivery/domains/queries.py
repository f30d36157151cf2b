"""Reads of the report: volume and classes of errors by domain, and the trend of a quarter; a few queries in all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet, Sum

from wagtail_precise_mail.delivery.domains.models import DomainDay, Outcome

PERIOD = timedelta(days=30)
WEEKS = 12
SHOWN = 20
"""Domains that have a line of their own; the others are added up."""

BOUNCES = (Outcome.ADDRESS, Outcome.FULL, Outcome.CONTENT, Outcome.OTHER)
"""What counts as a bounce; blocks are apart, for they are about us, and not about the address."""


@dataclass(frozen=True)
class Tally:
    """How many messages came to each end."""

    domain: str
    counts: dict[str, int]
    # Of the line of all others: how many domains it is.
    domain_count: int = 1

    @property
    def total(self) -> int:
        """Messages tried. A complaint is about one that was accepted before."""
        return sum(count for outcome, count in self.counts.items() if outcome != Outcome.COMPLAINT)

    def of(self, *outcomes: str) -> int:
        """Return how many came to one of some ends."""
        return sum(self.counts.get(outcome, 0) for outcome in outcomes)

    def percent(self, *outcomes: str) -> float | None:
        """Return their share; of complaints, that of accepted messages. None where there is nothing to compare with."""
        base = self.of(Outcome.ACCEPTED) if outcomes == (Outcome.COMPLAINT,) else self.total
        return 100 * self.of(*outcomes) / base if base else None


@dataclass(frozen=True)
class Volume:
    """Mail of a period by recipient domain; the lines add up to ``total``."""

    lines: list[Tally]
    others: Tally | None
    total: Tally


def sender_domains(today: date) -> list[str]:
    """Return the domains that mail came from in the last 30 days."""
    days = DomainDay.objects.filter(on__gt=today - PERIOD)
    return list(days.order_by("sender").values_list("sender", flat=True).distinct())


def volume(today: date, *, sender: str = "") -> Volume:
    """Return the last 30 days by recipient domain, the largest first, in one query.

    Args:
        sender: only mail from this domain.
    """
    days = _days(sender).filter(on__gt=today - PERIOD)
    by_domain = _grouped(days.values_list("domain", "outcome").annotate(Sum("count")))
    tallies = sorted((Tally(*row) for row in by_domain.items()), key=lambda one: (-one.total, one.domain))
    lines, rest = tallies[:SHOWN], tallies[SHOWN:]
    others = Tally("", _together(rest), len(rest)) if rest else None
    return Volume(lines, others, Tally("", _together(tallies), len(tallies)))


def weeks(today: date, *, sender: str = "") -> list[tuple[date, Tally]]:
    """Return the last twelve weeks by their Monday, the oldest first and the last one under way, in one query."""
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    counts: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = _days(sender).filter(on__gte=first).values_list("on", "outcome").annotate(Sum("count"))
    for day, outcome, count in rows:
        counts[day - timedelta(days=day.weekday())][outcome] += count
    starts = [first + timedelta(weeks=number) for number in range(WEEKS)]
    return [(start, Tally("", dict(counts[start]))) for start in starts]


def _days(sender: str) -> QuerySet[DomainDay]:
    days = DomainDay.objects.order_by()
    return days.filter(sender=sender) if sender else days


def _grouped(rows: Iterable[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for domain, outcome, count in rows:
        found[domain][outcome] = count
    return found


def _together(tallies: Iterable[Tally]) -> dict[str, int]:
    total: dict[str, int] = defaultdict(int)
    for tally in tallies:
        for outcome, count in tally.counts.items():
            total[outcome] += count
    return dict(total)
