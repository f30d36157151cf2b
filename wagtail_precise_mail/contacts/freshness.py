"""How fresh what is worked out every so often is: how far each job came, and when it was last done in full."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.registry import Registry


@dataclass(frozen=True)
class Cycle:
    """How often a job has to be done.

    Attributes:
        label: what is stale when it was not, such as "figures of contacts".
        length: from one success to the next.
        is_needed: whether there was anything to work on at a moment, for a job that was never done.
    """

    label: str | Promise
    length: timedelta
    is_needed: Callable[[datetime], bool]


cycles: Registry[Cycle] = Registry("recurring job")


class JobRun(models.Model):
    """One job: when it succeeded last, and how far the run under way came."""

    job = models.CharField(_("job"), max_length=40, unique=True)
    # As of when the run under way works; None between runs.
    running_at = models.DateTimeField(null=True)
    # The last step that is done, and within the next one the last id.
    step = models.CharField(max_length=40, blank=True)
    cursor = models.BigIntegerField(default=0)
    succeeded_at = models.DateTimeField(_("last done"), null=True)

    class Meta:
        verbose_name = _("recurring job")
        verbose_name_plural = _("recurring jobs")

    def __str__(self) -> str:
        return self.job


@contextmanager
def claimed(job: str) -> Iterator[JobRun | None]:
    """Hold a job within a transaction, so that nobody else works on it; None where somebody else holds it."""
    JobRun.objects.get_or_create(job=job)
    with transaction.atomic():
        yield JobRun.objects.select_for_update(skip_locked=True).filter(job=job).first()


def note_success(job: str, at: datetime) -> None:
    """Note that a job is done in full, as of a moment."""
    JobRun.objects.update_or_create(job=job, defaults={"succeeded_at": at, "running_at": None, "step": "", "cursor": 0})


def last_success(job: str) -> datetime | None:
    """Return as of when a job was last done in full."""
    return JobRun.objects.filter(job=job).values_list("succeeded_at", flat=True).first()


@dataclass(frozen=True)
class StaleJob:
    """A job that was not done for longer than twice its cycle; ``succeeded_at`` is None where it never was."""

    key: str
    label: str | Promise
    succeeded_at: datetime | None


def stale_jobs(at: datetime) -> list[StaleJob]:
    """Return what is older than twice its cycle."""
    done = dict(JobRun.objects.values_list("job", "succeeded_at"))
    found = []
    for key, cycle in cycles.items():
        limit, succeeded_at = at - 2 * cycle.length, done.get(key)
        if succeeded_at < limit if succeeded_at else cycle.is_needed(limit):
            found.append(StaleJob(key, cycle.label, succeeded_at))
    return found


def take_steps(key: str, step: Callable[[JobRun, datetime], None], *, seconds: float | None = None) -> bool:
    """Do the next steps of the run of a job that is under way, each in a transaction of its own.

    Args:
        step: does one, as of the moment when the run began, and keeps its place in the row, which is saved here.
        seconds: after how long to stop; the next call goes on. None does all.

    Returns:
        Whether nothing is left to do here, also because somebody else is at it; False when the time was up.
    """
    start = time.monotonic()
    while True:
        with claimed(key) as job:
            if job is None or job.running_at is None:
                return True
            step(job, job.running_at)
            job.save()
        if seconds is not None and time.monotonic() - start >= seconds:
            return job.running_at is None
