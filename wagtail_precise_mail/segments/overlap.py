"""How segments overlap: every pair, and every combination, by one query over contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, IntegerField, Q, Value, When

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import rules_in_force

MOST_SEGMENTS = 8


@dataclass(frozen=True)
class Combination:
    """Contacts who are in exactly these segments, and in no other of those compared."""

    places: frozenset[int]
    count: int


@dataclass(frozen=True)
class Overlap:
    """Segments side by side.

    Attributes:
        combinations: each with at least one contact, the largest first; those in none are not among them.
    """

    segments: tuple[Segment, ...]
    combinations: tuple[Combination, ...]

    def shared(self, *places: int) -> int:
        """Return how many contacts are in all segments of these places."""
        wanted = set(places)
        return sum(one.count for one in self.combinations if wanted <= one.places)

    @property
    def union_count(self) -> int:
        """Contacts in at least one."""
        return sum(one.count for one in self.combinations)


def overlap(segments: Sequence[Segment], *, at: datetime) -> Overlap:
    """Compare segments, as of a moment.

    Every contact gets one number with a bit for each segment; the database counts the numbers.

    Raises:
        InvalidRules: one of them cannot be evaluated; the message names it.
        ValueError: there are more than ``MOST_SEGMENTS``.
    """
    if len(segments) > MOST_SEGMENTS:
        raise ValueError(f"At most {MOST_SEGMENTS} segments are compared.")
    statements = [rules_in_force(one).as_q(at) for one in segments]
    bits: Any = sum((_bit(one, place) for place, one in enumerate(statements)), Value(0, IntegerField()))
    rows = Contact.objects.order_by().values(wpm_bits=bits).annotate(wpm_count=Count("pk"))
    counts = {row["wpm_bits"]: row["wpm_count"] for row in rows if row["wpm_bits"]}
    found = [Combination(_places(number), count) for number, count in counts.items()]
    return Overlap(tuple(segments), tuple(sorted(found, key=lambda one: (-one.count, sorted(one.places)))))


def _bit(statement: Q, place: int) -> Case:
    return Case(When(statement, then=Value(1 << place)), default=Value(0), output_field=IntegerField())


def _places(number: int) -> frozenset[int]:
    return frozenset(place for place in range(MOST_SEGMENTS) if number >> place & 1)
