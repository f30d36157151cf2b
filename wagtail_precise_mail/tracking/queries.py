"""Figures of sends: how many opened, clicked, left and bought. The same few queries for one send or for many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Q, Sum
from django.utils.translation import gettext

from wagtail_precise_mail.contacts.models import UnsubscribeReason
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.delivery.versions import Versions
from wagtail_precise_mail.emails.models import CompiledEmail
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.exceptions import RenderError
from wagtail_precise_mail.tracking.models import MessageEvent

Kind = MessageEvent.Kind


@dataclass(frozen=True)
class LinkFigures:
    """Clicks of people on one link of an email.

    Attributes:
        clicks: all of them.
        unique: messages in which it was clicked at least once.
        machine_clicks: by scanners, counted nowhere else.
        url: as in the email, with the fallbacks of merge tags.
        language: of the version of the email that has it; "" in sends of one language.
    """

    link_index: int
    url: str
    block_id: str
    label: str
    clicks: int
    unique: int
    machine_clicks: int = 0
    language: str = ""


@dataclass(frozen=True)
class Figures:
    """What became of one send. Counts are of messages, by people, where the name says nothing else."""

    open_count: int = 0
    machine_open_count: int = 0
    """Messages that only machines opened."""
    click_count: int = 0
    total_clicks: int = 0
    machine_click_count: int = 0
    """Clicks by machines, all of them."""
    unsubscribe_count: int = 0
    unsubscribe_reasons: Mapping[str, int] = field(default_factory=dict)
    """By value of ``UnsubscribeReason``, "" for none given; they add up to ``unsubscribe_count``."""
    forward_count: int = 0
    """Contacts who forwarded it to somebody."""
    share_count: int = 0
    """Contacts who shared it in a network."""
    conversion_count: int = 0
    revenue: Mapping[str, Decimal] = field(default_factory=dict)
    """By currency."""
    links: list[LinkFigures] = field(default_factory=list)
    """In the order of the email, those that nobody clicked included."""

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Reasons for leaving in words, the most frequent first."""
        labels = dict(UnsubscribeReason.choices)
        counted = sorted(self.unsubscribe_reasons.items(), key=lambda item: (-item[1], item[0]))
        return [(str(labels.get(reason, reason or gettext("No reason given"))), count) for reason, count in counted]


def figures(send_id: int) -> Figures:
    """Return the figures of one send."""
    return figures_by_send([send_id])[send_id]


def figures_by_send(send_ids: Iterable[int], *, with_links: bool = True) -> dict[int, Figures]:
    """Return the figures of several sends by their id, in a constant number of queries.

    Args:
        with_links: False leaves the links out: they need every compiled email.
    """
    ids = list(send_ids)
    events = MessageEvent.objects.filter(send__in=ids).order_by()
    counts = _counts(events)
    reasons: dict[int, dict[str, int]] = defaultdict(dict)
    for send_id, reason, count in (
        events.filter(kind=Kind.UNSUBSCRIBE).values_list("send", "detail").annotate(Count("pk"))
    ):
        reasons[send_id][reason] = count
    revenue: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for send_id, currency, value in (
        events.filter(kind=Kind.CONVERSION).values_list("send", "currency").annotate(Sum("value"))
    ):
        revenue[send_id][currency] = value
    links = _links(ids, events) if with_links else {}
    return {
        send_id: Figures(
            **counts.get(send_id, {}),
            unsubscribe_reasons=reasons.get(send_id, {}),
            revenue=revenue.get(send_id, {}),
            links=links.get(send_id, []),
        )
        for send_id in ids
    }


def _counts(events: Any) -> dict[int, dict[str, int]]:
    person, machine = Q(is_machine=False), Q(is_machine=True)
    opened, clicked = Q(kind=Kind.OPEN), Q(kind=Kind.CLICK)
    rows = events.values("send").annotate(
        open_count=Count("message", filter=opened & person, distinct=True),
        machine_open_count=Count("message", filter=opened, distinct=True),
        click_count=Count("message", filter=clicked & person, distinct=True),
        total_clicks=Count("pk", filter=clicked & person),
        machine_click_count=Count("pk", filter=clicked & machine),
        unsubscribe_count=Count("pk", filter=Q(kind=Kind.UNSUBSCRIBE)),
        forward_count=Count("pk", filter=Q(kind=Kind.FORWARD)),
        share_count=Count("pk", filter=Q(kind=Kind.SHARE)),
        conversion_count=Count("pk", filter=Q(kind=Kind.CONVERSION)),
    )
    return {
        # Whoever opened in person is no machine's open, whatever the proxy loaded before.
        row.pop("send"): {**row, "machine_open_count": row["machine_open_count"] - row["open_count"]}
        for row in rows
    }


def _links(ids: list[int], events: Any) -> dict[int, list[LinkFigures]]:
    clicked: dict[tuple[int, str, int], dict[str, Any]] = {
        (row["send"], row["message__language"], row["link_index"]): row
        for row in events.filter(kind=Kind.CLICK)
        .values("send", "message__language", "link_index")
        .annotate(
            clicks=Count("pk", filter=Q(is_machine=False)),
            unique=Count("message", filter=Q(is_machine=False), distinct=True),
            machine_clicks=Count("pk", filter=Q(is_machine=True)),
            # One link is one place in the email, whatever a contact's values made of its address.
            clicked_url=Max("url"),
            block=Max("block_id"),
        )
    }
    found: dict[int, list[LinkFigures]] = {}
    for send in Send.objects.filter(pk__in=ids).select_related("compiled").prefetch_related("versions__compiled"):
        known = {
            (language, link.index): link
            for language, compiled in Versions.of(send).compiled.items()
            for link in _links_of(compiled)
        }
        seen = [(language, index) for send_id, language, index in clicked if send_id == send.pk]
        keys = dict.fromkeys([*known, *sorted(set(seen) - set(known))])
        found[send.pk] = [
            _link(language, index, known.get((language, index)), clicked.get((send.pk, language, index)))
            for language, index in keys
        ]
    return found


def _links_of(compiled: CompiledEmail) -> list[Any]:
    try:
        return list(Personalizer(compiled).links)
    except RenderError:  # compiled by a newer version: what was clicked is known from the events
        return []


def _link(language: str, index: int, known: Any, row: dict[str, Any] | None) -> LinkFigures:
    row = row or {"clicks": 0, "unique": 0, "machine_clicks": 0, "clicked_url": "", "block": ""}
    return LinkFigures(
        link_index=index,
        url=known.url if known else row["clicked_url"],
        block_id=known.block_id if known else row["block"],
        label=known.label if known else "",
        clicks=row["clicks"],
        unique=row["unique"],
        machine_clicks=row["machine_clicks"],
        language=language,
    )
