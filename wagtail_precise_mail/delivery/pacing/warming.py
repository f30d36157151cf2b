"""Warm-up plans: how much marketing mail of a new domain may leave on each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import F
from django.utils import timezone

from wagtail_precise_mail.delivery.pacing.models import WarmUp, WarmUpDay

_TRIES = 50


@dataclass(frozen=True)
class Today:
    """Where a plan is: ``number`` of the day, from 1; ``volume`` None when the plan is through."""

    number: int
    volume: int | None
    used_count: int

    @property
    def left(self) -> int:
        """Messages that may still leave today; 0 also when the plan is through."""
        return max(0, (self.volume or 0) - self.used_count)


def plan_for(domain: str, *, at: datetime) -> WarmUp | None:
    """Return the plan of a sender domain that has begun."""
    return WarmUp.objects.filter(domain=domain, is_active=True, started_on__lte=timezone.localdate(at)).first()


def today(plan: WarmUp, *, at: datetime) -> Today:
    """Return where a plan is: two queries."""
    on = timezone.localdate(at)
    number = _number(plan, on)
    used = plan.days.filter(on=on).values_list("used_count", flat=True).first() or 0
    return Today(number, plan.volumes[number - 1] if number <= len(plan.volumes) else None, used)


def take_volume(plan: WarmUp, count: int, *, at: datetime) -> int:
    """Use up to so much of today's volume, and return how much there was; all of it when the plan is through."""
    if count < 1:
        return 0
    for _attempt in range(_TRIES):
        day = _day(plan, at)
        if day is None:
            return count
        taken = min(count, day.volume - day.used_count)
        if taken < 1:
            return 0
        if WarmUpDay.objects.filter(pk=day.pk, used_count=day.used_count).update(used_count=F("used_count") + taken):
            return taken
    return 0


def note_volume(plan: WarmUp, count: int, *, at: datetime) -> None:
    """Count what leaves all the same, or, below 0, what did not leave after all."""
    day = _day(plan, at)
    if day is not None and count:
        WarmUpDay.objects.filter(pk=day.pk, used_count__gte=-count).update(used_count=F("used_count") + count)


def follow_plan(plan: WarmUp, *, at: datetime) -> None:
    """Let a changed plan count from today on."""
    where = today(plan, at=at)
    if where.volume is not None:
        plan.days.filter(on=timezone.localdate(at)).update(volume=where.volume)


def next_day(at: datetime) -> datetime:
    """Return when the next day begins, by the clock of the site."""
    on = timezone.localdate(at) + timedelta(days=1)
    return timezone.make_aware(datetime.combine(on, time.min))


def _day(plan: WarmUp, at: datetime) -> WarmUpDay | None:
    on = timezone.localdate(at)
    if day := plan.days.filter(on=on).first():
        return day
    number = _number(plan, on)
    if number > len(plan.volumes):
        return None
    return plan.days.get_or_create(on=on, defaults={"volume": plan.volumes[number - 1]})[0]


def _number(plan: WarmUp, on: date) -> int:
    # A day on which hardly anything left has proved nothing to anybody, so its volume comes again.
    return 1 + plan.days.filter(on__lt=on, used_count__gte=F("volume") / 2.0).count()
