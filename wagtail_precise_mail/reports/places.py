"""Where contacts stand on an axis (RFM group, buying stage, engagement), where they stood, and who went where.

The history is a list of movements. What holds now is known, so every earlier day follows by walking back: who moved to
a place since then was not there, who left it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import Count, Min
from django.db.models.functions import TruncDate
from django.utils import timezone

from wagtail_precise_mail.commerce.figuring.history import BUYING, RFM, TIERS, Axis, movements_between
from wagtail_precise_mail.reports.periods import midnight
from wagtail_precise_mail.segments.movements import Movement
from wagtail_precise_mail.tracking.engagement import ContactEngagement

__all__ = ["BUYING", "ENGAGEMENT", "RFM", "TIERS", "Axis", "history_begins", "moved_between", "places_now", "places_on"]


ENGAGEMENT = Axis("engagement", ContactEngagement, "stage")


def places_now(axis: Axis) -> Counter[str]:
    """Return how many contacts stand at each place; who stands nowhere is left out."""
    rows = axis.model._default_manager.order_by().values_list(axis.column).annotate(Count("pk"))
    return Counter({place: count for place, count in rows if place})


def history_begins(axis: Axis) -> datetime | None:
    """Return the first movement on an axis; before it nothing is known."""
    begin: datetime | None = Movement.objects.filter(axis=axis.key).aggregate(first=Min("moved_at"))["first"]
    return begin


def places_on(axis: Axis, days: Sequence[date]) -> list[Counter[str]]:
    """Return how many contacts stood at each place at the end of some days, given in order, in two queries.

    Contacts that are deleted by now were never there.
    """
    if not days:
        return []
    after = midnight(days[0] + timedelta(days=1))
    moves = Movement.objects.filter(axis=axis.key, moved_at__gte=after).order_by()
    by_day = moves.annotate(day=TruncDate("moved_at", tzinfo=timezone.get_default_timezone()))
    rows = sorted(by_day.values_list("day", "before", "after").annotate(Count("pk")), reverse=True)
    standing, found, place = places_now(axis), [], 0
    for day in reversed(days):
        while place < len(rows) and rows[place][0] > day:
            _day, before, later, count = rows[place]
            standing[before] += count
            standing[later] -= count
            place += 1
        found.append(Counter({name: count for name, count in standing.items() if name and count > 0}))
    return found[::-1]


def moved_between(axis: Axis, first: date, last: date) -> dict[tuple[str, str], int]:
    """Return how many contacts stood where at the end of one day, and where at the end of a later one, in one query.

    See ``movements_between``, which does the same for moments.
    """
    return movements_between(axis, _end_of(first), _end_of(last))


def _end_of(day: date) -> datetime:
    return midnight(day + timedelta(days=1)) - timedelta(microseconds=1)
