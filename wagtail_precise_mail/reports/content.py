"""Figures of what mails show: each page and product over all campaigns, with as many queries as for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _
from wagtail.models import Page

from wagtail_precise_mail.commerce.models import Product
from wagtail_precise_mail.commerce.money import format_money
from wagtail_precise_mail.delivery.models import OutboxMessage, Send, SendVersion, SentItem
from wagtail_precise_mail.emails.links import absolute
from wagtail_precise_mail.emails.models import CompiledEmail
from wagtail_precise_mail.tracking.models import MessageEvent

Kind = MessageEvent.Kind
MODELS: dict[str, type[Any]] = {"page": Page, "product": Product}
"""What is counted, by the first part of the keys that mails keep of what they showed."""


@dataclass
class ContentFigures:
    """What became of one page or product in mails.

    Attributes:
        key: such as "product:12".
        thing: None once it was deleted.
        sends: accepted messages that showed it.
        clicks: by people, on links that lead to it.
        orders: credited to such a click.
    """

    key: str
    thing: Any = None
    sends: int = 0
    clicks: int = 0
    orders: int = 0
    revenue: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    edit_url: str | None = None

    @property
    def kind(self) -> str:
        """In words."""
        return str(MODELS[self.key.partition(":")[0]]._meta.verbose_name)

    @property
    def name(self) -> str:
        """As the thing is called now."""
        if self.thing is not None:
            return str(self.thing)
        return _("%(kind)s %(number)s, deleted") % {"kind": self.kind, "number": self.key.partition(":")[2]}

    @property
    def revenue_lines(self) -> list[str]:
        """What the orders brought, one amount per currency."""
        return [format_money(round(value, 2), currency) for currency, value in sorted(self.revenue.items())]


def content_figures(
    *, kind: str = "", since: datetime | None = None, until: datetime | None = None
) -> list[ContentFigures]:
    """Return the figures of all content that accepted messages showed, the most sent first.

    Args:
        kind: a key of :data:`MODELS`, or "" for all.
        since, until: when the messages were handed over; clicks and orders count whenever they came.
    """
    when = {f"handed_off_at__{name}": at for name, at in (("gte", since), ("lte", until)) if at}
    rows = {
        key: ContentFigures(key, sends=count)
        for key, count in _sends_by_key(when).items()
        if key.partition(":")[0] in ([kind] if kind else MODELS)
    }
    _find_things(rows)
    _add_events(rows, when)
    return sorted(rows.values(), key=lambda row: (-row.sends, row.name))


def _sends_by_key(when: Mapping[str, datetime]) -> dict[str, int]:
    """Count what all readers of a mail saw by mail, and what lists chose for each by message."""
    counts: dict[str, int] = defaultdict(int)
    messages = OutboxMessage.objects.filter(state=OutboxMessage.State.ACCEPTED, send__is_test=False, **when)
    by_version = list(messages.order_by().values_list("send", "send__compiled", "language").annotate(count=Count("pk")))
    versions = {
        (send, language): compiled
        for send, language, compiled in SendVersion.objects.values_list("send", "language", "compiled")
    }
    shown: dict[int, list[str]] = dict(
        CompiledEmail.objects.filter(sends__is_test=False).exclude(shown=[]).values_list("pk", "shown")
    ) | dict(CompiledEmail.objects.filter(pk__in=set(versions.values())).values_list("pk", "shown"))
    for send, original, language, count in by_version:
        for key in set(shown.get(versions.get((send, language), original), ())):
            counts[key] += count
    items = SentItem.objects.filter(message__in=messages)
    for key, count in items.order_by().values_list("key").annotate(count=Count("message", distinct=True)):
        counts[key] += count
    return counts


def _find_things(rows: Mapping[str, ContentFigures]) -> None:
    for kind, model in MODELS.items():
        keys = [key for key in rows if key.partition(":")[0] == kind]
        things = model._default_manager.in_bulk([int(key.partition(":")[2]) for key in keys])
        for key in keys:
            rows[key].thing = things.get(int(key.partition(":")[2]))


def _add_events(rows: Mapping[str, ContentFigures], when: Mapping[str, datetime]) -> None:
    """Credit clicks and orders to every row whose address they led to."""
    addresses = _addresses(rows.values())
    sent = {f"message__{name}": at for name, at in when.items()}
    events = MessageEvent.objects.filter(send__is_test=False, is_machine=False, **sent).exclude(url="")
    counted = (
        events.order_by()
        .values_list("url", "currency")
        .annotate(
            clicks=Count("pk", filter=Q(kind=Kind.CLICK)),
            orders=Count("pk", filter=Q(kind=Kind.CONVERSION)),
            value=Sum("value", filter=Q(kind=Kind.CONVERSION)),
        )
    )
    for url, currency, clicks, orders, value in counted:
        for row in addresses.get(_plain(url)) or addresses.get(_plain(url.partition("?")[0])) or []:
            row.clicks += clicks
            row.orders += orders
            if value:
                row.revenue[currency] += value


def _addresses(rows: Iterable[ContentFigures]) -> dict[str, list[ContentFigures]]:
    bases = list(Send.objects.filter(is_test=False).order_by().values_list("base_url", flat=True).distinct())
    found: dict[str, list[ContentFigures]] = defaultdict(list)
    for row in rows:
        url = (row.thing.full_url if isinstance(row.thing, Page) else getattr(row.thing, "url", "")) or ""
        # A page's address may be known without its host, and a product's is often written so.
        for address in {_plain(absolute(url, base)) for base in bases if url} - {""}:
            found[address].append(row)
    return found


def _plain(url: str) -> str:
    """Return an address without what does not change where it leads: scheme, fragment, the words of campaigns."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    query = urlencode([pair for pair in parse_qsl(parts.query) if not pair[0].lower().startswith("utm_")])
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}{'?' if query else ''}{query}"
