"""The picture of how large segments were."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wagtail_precise_mail.charts import LineChart, Series
from wagtail_precise_mail.reports.admin.customers.asking import Asked
from wagtail_precise_mail.reports.sizes import segment_sizes
from wagtail_precise_mail.segments.models import Segment

_DAYS_SHOWN = 93
"""Up to so many days each is a point; of more, the last one of each part of the period is."""


def sizes_picture(asked: Asked) -> LineChart:
    """How large the chosen segments were, day by day."""
    names = dict(Segment.objects.filter(pk__in=asked.segments).values_list("pk", "name"))
    chosen = [pk for pk in asked.segments if pk in names]
    by_day = segment_sizes(chosen, asked.period)
    points = _points(asked, by_day)
    return LineChart(
        key="segment-sizes",
        title=_("Size of segments over time"),
        definition=_(
            "How many contacts belonged to a segment when it was measured, once a day, by the rules that it had on "
            "that day: a step may be a change of the rules. Of more than %(days)s days, the last measurement of each "
            "part of the period is shown. A gap is a time without a measurement."
        )
        % {"days": _DAYS_SHOWN},
        row_title=_("Day") if _is_daily(by_day) else asked.period.slice_title,
        unit=_("contacts"),
        labels=[label for label, _sizes in points],
        series=[Series(names[pk], [sizes.get(pk) for _label, sizes in points]) for pk in chosen],
        missing=_missing(chosen, len(by_day)),
    )


def _missing(chosen: list[int], count: int) -> str:
    if not chosen:
        return _("Nothing to show yet: no segment was measured so far. The nightly run measures them.")
    if count < 2:
        return _("Too few to show: these segments were measured %(count)s times in this period. Two are a line.") % {
            "count": count
        }
    return ""


def _is_daily(by_day: dict[date, dict[int, int]]) -> bool:
    return not by_day or (max(by_day) - min(by_day)).days < _DAYS_SHOWN


def _points(asked: Asked, by_day: dict[date, dict[int, int]]) -> list[tuple[str, dict[int, int]]]:
    """Return the days from the first measurement to the last, or the parts of the period if they are too many."""
    if not by_day:
        return []
    first, last = min(by_day), max(by_day)
    if _is_daily(by_day):
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return [(str(date_format(day, "j M")), by_day.get(day, {})) for day in days]
    points = []
    for part in asked.period.slices():
        if part.last >= first and part.first <= last:
            days = [day for day in by_day if part.first <= day <= part.last]
            points.append((part.label, by_day[days[-1]] if days else {}))
    return points
