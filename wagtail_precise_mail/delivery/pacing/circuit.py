"""The circuit breaker: a sender whom too many complain about or refuse is stopped before providers shut it out.

Source of the shares: Gmail and Yahoo ask senders of bulk mail for less than 0.1 percent of complaints and act from 0.3
on; Amazon SES looks into accounts from 5 percent of bounces on. All of them are options.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.addresses import domain_of
from wagtail_precise_mail.delivery.domains.models import DomainDay, Outcome
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.delivery.moves import pause
from wagtail_precise_mail.delivery.pacing.figures import Figures, by_domain, figures_since, waiting_by_domain
from wagtail_precise_mail.delivery.pacing.models import Alarm
from wagtail_precise_mail.delivery.pacing.notices import notify
from wagtail_precise_mail.delivery.pacing.stops import sentence
from wagtail_precise_mail.delivery.pacing.warming import plan_for
from wagtail_precise_mail.exceptions import InvalidTransition

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

logger = logging.getLogger(__name__)

Kind, Level = Alarm.Kind, Alarm.Level

LOG_ACTION = "precise_mail.alarm.resume"
# One angry reader of a small list is no trend, whatever the share.
_FEWEST = 3
_DAY = timedelta(days=1)
_USUAL = timedelta(days=30)


@dataclass(frozen=True)
class Excess:
    """Something that is more than it may be."""

    domain: str
    kind: Alarm.Kind
    level: Alarm.Level
    event_count: int
    base_count: int
    limit: float
    send: Send | None = None


def check_circuits(*, at: datetime) -> list[Alarm]:
    """Look at every sender, stop the bad ones, and end warnings that are over; returns the alarms that are new."""
    found = list(_excesses(at))
    raised = [alarm for excess in found if (alarm := _raise(excess, at))]
    still = {(excess.domain, excess.kind) for excess in found}
    for warning in Alarm.objects.filter(level=Level.WARNING, ended_at=None):
        if (warning.domain, warning.kind) not in still:
            Alarm.objects.filter(pk=warning.pk, ended_at=None).update(ended_at=at)
    return raised


def let_go_on(alarm: Alarm, *, by: AbstractBaseUser, at: datetime | None = None) -> None:
    """End a stop: what comes back from now on is judged anew.

    What was paused stays so until whoever answers for it resumes it.

    Raises:
        InvalidTransition: somebody ended it before.
    """
    at = at or timezone.now()
    with transaction.atomic():
        is_open = Alarm.objects.filter(pk=alarm.pk, level=Level.STOP, ended_at=None)
        if not is_open.update(ended_at=at, ended_by=by):
            raise InvalidTransition(_("This stop is over already."))
        alarm.refresh_from_db()
        log(instance=alarm, action=LOG_ACTION, user=by, data={"domain": alarm.domain, "kind": alarm.kind})


def paused_sends(domain: str) -> list[Send]:
    """Return the marketing sends of a sender that are paused, the newest first."""
    paused = Send.objects.select_related("compiled__email").filter(state=Send.State.PAUSED, is_test=False)
    return [one for one in paused.order_by("-pk") if one.is_marketing and domain_of(one.from_address) == domain]


def _excesses(at: datetime) -> Iterator[Excess]:
    since = at - timedelta(days=options().alarm_days)
    resumed = _resumed_since(since)
    figures = figures_since(since)
    for domain, total in by_domain(figures).items():
        of_sends = {send: one for send, one in figures.items() if domain_of(send.from_address) == domain}
        if domain in resumed:
            of_sends = figures_since(resumed[domain], domain=domain)
            total = by_domain(of_sends).get(domain, Figures())
        yield from _too_much(domain, total, of_sends)
    yield from _too_many(at)


def _resumed_since(since: datetime) -> dict[str, datetime]:
    """Return when somebody let a sender go on; what was before that is forgiven."""
    ended = Alarm.objects.filter(level=Level.STOP, ended_at__gte=since).order_by()
    return dict(ended.values_list("domain").annotate(Max("ended_at")))


def _too_much(domain: str, total: Figures, of_sends: Mapping[Send, Figures]) -> Iterator[Excess]:
    """Yield for each kind the worst of the sender as a whole, or else of one of its sends."""
    for kind in (Kind.COMPLAINTS, Kind.BOUNCES, Kind.BLOCKS):
        found = _judge(domain, kind, total)
        by_send = [_judge(domain, kind, one, send) for send, one in of_sends.items()]
        stops = (one for one in [found, *by_send] if one and one.level == Level.STOP)
        if worst := next(stops, found):
            yield worst


def _judge(domain: str, kind: Alarm.Kind, figures: Figures, send: Send | None = None) -> Excess | None:
    events = int(getattr(figures, kind.value))
    base = figures.accepted if kind == Kind.COMPLAINTS else figures.tried
    if events < _FEWEST or base < options().alarm_minimum:
        return None
    warn, stop = _limits(kind)
    share = 100 * events / base
    if share < warn:
        return None
    level, limit = (Level.STOP, stop) if share >= stop else (Level.WARNING, warn)
    return Excess(domain, kind, level, events, base, limit, send)


def _limits(kind: Alarm.Kind) -> tuple[float, float]:
    chosen = options()
    return {
        Kind.COMPLAINTS: (chosen.complaint_warn_percent, chosen.complaint_stop_percent),
        Kind.BOUNCES: (chosen.bounce_warn_percent, chosen.bounce_stop_percent),
        Kind.BLOCKS: (chosen.block_warn_percent, chosen.block_stop_percent),
    }[kind]


def _too_many(at: datetime) -> Iterator[Excess]:
    """Yield senders of which far more leaves within a day than usual; what waits in running sends counts, too."""
    running = [one for one in Send.objects.filter(state=Send.State.RUNNING, is_test=False) if one.is_marketing]
    if not running:
        return
    leaving = waiting_by_domain(running)
    left = by_domain(figures_since(at - _DAY))
    allowed = _resumed_since(at - _DAY)
    for domain in leaving:
        if domain in allowed or plan_for(domain, at=at):
            continue
        usual, count = _usual(domain, at), leaving[domain] + left.get(domain, Figures()).tried
        if usual and count > max(options().usual_volume_minimum, options().usual_volume_factor * usual):
            yield Excess(domain, Kind.VOLUME, Level.STOP, count, count, usual)


def _usual(domain: str, at: datetime) -> int:
    """Return the most that left on one of the last 30 days before the last two."""
    last = timezone.localdate(at - _DAY)
    days = DomainDay.objects.filter(sender=domain, on__lt=last, on__gte=last - _USUAL)
    sums = days.exclude(outcome=Outcome.COMPLAINT).order_by().values("on").annotate(all=Sum("count"))
    return max((row["all"] for row in sums), default=0)


def _raise(excess: Excess, at: datetime) -> Alarm | None:
    """Keep an alarm that is new, stop what it is about, and tell people; None where it is known."""
    alarm, is_new = Alarm.objects.get_or_create(
        domain=excess.domain,
        kind=excess.kind,
        level=excess.level,
        ended_at=None,
        defaults={
            "send": excess.send,
            "event_count": excess.event_count,
            "base_count": excess.base_count,
            "limit": excess.limit,
            "raised_at": at,
        },
    )
    if not is_new:
        return None
    logger.warning("%s: %s of %s (%s)", alarm, alarm.event_count, alarm.base_count, alarm.limit)
    if alarm.level == Level.STOP:
        Alarm.objects.filter(domain=alarm.domain, kind=alarm.kind, level=Level.WARNING, ended_at=None).update(
            ended_at=at
        )
        _stop(alarm)
    transaction.on_commit(partial(notify, alarm.pk))
    return alarm


def _stop(alarm: Alarm) -> None:
    """Pause the marketing sends of a sender; each stops within one handoff batch."""
    going = Send.objects.filter(state__in=[Send.State.FREEZING, Send.State.RUNNING], is_test=False)
    for send in going:
        if send.is_marketing and domain_of(send.from_address) == alarm.domain:
            try:
                pause(send, reason=pause_reason(alarm))
            except InvalidTransition:  # it has just finished, or somebody paused it
                logger.info("Send %s is not running any more.", send.pk)


def pause_reason(alarm: Alarm) -> str:
    """Return why a send of a stopped sender is paused, and what to do."""
    return _("%(what)s. Nothing more leaves until somebody lets this sender go on.") % {"what": sentence(alarm)}
