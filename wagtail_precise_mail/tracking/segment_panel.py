"""When the members of a segment are active, on the page of the segment."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.charts import Cell, Grid
from wagtail_precise_mail.segments.panels import SegmentPanel, segment_panels
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.tracking.activity_hours import DAYS, activity_by_hour
from wagtail_precise_mail.tracking.timing import best_time_by

if TYPE_CHECKING:
    from wagtail_precise_mail.segments.models import Segment
    from wagtail_precise_mail.segments.rules import Rules


@segment_panels.register("activity_hours")
class ActivityPanel(SegmentPanel):
    """Hour by weekday, and the time for mail that follows."""

    title: ClassVar[str | Promise] = _("When they are active")
    template_name = "wagtail_precise_mail/tracking/segment_panel.html"

    def context(self, segment: Segment, rules: Rules, *, at: datetime, user: Any) -> dict[str, Any]:
        activity = activity_by_hour(members(rules, at=at), at=at)
        return {"picture": activity_picture(activity), "best": best_time_by(segment, activity)}


def activity_picture(counts: Counter[tuple[int, int]]) -> Grid:
    """Return the week as a grid: a row for each weekday, a column for each hour, as in the report of everybody."""
    return Grid(
        key="activity-hours",
        title=gettext("Activity by hour and weekday"),
        definition=gettext(
            "Clicks in mails by people, orders, and looks at the site, within %(days)s days, on the clock of the site."
        )
        % {"days": DAYS},
        row_title=gettext("Weekday"),
        column_title=gettext("Hour"),
        columns=[str(hour) for hour in range(24)],
        labels=[str(WEEKDAYS[day]) for day in range(7)],
        cells=[[Cell(counts[day, hour]) for hour in range(24)] for day in range(7)],
        has_totals=True,
        is_narrow=True,
        highlights=_highlights(counts),
        missing="" if counts else gettext("Nobody in this segment clicked, ordered or visited in that time."),
    )


def _highlights(counts: Counter[tuple[int, int]]) -> list[str]:
    if not counts:
        return []
    (weekday, hour), count = max(counts.items(), key=lambda item: (item[1], -item[0][0], -item[0][1]))
    words = {"day": str(WEEKDAYS[weekday]), "hour": f"{hour:02}:00", "count": count}
    return [gettext("Most of it on %(day)s at %(hour)s: %(count)s times.") % words]
