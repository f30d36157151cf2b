"""Figures in the text format of Prometheus: about sends, workers and the queue, and about no person.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (version 0.0.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Exists, Min, OuterRef
from django.utils import timezone

from wagtail_precise_mail.background import queue_size
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.operations.models import WorkerBeat
from wagtail_precise_mail.delivery.operations.status import SPEED_WINDOW, statuses
from wagtail_precise_mail.exceptions import BrokerUnavailable

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

State = OutboxMessage.State


@dataclass(frozen=True)
class Sample:
    """One value with its labels."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Metric:
    """One name with all its samples; all of ours are gauges, since they are derived from rows that may be deleted."""

    name: str
    help: str
    samples: Sequence[Sample]


def collect(*, at: datetime | None = None) -> list[Metric]:
    """Read all figures, in a number of queries that does not depend on the number of sends and messages."""
    at = at or timezone.now()
    return [*_sends(at), *_outbox(at), *_workers(at), *_queue()]


def render(metrics: Iterable[Metric]) -> str:
    """Return metrics as text."""
    lines: list[str] = []
    for metric in metrics:
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} gauge"]
        for sample in metric.samples:
            labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
            lines.append(f"{metric.name}{{{labels}}} {sample.value:g}" if labels else f"{metric.name} {sample.value:g}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _sends(at: datetime) -> Iterator[Metric]:
    """Sends that are under way, and those that ended in the last hour: the others never change again."""
    found = statuses(at=at)
    yield Metric(
        "precise_mail_send_messages",
        "Messages of a send by state.",
        [
            Sample(one.by_state.get(state, 0), {"send": str(one.send_id), "origin": one.origin, "state": state})
            for one in found
            for state in State.values
        ],
    )
    yield Metric(
        "precise_mail_send_messages_per_second",
        "Messages of a send that a server answered to, per second over the last minute.",
        [Sample(round(one.pace.per_second, 3), {"send": str(one.send_id), "origin": one.origin}) for one in found],
    )
    yield Metric(
        "precise_mail_send_remaining_seconds",
        "Expected time until nothing of a send is left.",
        [
            Sample(
                round((one.pace.expected_end_at - at).total_seconds()), {"send": str(one.send_id), "origin": one.origin}
            )
            for one in found
            if one.pace.expected_end_at
        ],
    )
    states = dict(
        Send.objects.exclude(state__in=[Send.State.FINISHED, Send.State.CANCELLED])
        .order_by()
        .values_list("state")
        .annotate(count=Count("pk"))
    )
    yield Metric(
        "precise_mail_sends",
        "Sends that are not over, by state.",
        [Sample(states.get(state, 0), {"state": state}) for state in ("freezing", "running", "paused")],
    )


def _outbox(at: datetime) -> Iterator[Metric]:
    recent = OutboxMessage.objects.filter(
        state__in=[State.ACCEPTED, State.REJECTED, State.UNKNOWN], finished_at__gt=at - SPEED_WINDOW
    )
    counts = dict(recent.order_by().values_list("state").annotate(count=Count("pk")))
    yield Metric(
        "precise_mail_messages_last_minute",
        "Messages that a server answered to in the last minute, by what became of them.",
        [Sample(counts.get(state, 0), {"state": state}) for state in (State.ACCEPTED, State.REJECTED, State.UNKNOWN)],
    )
    expired = OutboxMessage.objects.filter(state__in=[State.CLAIMED, State.HANDOFF], lease_expires_at__lt=at)
    yield Metric(
        "precise_mail_expired_leases",
        "Messages held by workers that have gone, not freed yet.",
        [Sample(expired.count())],
    )
    yield Metric(
        "precise_mail_oldest_due_seconds",
        "For how long the oldest message has been due: since its audience was complete, or since its retry was due.",
        [Sample(round(_oldest_due(at)))],
    )


def _oldest_due(at: datetime) -> float:
    pending = OutboxMessage.objects.filter(send=OuterRef("pk"), state=State.PENDING)
    waiting = Send.objects.filter(Exists(pending), state=Send.State.RUNNING)
    frozen_at = waiting.aggregate(first=Min("frozen_at"))["first"]
    deferred = OutboxMessage.objects.filter(state=State.DEFERRED, next_attempt_at__lte=at)
    retry_at = deferred.aggregate(first=Min("next_attempt_at"))["first"]
    return max(((at - moment).total_seconds() for moment in (frozen_at, retry_at) if moment), default=0.0)


def _workers(at: datetime) -> Iterator[Metric]:
    beats = list(WorkerBeat.objects.order_by("name"))
    yield Metric(
        "precise_mail_cluster_beat_age_seconds",
        "Time since a cluster of workers was last seen to run a task.",
        [Sample(round((at - beat.beat_at).total_seconds(), 1), {"cluster": beat.name}) for beat in beats],
    )
    yield Metric(
        "precise_mail_cluster_restarts",
        "How often its supervisor started a cluster again.",
        [Sample(beat.restart_count, {"cluster": beat.name}) for beat in beats],
    )


def _queue() -> Iterator[Metric]:
    try:
        count, is_up = queue_size(), 1
    except BrokerUnavailable:
        count, is_up = 0, 0
    yield Metric("precise_mail_queue_up", "Whether the queue of django-q2 answers.", [Sample(is_up)])
    yield Metric("precise_mail_queue_tasks", "Tasks that wait in the queue.", [Sample(count)])
