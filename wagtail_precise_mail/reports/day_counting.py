"""The nightly run that adds up what customers did by day; see ``day_counts``."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.commerce.figuring import refreshing
from wagtail_precise_mail.commerce.figuring.rhythm import current_borders
from wagtail_precise_mail.commerce.figuring.sql import moment, run
from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.contacts.freshness import Cycle, JobRun, claimed, cycles, last_success, take_steps
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.reports import intervals, retention, stage_revenue
from wagtail_precise_mail.reports.day_counts import COHORT, INTERVAL, JOB, STAGE, DayCount

logger = logging.getLogger(__name__)

LARGE = 100_000
"""Orders from which on pages read sums by day: fewer are read within a second or two."""

CONTACTS = 100_000
"""Contacts of one step."""

_KINDS = (STAGE, INTERVAL, COHORT)

_ADD = """
    INSERT INTO {table} (run_at, kind, place, day, number, total)
    SELECT %(run_at)s, '{kind}', place, day, number, total FROM ({{sums}}) sums WHERE 1 = 1
    ON CONFLICT (run_at, kind, place, day) DO UPDATE SET number = {table}.number + excluded.number,
        total = {table}.total + excluded.total
"""

cycles.register(JOB)(Cycle(_("Reports of customers"), timedelta(days=1), lambda at: _is_large(at)))


def _is_large(at: datetime) -> bool:
    return Order.objects.filter(recorded_at__lte=at)[LARGE - 1 : LARGE].exists()


def begin(at: datetime) -> bool:
    """Begin a run if the figures of contacts are newer than the last one; return whether one is under way."""
    with claimed(JOB) as job:
        if job is None:
            return False
        if job.running_at is None and _is_due(job, at):
            job.running_at, job.step, job.cursor = at, _KINDS[0], 0
            job.save()
        return job.running_at is not None


def _is_due(job: JobRun, at: datetime) -> bool:
    figures = last_success(refreshing.JOB)
    return figures is not None and (job.succeeded_at is None or job.succeeded_at < figures) and _is_large(at)


def go_on(*, seconds: float | None = None) -> bool:
    """Do the next steps of the run that is under way; see :func:`.take_steps`."""
    return take_steps(JOB, _step, seconds=seconds)


def _step(job: JobRun, at: datetime) -> None:
    ids = Contact.objects.filter(pk__gt=job.cursor).order_by("pk").values_list("pk", flat=True)
    until = ids[CONTACTS - 1 : CONTACTS].first() or ids.last()
    if until is not None:
        _add(job.step, at, job.cursor, until)
        job.cursor = until
        return
    job.cursor = 0
    following = _KINDS.index(job.step) + 1
    if following < len(_KINDS):
        job.step = _KINDS[following]
        return
    DayCount.objects.exclude(run_at=at)._raw_delete(DayCount.objects.db)
    job.succeeded_at, job.running_at, job.step = at, None, ""
    logger.info("Added up what customers did by day, as of %s.", at)


def _add(kind: str, at: datetime, after: int, until: int) -> None:
    sums, params = {STAGE: _stage_sums, INTERVAL: intervals.sums_by_day, COHORT: retention.sums_by_day}[kind]()
    sql = _ADD.format(table=DayCount._meta.db_table, kind=kind).format(sums=sums)
    run(sql, {**params, "run_at": moment(at), "at": moment(at), "after": after, "last": until})


def _stage_sums() -> tuple[str, dict[str, int]]:
    borders = current_borders()
    return stage_revenue.sums_by_day(borders.at_risk_days, borders.churned_days)
