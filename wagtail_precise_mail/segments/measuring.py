"""Measuring how many contacts each published segment has, once a day."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.freshness import Cycle, cycles, note_success
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.budgets import OutOfTime, at_most
from wagtail_precise_mail.segments.conditions.days import site_day
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.sizes import SegmentSize

logger = logging.getLogger(__name__)

# By its path: tasks stand above services.
_TASK = "wagtail_precise_mail.segments.tasks.measure_sizes"

JOB = "segment_sizes"

cycles.register(JOB)(
    Cycle(
        gettext_lazy("Sizes of segments"),
        timedelta(days=1),
        lambda at: Segment.objects.filter(live=True, first_published_at__lte=at).exists(),
    )
)


def measure_sizes(*, at: datetime | None = None, seconds: float | None = None) -> int:
    """Count the published segments that have no size of this day yet, each with one query.

    One that cannot be evaluated gets the reason in the place of a number, and the others go on.

    Args:
        seconds: after so long the rest is left to a task; a count that alone takes longer is given up.

    Returns:
        How many were measured, failures included.
    """
    at = at or timezone.now()
    seconds = options().task_seconds if seconds is None else seconds
    deadline = time.monotonic() + seconds
    today = site_day(at)
    waiting = Segment.objects.filter(live=True).exclude(sizes__measured_on=today).order_by("pk")
    measured = 0
    for segment in waiting:
        if time.monotonic() >= deadline:
            enqueue(_TASK)
            return measured
        count, problem = _count(segment, at, seconds)
        values = {"contact_count": count, "problem": problem[:250], "measured_at": at}
        SegmentSize.objects.update_or_create(segment=segment, measured_on=today, defaults=values)
        measured += 1
    note_success(JOB, at)
    return measured


def _count(segment: Segment, at: datetime, seconds: float) -> tuple[int | None, str]:
    try:
        with at_most(seconds):
            return members(segment, at=at).count(), ""
    except InvalidRules as error:
        return None, str(error)
    except OutOfTime:
        return None, _("counting took longer than %(seconds)s seconds") % {"seconds": f"{seconds:g}"}
    except (DatabaseError, RecursionError):
        logger.exception("The segment %s could not be measured.", segment.slug)
        return None, _("the database could not answer these rules")
