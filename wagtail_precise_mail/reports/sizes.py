"""How large segments were, day by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from django.db.models import Max, OuterRef, Subquery

from wagtail_precise_mail.reports.periods import Period
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.sizes import SegmentSize

MOST_SEGMENTS = 6
"""Lines in one picture that people can still tell apart."""


def measured_segments() -> list[Segment]:
    """Return the segments that were ever measured, those with the largest last size first."""
    last = SegmentSize.objects.filter(segment=OuterRef("pk")).order_by("-measured_on").values("contact_count")[:1]
    measured = Segment.objects.annotate(wpm_last=Subquery(last)).filter(wpm_last__isnull=False)
    return list(measured.order_by("-wpm_last", "name", "pk"))


def segment_sizes(segments: Collection[int], period: Period) -> dict[date, dict[int, int]]:
    """Return the sizes of some segments by day, the first day first; a day without any is not in it."""
    rows = SegmentSize.objects.filter(
        segment__in=segments, measured_on__gte=period.first, measured_on__lte=period.last
    ).order_by("measured_on")
    found: dict[date, dict[int, int]] = defaultdict(dict)
    for day, segment, count in rows.values_list("measured_on", "segment", "contact_count"):
        if count is not None:
            found[day][segment] = count
    return dict(found)


def sizes_as_of() -> date | None:
    """Return the day of the last measurement; None before the first one."""
    latest: date | None = SegmentSize.objects.aggregate(latest=Max("measured_on"))["latest"]
    return latest
