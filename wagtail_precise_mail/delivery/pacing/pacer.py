"""How much of one send a worker may claim now. Limits hold back claims, so nothing waits while somebody holds it."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from uuid import uuid4

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.addresses import domain_of
from wagtail_precise_mail.delivery import claims
from wagtail_precise_mail.delivery.claims import Claim, Result
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.pacing.buckets import Rate, give_back, next_token_at, take
from wagtail_precise_mail.delivery.pacing.groups import OTHERS, group_of
from wagtail_precise_mail.delivery.pacing.hosting import hosted_groups
from wagtail_precise_mail.delivery.pacing.pace import Pace, pace_of
from wagtail_precise_mail.delivery.pacing.parking import parked_groups
from wagtail_precise_mail.delivery.pacing.slowing import asks_to_be_slower, slow_down, speed_up
from wagtail_precise_mail.delivery.pacing.stops import sentence
from wagtail_precise_mail.delivery.pacing.warming import next_day, note_volume, take_volume

State = OutboxMessage.State

_REFRESH_SECONDS = 5
# Of each bucket, what marketing leaves to mail about orders and to letters.
_RESERVE = 0.1


class Pacer:
    """The pace of one send, for one worker.

    Attributes:
        waits_until: after a claim that brought nothing, when there may be more; None when nothing is left to claim.
        waits_for: what it waits for then, as ``Send.HeldBy``.
    """

    def __init__(self, send: Send) -> None:
        self.send = send
        self.waits_until: datetime | None = None
        self.waits_for = ""
        self._known: Pace | None = None
        self._known_since = 0.0
        self._last_group = OTHERS

    def stop(self, at: datetime) -> str:
        """Return why nothing of this sender may leave at all, or ""."""
        stop = self._pace(at).stop
        return sentence(stop) if stop else ""

    def claim(self, at: datetime, *, size: int = 0) -> Claim:
        """Claim as many messages as may leave now; tokens that nothing leaves for go back.

        Args:
            size: at the most; 0 is ``claim_size``.
        """
        self.waits_until = None
        pace = self._pace(at)
        allowed = self._take_shared(pace, size or options().claim_size, at)
        claimed = Claim(uuid4(), [])
        if allowed:
            claimed = self._claim_any(pace, allowed, at)
            self._return_shared(pace, allowed - len(claimed.messages), at)
        elif not self.send.messages.filter(state=State.PENDING).exists():
            self.waits_until = None  # the last token went to the last message
        return claimed

    def untouched(self, messages: Sequence[OutboxMessage], *, at: datetime) -> None:
        """Take tokens back for messages that were claimed and did not leave."""
        pace = self._pace(at)
        self._return_shared(pace, len(messages), at)
        if not pace.groups:
            return
        for group, count in Counter(self._group_of(message.address) for message in messages).items():
            _give_back(pace.groups.get(group, []), count)

    def note(self, results: Sequence[Result], *, at: datetime) -> None:
        """Slow down where a provider asked for it, and speed up again where it takes mail."""
        for result in results:
            if asks_to_be_slower(result) and (group := self._group_of(result.message.address)):
                slow_down(group, reply=result.reply, at=at)
                self._known = None
        if not (slowed := self._pace(at).slowed):
            return
        taken = {self._group_of(result.message.address) for result in results if result.state == State.ACCEPTED}
        for group in taken & slowed:
            if speed_up(group, at=at):
                self._known = None

    def _group_of(self, address: str) -> str:
        return group_of(address) or self._hosted.get(domain_of(address), OTHERS)

    @cached_property
    def _hosted(self) -> dict[str, str]:
        # Asked only where a limit or a slow-down makes it matter.
        return hosted_groups()

    def _pace(self, at: datetime) -> Pace:
        if self._known is None or time.monotonic() - self._known_since > _REFRESH_SECONDS:
            self._known, self._known_since = pace_of(self.send, at=at), time.monotonic()
        return self._known

    def _reserve(self, rate: Rate) -> int:
        return int(rate.capacity * _RESERVE) if self.send.is_marketing else 0

    def _take_shared(self, pace: Pace, count: int, at: datetime) -> int:
        """Take from the sender, the channel and the plan; what one of them lacks goes back to the others."""
        wanted = count
        for number, rate in enumerate(pace.shared):
            taken = take(rate, count, at=at, reserve=self._reserve(rate))
            _give_back(pace.shared[:number], count - taken)
            count = taken
            if not count:
                self._wait(next_token_at(rate, at=at, reserve=self._reserve(rate)), Send.HeldBy.LIMIT)
                return 0
        if pace.plan and self.send.is_marketing:
            count = take_volume(pace.plan, wanted := count, at=at)
            _give_back(pace.shared, wanted - count)
            if not count:
                self._wait(next_day(at), Send.HeldBy.WARM_UP)
        elif pace.plan and not self.send.is_test:
            note_volume(pace.plan, count, at=at)
        return count

    def _return_shared(self, pace: Pace, count: int, at: datetime) -> None:
        if not count:
            return
        _give_back(pace.shared, count)
        if pace.plan and not self.send.is_test:
            note_volume(pace.plan, -count, at=at)

    def _claim_any(self, pace: Pace, allowed: int, at: datetime) -> Claim:
        """Claim from one group, and next time from another one: none of them keeps the others waiting."""
        for group in self._groups(pace):
            claimed = self._claim_group(pace, group, allowed, at)
            if claimed.messages:
                self._last_group, self.waits_until = group, None
                return claimed
        return Claim(uuid4(), [])

    def _groups(self, pace: Pace) -> Iterator[str]:
        """Yield what is not sorted yet first, and after it the parked groups, beginning behind the last one."""
        if self._last_group != OTHERS or not pace.groups:
            yield OTHERS
        parked = parked_groups(self.send.pk)
        later = [group for group in parked if group > self._last_group]
        yield from [*later, *(group for group in parked if group <= self._last_group)]
        if self._last_group == OTHERS and pace.groups:
            yield OTHERS

    def _claim_group(self, pace: Pace, group: str, allowed: int, at: datetime) -> Claim:
        if group == OTHERS:
            return self._claim_unsorted(pace, allowed, at)
        rates = pace.groups.get(group, [])
        count = self._take_group(rates, allowed, at)
        if not count:
            return Claim(uuid4(), [])
        claimed = claims.claim(self.send.pk, token=uuid4(), limit=count, at=at, group=group)
        _give_back(rates, count - len(claimed.messages))
        return claimed

    def _claim_unsorted(self, pace: Pace, allowed: int, at: datetime) -> Claim:
        """Claim what nobody looked at yet, and put aside what its provider does not take now."""
        while True:
            claimed = claims.claim(self.send.pk, token=uuid4(), limit=allowed, at=at)
            if not pace.groups or not claimed.messages:
                return claimed
            kept = self._sort(pace, claimed, at)
            if kept.messages:
                return kept

    def _sort(self, pace: Pace, claimed: Claim, at: datetime) -> Claim:
        by_group: dict[str, list[OutboxMessage]] = defaultdict(list)
        for message in claimed.messages:
            by_group[self._group_of(message.address)].append(message)
        late: set[int] = set()
        for group, messages in by_group.items():
            if group not in pace.groups:
                continue
            count = self._take_group(pace.groups[group], len(messages), at)
            claims.park(claimed, group, messages[count:])
            late.update(message.pk for message in messages[count:])
        return Claim(claimed.token, [message for message in claimed.messages if message.pk not in late])

    def _take_group(self, rates: Sequence[Rate], count: int, at: datetime) -> int:
        for number, rate in enumerate(rates):
            taken = take(rate, count, at=at, reserve=self._reserve(rate))
            _give_back(rates[:number], count - taken)
            count = taken
            if not count:
                self._wait(next_token_at(rate, at=at, reserve=self._reserve(rate)), Send.HeldBy.PROVIDER)
                return 0
        return count

    def _wait(self, until: datetime, reason: str) -> None:
        if self.waits_until is None or until < self.waits_until:
            self.waits_until, self.waits_for = until, reason


def _give_back(rates: Iterable[Rate], count: int) -> None:
    for rate in rates:
        give_back(rate, count)
