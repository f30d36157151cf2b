"""What became of the letters of the past: opens by people and by programs, clicks, orders, refusals and farewells.

Everybody has habits of their own, drawn by a chance that their address seeds: how gladly they read, at which hour, and
whether their mail program loads pictures before they do. Orders are those of the ledger; a click that came shortly
before one is credited with it, as it would have been.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from wagtail_precise_mail.commerce.models import Order
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import (
    ConsentChange,
    ConsentStatus,
    Contact,
    Suppression,
    SuppressionReason,
    UnsubscribeReason,
)
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails.personalize import LinkInfo, Personalizer
from wagtail_precise_mail.tracking.models import MessageEvent

_BATCH = 2000
_MAILBOX_FULL = 0.004
_HOURS = (1, 0, 0, 0, 0, 1, 5, 9, 10, 8, 6, 5, 9, 8, 5, 4, 5, 7, 8, 10, 13, 12, 7, 3)
_PREFETCH_AGENT = "Mozilla/5.0"
_PEOPLE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
)
_SCANNER_AGENT = "Mozilla/5.0 (compatible; Mimecast URL Protect)"
_REASONS = [UnsubscribeReason.TOO_MANY, UnsubscribeReason.NOT_RELEVANT, UnsubscribeReason.OTHER, ""]
Kind = MessageEvent.Kind


@dataclass(frozen=True)
class SentLetter:
    """A letter that went out: whom it speaks to, when, and its messages that left."""

    title: str
    send: Send
    interest: str
    at: datetime
    messages: list[OutboxMessage]


@dataclass(frozen=True)
class Habits:
    """How somebody reads.

    Attributes:
        eagerness: the share of letters that they open.
        hour: when they look through their mail.
        has_prefetch: their mail program loads every picture by itself.
        has_scanner: a scanner follows every link before they see the mail.
    """

    eagerness: float
    hour: int
    has_prefetch: bool
    has_scanner: bool
    agent: str

    @classmethod
    def of(cls, contact: Contact) -> Habits:
        """Return the same habits for the same address."""
        chance = random.Random(f"habits {contact.email}")
        return cls(
            eagerness=chance.betavariate(1.1, 2.1),
            hour=chance.choices(range(24), _HOURS)[0],
            has_prefetch=chance.random() < 0.28,
            has_scanner=chance.random() < 0.03,
            agent=chance.choice(_PEOPLE),
        )


def make_reactions(letters: list[SentLetter], *, at: datetime) -> None:
    """Write the events of all letters, and what the servers refused."""
    _refuse(letters)
    events = [event for letter in letters for event in _reactions(letter, at)]
    MessageEvent.objects.bulk_create([*events, *_conversions(events), *_farewells(letters)], batch_size=_BATCH)


def _reactions(letter: SentLetter, at: datetime) -> Iterator[MessageEvent]:
    links = [link for link in Personalizer(letter.send.compiled).links if link.url.startswith("http")]
    chance = random.Random(f"reactions {letter.title}")
    for message in letter.messages:
        contact = message.contact
        if message.state == OutboxMessage.State.ACCEPTED and contact is not None:
            found = _reactions_to(message, Habits.of(contact), letter.interest, links, chance)
            yield from (event for event in found if event.happened_at < at)


def _reactions_to(
    message: OutboxMessage, habits: Habits, interest: str, links: list[LinkInfo], chance: random.Random
) -> Iterator[MessageEvent]:
    left_at = message.handed_off_at
    if left_at is None or message.contact is None:
        return
    if habits.has_prefetch:
        moment = left_at + timedelta(seconds=chance.randrange(20, 2400))
        yield _event(message, Kind.OPEN, moment, is_machine=True, user_agent=_PREFETCH_AGENT)
    if habits.has_scanner:
        moment = left_at + timedelta(seconds=chance.randrange(2, 9))
        for link in links:
            yield _click(message, link, moment, is_machine=True, user_agent=_SCANNER_AGENT)
    likes_it = interest in message.contact.attributes.get("interests", [])
    if chance.random() >= habits.eagerness * (1.25 if likes_it else 0.9):
        return
    opened_at = _when_they_read(left_at, habits.hour, chance)
    # Pictures that a program loaded before are not asked for again.
    if not habits.has_prefetch:
        yield _event(message, Kind.OPEN, opened_at, user_agent=habits.agent)
    if links and chance.random() < (0.26 if likes_it else 0.12):
        moment = opened_at
        for link in chance.sample(links, k=min(chance.choice([1, 1, 1, 2]), len(links))):
            moment += timedelta(seconds=chance.randrange(8, 90))
            yield _click(message, link, moment, user_agent=habits.agent)


def _when_they_read(left_at: datetime, hour: int, chance: random.Random) -> datetime:
    """Return soon after it came, or at their hour of one of the next days."""
    if chance.random() < 0.3:
        return left_at + timedelta(minutes=chance.expovariate(1 / 25))
    moment = left_at.replace(hour=hour, minute=chance.randrange(60), second=chance.randrange(60))
    wait = chance.choices([0, 1, 2, 4], [70, 20, 7, 3])[0]
    return moment + timedelta(days=wait + (moment <= left_at))


def _click(message: OutboxMessage, link: LinkInfo, moment: datetime, **facts: Any) -> MessageEvent:
    where = {"link_index": link.index, "url": link.url[:2000], "block_id": link.block_id[:40]}
    return _event(message, Kind.CLICK, moment, **where, **facts)


def _event(message: OutboxMessage, kind: str, moment: datetime, **facts: Any) -> MessageEvent:
    return MessageEvent(
        message=message, send_id=message.send_id, contact=message.contact, kind=kind, happened_at=moment, **facts
    )


def _conversions(events: list[MessageEvent]) -> Iterator[MessageEvent]:
    """Credit each order to the last click of a person before it."""
    clicks: dict[int | None, list[MessageEvent]] = defaultdict(list)
    for event in sorted(events, key=lambda one: one.happened_at):
        if event.kind == Kind.CLICK and not event.is_machine:
            clicks[event.contact_id].append(event)
    window = timedelta(days=options().conversion_window_days)
    sales = Order.objects.filter(contact__in=[pk for pk in clicks if pk], kind=Order.Kind.SALE).order_by("pk")
    for order in sales:
        before = clicks[order.contact_id]
        place = bisect_right([one.happened_at for one in before], order.placed_at)
        if place and order.placed_at - before[place - 1].happened_at <= window:
            last = before[place - 1]
            where = {"link_index": last.link_index, "url": last.url, "block_id": last.block_id}
            money = {"order": order, "value": order.total, "currency": order.currency}
            yield _event(last.message, Kind.CONVERSION, order.placed_at, **where, **money)


def _refuse(letters: list[SentLetter]) -> None:
    """Let the last letter before a suppressed address be the one that was refused; a few mailboxes are full."""
    chance = random.Random("refused")
    dead = {row.address_hash: row for row in Suppression.objects.filter(reason=SuppressionReason.HARD_BOUNCE)}
    last = _last_messages(letters, {key: row.created_at for key, row in dead.items()})
    changed = [_refused(message, "550 5.1.1 User unknown") for message in last.values()]
    for letter in letters:
        for message in letter.messages:
            if message.recipient_key not in dead and chance.random() < _MAILBOX_FULL:
                changed.append(_refused(message, "452 4.2.2 Mailbox full"))
    OutboxMessage.objects.bulk_update(changed, ["state", "reply"], batch_size=500)
    for key, message in last.items():
        dead[key].created_at = message.finished_at or dead[key].created_at
        dead[key].origin_kind, dead[key].origin_id = "outbox_message", message.pk
    Suppression.objects.bulk_update(dead.values(), ["created_at", "origin_kind", "origin_id"], batch_size=500)


def _refused(message: OutboxMessage, reply: str) -> OutboxMessage:
    message.state, message.reply = OutboxMessage.State.REJECTED, reply
    return message


def _farewells(letters: list[SentLetter]) -> Iterator[MessageEvent]:
    """Let those who left do it by the last letter that they got."""
    chance = random.Random("farewells")
    left = Suppression.objects.filter(reason=SuppressionReason.UNSUBSCRIBED)
    when = dict(left.values_list("address_hash", "created_at"))
    gone = ConsentChange.objects.filter(status=ConsentStatus.WITHDRAWN).order_by("changed_at")
    when |= dict(gone.values_list("contact__address_hash", "changed_at"))
    for key, message in sorted(_last_messages(letters, when).items()):
        if message.state == OutboxMessage.State.ACCEPTED:
            yield _event(message, Kind.UNSUBSCRIBE, when[key], detail=chance.choice(_REASONS))


def _last_messages(letters: list[SentLetter], before: dict[str, datetime]) -> dict[str, OutboxMessage]:
    """Return the last message that each of some addresses got before a moment, and within four weeks of it."""
    found: dict[str, OutboxMessage] = {}
    for letter in sorted(letters, key=lambda one: one.at):
        for message in letter.messages:
            moment = before.get(message.recipient_key)
            if moment and letter.at < moment < letter.at + timedelta(days=28):
                found[message.recipient_key] = message
    return found
