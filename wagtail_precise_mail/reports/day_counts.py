"""What the pictures of a large shop are drawn from: sums by day, worked out every night, some contacts at a time.

From sums by day every period follows without reading an order. Small shops need none: their orders are read each time.
A run writes beside the last one, which pages read until the run is done.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.freshness import last_success
from wagtail_precise_mail.reports.periods import Period

JOB = "customer_reports"
STAGE, INTERVAL, COHORT = "stage", "interval", "cohort"


class DayCount(models.Model):
    """A number and an amount of money of one day."""

    # Of which run: the one that is under way, or the last one.
    run_at = models.DateTimeField()
    kind = models.CharField(max_length=20)
    # What it is about: the place of a stage among all, the days of an interval, the month of a cohort.
    place = models.IntegerField()
    day = models.DateField()
    number = models.BigIntegerField(default=0)
    total = models.DecimalField(max_digits=18, decimal_places=4, default=0)

    class Meta:
        verbose_name = _("sum of a day")
        verbose_name_plural = _("sums of days")
        constraints = [
            models.UniqueConstraint(fields=["run_at", "kind", "place", "day"], name="wpm_day_count_once"),
        ]
        indexes = [models.Index(fields=["run_at", "kind", "day"], name="wpm_day_count_day")]

    def __str__(self) -> str:
        return f"{self.kind} {self.place} {self.day}"


def kept_at() -> datetime | None:
    """Return as of when there are sums; None where orders are read each time."""
    at = last_success(JOB)
    return at if at and DayCount.objects.filter(run_at=at).exists() else None


def kept_days(kind: str, period: Period) -> QuerySet[DayCount] | None:
    """Return the sums of one kind in a period; None where orders are read each time."""
    at = kept_at()
    if at is None:
        return None
    return DayCount.objects.filter(run_at=at, kind=kind, day__gte=period.first, day__lte=period.last).order_by()


def kept_rows(kind: str, period: Period, *columns: str) -> list[tuple[Any, ...]] | None:
    """Return columns of the sums of one kind in a period."""
    found = kept_days(kind, period)
    return None if found is None else list(found.values_list(*columns))


def as_day(value: date | str) -> date:
    """Return a day as SQL gives it: SQLite as text."""
    return value if isinstance(value, date) else date.fromisoformat(value)
