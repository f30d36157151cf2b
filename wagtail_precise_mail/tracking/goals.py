"""Figures of landing pages: who came by a click, who reached the goal, and what they bought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from wagtail_precise_mail.tracking.models import MessageEvent

Kind = MessageEvent.Kind


@dataclass(frozen=True)
class VisitFigures:
    """What became of the visitors of the landing pages of one send. All but orders are contacts, by people.

    Attributes:
        visitor_count: whose click led to one of the pages, or who reached a goal.
        goal_count: of these, who pressed the button, or did what the site records.
        buyer_count: of these, who ordered afterwards, by an order that belongs to the mail.
        revenue: of the orders, by currency.
    """

    visitor_count: int = 0
    goal_count: int = 0
    buyer_count: int = 0
    order_count: int = 0
    revenue: Mapping[str, Decimal] = field(default_factory=dict)


def visit_figures(addresses: Mapping[int, Collection[str]]) -> dict[int, VisitFigures]:
    """Return the figures of several sends, in three queries however many they are.

    Args:
        addresses: of the landing pages of each send, by the send's id. A click belongs to a page by its address, with
            whatever query or fragment.
    """
    if not addresses:
        return {}
    events = MessageEvent.objects.filter(send__in=addresses, is_machine=False).order_by()
    came = reduce(or_, (Q(send=send_id) & _leads_to(urls) for send_id, urls in addresses.items()))
    visits = events.filter(Q(kind=Kind.CLICK) & came | Q(kind=Kind.GOAL))
    counted = visits.values_list("send").annotate(
        Count("message", distinct=True), goals=Count("pk", filter=Q(kind=Kind.GOAL))
    )
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for send_id, visitors, goals in counted:
        found[send_id] |= {"visitor_count": visitors, "goal_count": goals}
    before = visits.filter(message=OuterRef("message"), happened_at__lte=OuterRef("happened_at"))
    bought = events.filter(Exists(before), kind=Kind.CONVERSION)
    for send_id, buyers, orders in bought.values_list("send").annotate(Count("message", distinct=True), Count("pk")):
        found[send_id] |= {"buyer_count": buyers, "order_count": orders, "revenue": {}}
    for send_id, currency, value in _revenue(bought):
        found[send_id]["revenue"][currency] = value
    return {send_id: VisitFigures(**found.get(send_id, {})) for send_id in addresses}


def _revenue(bought: QuerySet[MessageEvent]) -> QuerySet[MessageEvent, tuple[int, str, Decimal]]:
    return bought.values_list("send", "currency").annotate(Sum("value"))


def _leads_to(urls: Collection[str]) -> Q:
    matches = (Q(url=url) | Q(url__startswith=f"{url}?") | Q(url__startswith=f"{url}#") for url in urls)
    return reduce(or_, matches, Q(pk__in=[]))
