"""What became of the marketing mail of the last days, by send: what alarms are judged by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from wagtail_precise_mail.contacts.addresses import domain_of
from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

State = OutboxMessage.State

_BLOCKS = (Kind.BLOCK, Kind.POLICY)


def _of_marketing(path: str) -> Q:
    """Return the condition for marketing sends: each mail about an order is a send, and they would be too many."""
    is_marketing = Q(**{f"{path}topic__isnull": False}) | Q(**{f"{path}origin_kind": Send.DIGEST})
    return Q(is_marketing, **{f"{path}is_test": False})


@dataclass
class Figures:
    """How many messages a server took or refused, and what came back. Each message counts once in each number."""

    accepted: int = 0
    rejected: int = 0
    complaints: int = 0
    bounces: int = 0
    blocks: int = 0

    @property
    def tried(self) -> int:
        """Messages of which a server said something final."""
        return self.accepted + self.rejected

    def add(self, other: Figures) -> None:
        """Add those of another send."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def figures_since(since: datetime, *, domain: str = "") -> dict[Send, Figures]:
    """Count by marketing send what happened since a moment: three queries. Tests and seeds never count.

    Args:
        domain: only of this sender domain.
    """
    found: dict[int, Figures] = defaultdict(Figures)
    settled = OutboxMessage.objects.filter(
        _of_marketing("send__"), finished_at__gte=since, state__in=[State.ACCEPTED, State.REJECTED]
    )
    for send_id, state, count in settled.order_by().values_list("send", "state").annotate(Count("pk")):
        setattr(found[send_id], "accepted" if state == State.ACCEPTED else "rejected", count)
    _add_returned(found, since)
    sends = Send.objects.defer("audience").filter(pk__in=found)
    return {one: found[one.pk] for one in sends if domain in ("", domain_of(one.from_address))}


def by_domain(figures: Mapping[Send, Figures]) -> dict[str, Figures]:
    """Add the figures of sends up by their sender domain."""
    found: dict[str, Figures] = defaultdict(Figures)
    for send, one in figures.items():
        found[domain_of(send.from_address)].add(one)
    return dict(found)


def waiting_by_domain(sends: Iterable[Send]) -> dict[str, int]:
    """Return how many messages of these sends are still to leave, by their sender domain: one query."""
    domains = {send.pk: domain_of(send.from_address) for send in sends}
    waiting = OutboxMessage.objects.filter(send__in=domains, state__in=OutboxMessage.OPEN_STATES).order_by()
    found: dict[str, int] = defaultdict(int)
    for send_id, count in waiting.values_list("send").annotate(Count("pk")):
        found[domains[send_id]] += count
    return dict(found)


def _add_returned(found: dict[int, Figures], since: datetime) -> None:
    kinds = Q(kind__in=[Kind.COMPLAINT, Kind.HARD, *_BLOCKS])
    rows = Bounce.objects.filter(
        _of_marketing("message__send__"), kinds, is_final=True, happened_at__gte=since
    ).order_by()
    counted = rows.values_list("message__send", "kind").annotate(Count("message", distinct=True))
    for send_id, kind, count in counted:
        name = "complaints" if kind == Kind.COMPLAINT else "bounces" if kind == Kind.HARD else "blocks"
        setattr(found[send_id], name, getattr(found[send_id], name) + count)
