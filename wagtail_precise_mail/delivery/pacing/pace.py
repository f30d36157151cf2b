"""What holds for one send at this moment: its limits, slow-downs and warm-up plan, read together every few seconds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.addresses import domain_of
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.delivery.pacing.buckets import Rate
from wagtail_precise_mail.delivery.pacing.models import Alarm, SendingLimit, Slowdown, WarmUp
from wagtail_precise_mail.delivery.pacing.stops import stop_of
from wagtail_precise_mail.delivery.pacing.warming import plan_for

Scope = SendingLimit.Scope


@dataclass(frozen=True)
class Pace:
    """The rates that a send must keep.

    Attributes:
        shared: of all its messages, whoever they go to.
        groups: by the key of a group of mailbox providers.
        slowed: groups that asked for less.
        plan: the warm-up plan of its sender.
        stop: what stops the marketing mail of its sender.
    """

    shared: tuple[Rate, ...] = ()
    groups: dict[str, list[Rate]] = field(default_factory=dict)
    slowed: frozenset[str] = frozenset()
    plan: WarmUp | None = None
    stop: Alarm | None = None


def pace_of(send: Send, *, at: datetime) -> Pace:
    """Return what holds for a send: four queries."""
    factors = dict(Slowdown.objects.values_list("group", "factor"))
    senders = {send.from_address.lower(), domain_of(send.from_address)}
    shared, groups = [], defaultdict(list)
    for limit in SendingLimit.objects.order_by():
        if limit.scope == Scope.GROUP:
            groups[limit.key].append(_rate(limit, factors.get(limit.key, 1)))
        elif limit.key in (senders if limit.scope == Scope.SENDER else {options().channel}):
            shared.append(_rate(limit))
    for group, factor in factors.items():
        if group not in groups:
            usual = options().slowed_messages_per_minute
            groups[group].append(Rate.at_most(f"slow:{group}", usual * factor, 60))
    domain = domain_of(send.from_address)
    return Pace(
        tuple(shared),
        dict(groups),
        frozenset(factors),
        plan_for(domain, at=at),
        stop_of(domain) if send.is_marketing and not send.is_test else None,
    )


def _rate(limit: SendingLimit, factor: float = 1) -> Rate:
    return Rate.at_most(f"limit:{limit.pk}", limit.count * factor, limit.seconds)
