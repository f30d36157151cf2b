"""Keeping figures right: soon after each change for whoever it was about, and every night for everybody."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.figure_settings import FigureSettings
from wagtail_precise_mail.commerce.figuring import rhythm
from wagtail_precise_mail.commerce.figuring.contact_figures import CATEGORY_AXIS, work_out
from wagtail_precise_mail.commerce.figuring.sql import Scope
from wagtail_precise_mail.commerce.figuring.standings import (
    RFM_AXIS,
    STAGE_AXIS,
    TIER_AXIS,
    place_everybody,
    place_touched,
)
from wagtail_precise_mail.commerce.models import FiguresDue, Order, ShopRhythm
from wagtail_precise_mail.contacts.freshness import Cycle, JobRun, claimed, cycles
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidTransition
from wagtail_precise_mail.segments.moving import announce_after_commit, last_movement_id

logger = logging.getLogger(__name__)

JOB = "contact_figures"
TOUCHED_BATCH = 1000
"""Contacts whose figures are worked out in one transaction after their orders changed."""

NIGHTLY_BATCH = 50_000
"""Contacts of one transaction of the nightly run: large enough to read orders in long runs."""

AXES = (CATEGORY_AXIS, RFM_AXIS, STAGE_AXIS, TIER_AXIS)
_FIGURES, _RHYTHM = "figures", "rhythm"

Progress = Callable[[int], None]

cycles.register(JOB)(
    Cycle(
        _("Figures, RFM and stages of contacts"),
        timedelta(days=1),
        lambda at: Order.objects.filter(contact__isnull=False, recorded_at__lte=at).exists(),
    )
)


def refresh_due(*, at: datetime | None = None, seconds: float | None = None) -> int:
    """Work out the figures and stages of contacts whose orders changed; return how many contacts that were.

    A change that comes meanwhile is not lost: it raises the count of its row, which then stays for the next time. Only
    one worker does this at a time; a second one finds nothing to do. Nor is there while the nightly run is under way,
    which works as of its own moment, and would undo what is newer.

    Args:
        seconds: after how long to leave the rest for the next call; None does all.
    """
    begin, total = time.monotonic(), 0
    while count := _refresh_batch(at or timezone.now()):
        total += count
        if seconds is not None and time.monotonic() - begin >= seconds:
            break
    return total


def _refresh_batch(at: datetime) -> int:
    if not FiguresDue.objects.exists():
        return 0
    with claimed(JOB) as job:
        if job is None or job.running_at:
            return 0
        due = dict(FiguresDue.objects.order_by("pk").values_list("pk", "change_count")[:TOUCHED_BATCH])
        refresh(list(due), at=at)
        done = Q()
        by_count: dict[int, list[int]] = {}
        for pk, change_count in due.items():
            by_count.setdefault(change_count, []).append(pk)
        for change_count, pks in by_count.items():
            done |= Q(change_count=change_count, pk__in=pks)
        if due:
            FiguresDue.objects.filter(done).delete()
    return len(due)


def refresh(contact_ids: list[int], *, at: datetime) -> None:
    """Work out the figures and stages of some contacts; the time it takes depends on their orders only.

    Call it within a transaction.
    """
    scope, since_id = Scope(ids=contact_ids), last_movement_id()
    work_out(scope, at=at)
    place_touched(scope, at=at, borders=rhythm.current_borders())
    announce_after_commit(AXES, since_id=since_id, at=at)


def is_running() -> bool:
    """Whether a run over everybody is under way."""
    return JobRun.objects.filter(job=JOB, running_at__isnull=False).exists()


def refresh_everybody(
    *, at: datetime | None = None, seconds: float | None = None, on_progress: Progress | None = None
) -> bool:
    """Work out everything of everybody, in steps that each end in a commit; go on with a run that was interrupted.

    Args:
        at: as of when; now when left out. A run that is under way keeps its own moment.
        seconds: after how long to stop; the next call goes on. None does all.
        on_progress: told how many contacts each step was about.

    Returns:
        Whether all is done; False when the time was up, or somebody else is at it.

    Raises:
        InvalidTransition: there is a later run, whose history this one would turn upside down.
    """
    begin, wanted = time.monotonic(), at or timezone.now()
    while True:
        with claimed(JOB) as job:
            if job is None:
                return False
            is_done, count = _step(job, _begin(job, wanted))
            job.save()
        if on_progress:
            on_progress(count)
        if is_done:
            return True
        if seconds is not None and time.monotonic() - begin >= seconds:
            return False


def _begin(job: JobRun, at: datetime) -> datetime:
    if job.running_at is None:
        if job.succeeded_at and at < job.succeeded_at:
            raise InvalidTransition(f"There is a later run, of {job.succeeded_at:%Y-%m-%d %H:%M} UTC.")
        job.running_at, job.step, job.cursor = at, "", 0
    return job.running_at


def _step(job: JobRun, at: datetime) -> tuple[bool, int]:
    """Do the next step; return whether it was the last one, and how many contacts it was about."""
    if job.step == "":
        return False, _figures_step(job, at)
    if job.step == _FIGURES:
        rhythm.measure(at)
        job.step = _RHYTHM
        return False, 0
    since_id = last_movement_id()
    borders = _borders_of(ShopRhythm.objects.get(computed_at=at))
    place_everybody(at=at, borders=borders, chosen=FigureSettings.load())
    announce_after_commit((RFM_AXIS, STAGE_AXIS, TIER_AXIS), since_id=since_id, at=at)
    job.succeeded_at, job.running_at, job.step, job.cursor = at, None, "", 0
    logger.info("Worked out the figures of all contacts as of %s.", at)
    return True, 0


def _borders_of(found: ShopRhythm) -> rhythm.Borders:
    return rhythm.Borders(found.at_risk_days, found.churned_days, found.is_calibrated)


def _figures_step(job: JobRun, at: datetime) -> int:
    ids = Contact.objects.filter(pk__gt=job.cursor).order_by("pk").values_list("pk", flat=True)
    until = ids[NIGHTLY_BATCH - 1 : NIGHTLY_BATCH].first() or ids.order_by("-pk").first()
    if until is None:
        job.step = _FIGURES
        return 0
    since_id = last_movement_id()
    work_out(Scope(after=job.cursor, until=until), at=at)
    announce_after_commit((CATEGORY_AXIS,), since_id=since_id, at=at)
    count = ids.filter(pk__lte=until).count()
    job.cursor = until
    return count
