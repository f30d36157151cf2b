"""Whether sending works: each check says in a sentence what is wrong and what to do."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from django.db import DatabaseError, connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from wagtail_precise_mail.background import Recurring, missing_schedules, queue_size
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.operations.beats import silence_seconds
from wagtail_precise_mail.delivery.operations.models import WorkerBeat
from wagtail_precise_mail.delivery.transport import transport
from wagtail_precise_mail.exceptions import BrokerUnavailable

State = OutboxMessage.State
# The sweeper runs every minute; after so long, nobody swept.
_SWEPT_WITHIN = timedelta(minutes=3)
# A send that runs has a worker within a minute, or waits for one that sends something else.
_WORKED_WITHIN = timedelta(minutes=5)


class Level(IntEnum):
    """How bad it is; as exit codes of ``precise_mail_health``."""

    OK = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    check: str
    level: Level
    sentence: str


def examine(
    *, recurring: Sequence[Recurring] = (), with_channel: bool = False, at: datetime | None = None
) -> list[Finding]:
    """Look at everything that sending needs; the number of queries does not depend on the number of messages.

    Args:
        recurring: the schedules that must be stored.
        with_channel: connect to the mail server, too, which may take ``smtp_timeout_seconds``.
    """
    at = at or timezone.now()
    findings = list(_queue())
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        findings += [Finding("database", Level.OK, "The database answers.")]
        findings += [*_workers(at), *_outbox(at), *_schedules(recurring)]
    except DatabaseError as error:
        words = str(error).strip().splitlines()
        findings.append(
            Finding("database", Level.CRITICAL, f"The database does not answer: {words[0] if words else error!r}")
        )
    if with_channel:
        findings.append(_channel())
    return findings


def worst(findings: Sequence[Finding]) -> Level:
    """Return the worst level among findings."""
    return max((finding.level for finding in findings), default=Level.OK)


def _queue() -> Iterator[Finding]:
    try:
        count = queue_size()
    except BrokerUnavailable as error:
        yield Finding("queue", Level.CRITICAL, f"The queue of django-q2 does not answer, so no task starts: {error}")
        return
    yield Finding("queue", Level.OK, f"The queue answers; {count} tasks wait in it.")


def _workers(at: datetime) -> Iterator[Finding]:
    limit = timedelta(seconds=silence_seconds())
    beats = list(WorkerBeat.objects.order_by("name"))
    alive = [beat for beat in beats if beat.beat_at >= at - limit]
    if not alive:
        last = max((beat.beat_at for beat in beats), default=None)
        since = f"since {last:%Y-%m-%d %H:%M:%S} UTC" if last else "yet"
        yield Finding(
            "workers",
            Level.CRITICAL,
            f"No worker has run a task {since}, so nothing is sent. Start manage.py precise_mail_supervise; if it "
            "runs, look into its log.",
        )
        return
    yield Finding("workers", Level.OK, f"Clusters of workers that run tasks: {len(alive)}.")
    for beat in beats:
        # A restarted qcluster without a supervisor leaves a row with another name; a supervised one keeps its name.
        if beat not in alive and ":" not in beat.name:
            yield Finding(
                "workers",
                Level.WARNING,
                f"The cluster {beat.name} has run no task since {beat.beat_at:%Y-%m-%d %H:%M:%S} UTC. Is its machine "
                "up?",
            )


def _outbox(at: datetime) -> Iterator[Finding]:
    stuck = OutboxMessage.objects.filter(
        state__in=[State.CLAIMED, State.HANDOFF], lease_expires_at__lt=at - _SWEPT_WITHIN
    ).count()
    if stuck:
        yield Finding(
            "leases",
            Level.CRITICAL,
            f"Messages held by workers that have gone: {stuck}. Nobody frees them: the task pump does not run.",
        )
    else:
        yield Finding("leases", Level.OK, "No message is held by a worker that has gone.")
    overdue = OutboxMessage.objects.filter(state=State.DEFERRED, next_attempt_at__lt=at - _SWEPT_WITHIN).count()
    if overdue:
        yield Finding(
            "retries",
            Level.CRITICAL,
            f"Messages that should have been tried again: {overdue}. The task pump does not run.",
        )
    yield from _waiting(at)


def _waiting(at: datetime) -> Iterator[Finding]:
    idle = idle_sends(at=at)
    for send_id in idle:
        yield Finding(
            "sends",
            Level.CRITICAL,
            f"Send {send_id} is running and has messages that wait, and none of it has moved for five minutes. Are the "
            "workers busy, or is the mail server out of reach?",
        )
    if not idle:
        yield Finding("sends", Level.OK, "Every send that runs moves.")
    if paused := Send.objects.filter(state=Send.State.PAUSED).count():
        yield Finding("sends", Level.WARNING, f"Sends that are paused: {paused}. Their campaigns say why.")


def idle_sends(*, at: datetime) -> list[int]:
    """Return running sends that have pending messages, and nothing of which was held or settled lately.

    What waits for a limit or a warm-up plan is not one, until a while after its wait was over.
    """
    since = at - _WORKED_WITHIN
    messages = OutboxMessage.objects.filter(send=OuterRef("pk")).order_by()
    settled = messages.filter(state__in=[State.ACCEPTED, State.REJECTED, State.UNKNOWN], finished_at__gte=since)
    held = messages.filter(state__in=[State.CLAIMED, State.HANDOFF], lease_expires_at__gt=at)
    waiting = Send.objects.filter(Exists(messages.filter(state=State.PENDING)), state=Send.State.RUNNING)
    may_leave = Q(held_until=None) | Q(held_until__lt=since)
    idle = waiting.filter(may_leave, ~Exists(settled), ~Exists(held), frozen_at__lt=since)
    return list(idle.order_by("pk").values_list("pk", flat=True))


def _schedules(recurring: Sequence[Recurring]) -> Iterator[Finding]:
    if not recurring:
        return
    if missing := missing_schedules(list(recurring)):
        names = ", ".join(missing)
        yield Finding(
            "schedules",
            Level.CRITICAL,
            f"Schedules are missing: {names}. Run manage.py migrate, which brings them back.",
        )
    else:
        yield Finding("schedules", Level.OK, "All schedules are there.")


def _channel() -> Finding:
    key = options().channel
    if key != "smtp":
        return Finding("channel", Level.OK, f"The channel {key} cannot be tried without a message.")
    server = transport()
    connect = smtplib.SMTP_SSL if server.use_ssl else smtplib.SMTP
    try:
        with connect(server.host, server.port, timeout=server.timeout) as session:
            session.ehlo_or_helo_if_needed()
    except (OSError, smtplib.SMTPException) as error:
        return Finding("channel", Level.CRITICAL, f"The mail server {server} cannot be reached: {error}")
    return Finding("channel", Level.OK, f"The mail server {server} answers.")
