"""Slowing down where a provider asks for it: half the rate at once, and back up in small steps as mail is taken again.

Source: additive increase and multiplicative decrease, as TCP does it (RFC 5681); 421 and 4.7.x by RFC 3463 and by the
postmaster pages of Gmail, Microsoft and Yahoo, which use them for "too much, too fast".
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from wagtail_precise_mail.delivery.claims import Result
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.pacing.models import Slowdown
from wagtail_precise_mail.delivery.replies import ReplyClass

FLOOR = 1 / 64
"""The smallest part of the usual rate: something must leave, or nobody finds out that the provider takes mail again."""

STEP = 0.1
"""What comes back after each ``STEP_AFTER`` in which mail was taken."""

STEP_AFTER = timedelta(minutes=1)
# What was under way when the provider asked gets the same answer; that is one request, not many.
_DEAF_FOR = timedelta(seconds=30)


# Also where the class of the reply says something else: 421 and 4.7.x ask to come back later, and not so often.
_LATER = re.compile(r"421\b|4\d\d[ -]4\.7\.\d")


def asks_to_be_slower(result: Result) -> bool:
    """Whether a refusal says that we send too much or too fast, as opposed to a full or busy mailbox."""
    if result.state != OutboxMessage.State.DEFERRED:
        return False
    return result.reply_class == ReplyClass.THROTTLED or bool(_LATER.match(result.reply))


def slow_down(group: str, *, reply: str, at: datetime) -> bool:
    """Halve the rate of a group; returns False while the last time is too fresh."""
    slowdown, is_new = Slowdown.objects.get_or_create(
        group=group, defaults={"factor": 0.5, "slowed_at": at, "raised_at": at, "reply": _kept(reply)}
    )
    if is_new:
        return True
    if at - slowdown.slowed_at < _DEAF_FOR:
        return False
    unchanged = Slowdown.objects.filter(pk=slowdown.pk, slowed_at=slowdown.slowed_at)
    factor = max(FLOOR, slowdown.factor / 2)
    return bool(unchanged.update(factor=factor, slowed_at=at, raised_at=at, reply=_kept(reply)))


def speed_up(group: str, *, at: datetime) -> bool:
    """Give a group back a step of its rate, because it took mail; at most one step a minute."""
    slowdown = Slowdown.objects.filter(group=group, raised_at__lte=at - STEP_AFTER).first()
    if slowdown is None:
        return False
    unchanged = Slowdown.objects.filter(pk=slowdown.pk, raised_at=slowdown.raised_at)
    factor = slowdown.factor + STEP
    if factor > 1 - 1e-9:
        return bool(unchanged.delete()[0])
    return bool(unchanged.update(factor=factor, raised_at=at))


def _kept(reply: str) -> str:
    return reply.replace("\x00", "")[:300]
