"""Pictures of segments."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wagtail_precise_mail.charts import LineChart, Series
from wagtail_precise_mail.segments.models import Segment

_DAYS = 365


def size_picture(segment: Segment) -> LineChart:
    """Return how many contacts a segment had, day by day, for the last year."""
    first = timezone.localdate() - timedelta(days=_DAYS)
    sizes = list(segment.sizes.filter(measured_on__gte=first).order_by("measured_on"))
    failed = [one for one in sizes if one.contact_count is None]
    note = ""
    if failed:
        words = {"day": date_format(failed[-1].measured_on, "DATE_FORMAT"), "problem": failed[-1].problem}
        note = _("It could not be measured on every day; last on %(day)s: %(problem)s.") % words
    nothing = _("Published segments are measured every night; there is no number yet.")
    return LineChart(
        key="size",
        title=_("Size over time"),
        definition=_("Contacts who belong to the segment as it was published that day, counted once every night."),
        row_title=_("Day"),
        unit=_("contacts"),
        note=note,
        labels=[date_format(one.measured_on, "j M") for one in sizes],  # short: six of them stand below the picture
        series=[Series(segment.name, [one.contact_count for one in sizes])],
        missing="" if len(failed) < len(sizes) else nothing,
    )
