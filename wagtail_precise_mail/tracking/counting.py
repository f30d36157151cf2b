"""From hits to events: what is kept of opens and clicks, and who is a machine. The same few queries for many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from django.db import transaction

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.digests.clicks import FollowedLink, forget_clicks, note_clicks
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.encryption import is_encrypting
from wagtail_precise_mail.tracking.crediting import credit_anew, sales_credited_to, sales_led_to
from wagtail_precise_mail.tracking.hits import Hit
from wagtail_precise_mail.tracking.machines import find_burst, is_machine_agent, is_machine_open
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.personal_links import without_words, words_about
from wagtail_precise_mail.tracking.turns import count_alone

Kind = MessageEvent.Kind

# Whoever reloads a mail, or means ill, fills no table: opens at most once a minute, and never more than this.
_OPEN_PAUSE = timedelta(minutes=1)
_MOST_EVENTS = {Kind.OPEN: 200, Kind.CLICK: 200, Kind.SCAN: 20}

_NEEDED = ("send_id", "contact_id", "handed_off_at")


@dataclass
class _Story:
    """What happened to one message, before and now."""

    message: OutboxMessage
    events: list[MessageEvent] = field(default_factory=list)

    def of(self, kind: Kind) -> list[MessageEvent]:
        return [event for event in self.events if event.kind == kind]

    @cached_property
    def words(self) -> list[str]:
        # What is encrypted in its own place must not stand in clear here. Reports need to count where links led.
        return words_about(self.message.contact) if is_encrypting() and self.message.contact else []

    def add(self, hit: Hit) -> MessageEvent | None:
        """Keep a hit, unless there are too many of it."""
        kind, at = Kind(hit.kind), datetime.fromtimestamp(hit.moment, UTC)
        earlier = self.of(kind)
        is_machine = self._is_machine(kind, hit, at)
        is_repeated = kind == Kind.OPEN and any(
            one.is_machine == is_machine and at - _OPEN_PAUSE < one.happened_at <= at for one in earlier
        )
        if is_repeated or len(earlier) >= _MOST_EVENTS[kind]:
            return None
        event = MessageEvent(
            message=self.message,
            send_id=self.message.send_id,
            contact_id=self.message.contact_id,
            kind=kind,
            happened_at=at,
            user_agent=hit.user_agent[:250].replace("\x00", ""),
            is_machine=is_machine,
            url=without_words(hit.url, self.words)[:2000],
            link_index=hit.link_index,
            block_id=hit.block_id[:40],
        )
        self.events.append(event)
        return event

    def _is_machine(self, kind: Kind, hit: Hit, at: datetime) -> bool:
        if kind == Kind.SCAN or hit.is_machine or self._is_near_scan(at):
            return True
        if kind == Kind.OPEN:
            return is_machine_open(hit.user_agent, handed_off_at=self.message.handed_off_at, at=at)
        return is_machine_agent(hit.user_agent)

    def _is_near_scan(self, at: datetime) -> bool:
        window = timedelta(seconds=options().scanner_trap_seconds)
        return any(abs(at - scan.happened_at) <= window for scan in self.of(Kind.SCAN))

    def unmask(self) -> list[MessageEvent]:
        """Mark what turns out to be a machine's by what came after it, and return that."""
        clicks = sorted(self.of(Kind.CLICK), key=lambda click: click.happened_at)
        burst = find_burst(
            [(number, click.happened_at, click.link_index) for number, click in enumerate(clicks)],
            count=options().scanner_click_count,
            seconds=options().scanner_click_seconds,
        )
        suspects = [clicks[number] for number in burst]
        suspects += [event for event in self.events if self._is_near_scan(event.happened_at)]
        found = [event for event in suspects if not event.is_machine]
        for event in found:
            event.is_machine = True
        return found


def count_hits(hits: Sequence[Hit]) -> list[MessageEvent | None]:
    """Keep opens and clicks as events; marks earlier events, too, that later ones show to be a machine's.

    Sales follow: those that came before their click was counted, and those of clicks that are marked.

    Opens count once a minute. Nothing is kept of messages that are gone or a test, and of contacts who are gone or not
    tracked: they may have said no after the mail was sent.

    Returns:
        For each hit its event, or None when nothing is kept of it.
    """
    if not options().is_tracking_enabled:
        return [None] * len(hits)
    kept: list[MessageEvent | None] = [None] * len(hits)
    with transaction.atomic():
        count_alone()
        stories = _stories({hit.message_id for hit in hits})
        for place in sorted(range(len(hits)), key=lambda number: hits[number].moment):
            if story := stories.get(hits[place].message_id):
                kept[place] = story.add(hits[place])
        unmasked = [event for story in stories.values() for event in story.unmask()]
        events, marked = [event for event in kept if event], [event for event in unmasked if event.pk]
        _save(events, [event.pk for event in marked])
        credit_anew(sales_led_to(events) | sales_credited_to(marked))
        _correct_digest_clicks(marked)
        _note_digest_clicks(hits, kept)
    return kept


def _stories(message_ids: set[int]) -> dict[int, _Story]:
    messages = OutboxMessage.objects.filter(pk__in=message_ids, send__is_test=False, contact__is_tracking_allowed=True)
    messages = messages.select_related("contact") if is_encrypting() else messages.only(*_NEEDED)
    found = {message.pk: _Story(message) for message in messages}
    before = MessageEvent.objects.filter(message__in=found, kind__in=list(_MOST_EVENTS)).order_by("happened_at", "pk")
    for event in before.only("message_id", "kind", "happened_at", "is_machine", "link_index"):
        found[event.message_id].events.append(event)
    return found


def _save(events: list[MessageEvent], unmasked: list[int]) -> None:
    if events:
        MessageEvent.objects.bulk_create(sorted(events, key=lambda event: event.happened_at))
    if unmasked:
        MessageEvent.objects.filter(pk__in=unmasked).update(is_machine=True)


def _note_digest_clicks(hits: Sequence[Hit], kept: Iterable[MessageEvent | None]) -> None:
    note_clicks(
        FollowedLink(hit.message_id, hit.url, event.happened_at)
        for hit, event in zip(hits, kept, strict=True)
        if event and event.kind == Kind.CLICK and not event.is_machine
    )


def _correct_digest_clicks(marked: Iterable[MessageEvent]) -> None:
    messages = {event.message_id for event in marked if event.kind == Kind.CLICK}
    if not messages:
        return
    clicks = MessageEvent.objects.filter(message__in=messages, kind=Kind.CLICK, send__origin_kind=Send.DIGEST)
    followed: dict[bool, list[FollowedLink]] = {True: [], False: []}
    for is_machine, message_id, url, at in clicks.values_list("is_machine", "message_id", "url", "happened_at"):
        followed[is_machine].append(FollowedLink(message_id, url, at))
    forget_clicks(followed[True])
    note_clicks(followed[False])
