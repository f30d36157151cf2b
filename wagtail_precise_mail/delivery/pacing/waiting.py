"""What a send waits for, in words, and when it goes on by itself: what people who look at it ask first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.delivery.pacing.groups import group_label
from wagtail_precise_mail.delivery.pacing.parking import parked_groups

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

HeldBy = Send.HeldBy

_WORDS: dict[str, StrPromise] = {
    HeldBy.LIMIT: gettext_lazy("It waits for a limit of its sender or channel."),
    HeldBy.PROVIDER: gettext_lazy("It waits for a limit of the mailbox providers that are left."),
    HeldBy.WARM_UP: gettext_lazy("It waits for the warm-up plan of its sender: what may leave today has left."),
}


@dataclass(frozen=True)
class Waiting:
    """Why nothing of a send leaves for now.

    Attributes:
        reason: one of ``Send.HeldBy``.
        sentence: the same for people.
        goes_on_at: when the next messages may leave; None where it is less than about a minute.
    """

    reason: str
    sentence: str
    goes_on_at: datetime | None


def waiting_for(send: Send, *, at: datetime) -> Waiting | None:
    """Return what a running send waits for, or None: at most one query, for the names of providers."""
    if send.state != Send.State.RUNNING or not send.held_by:
        return None
    goes_on_at = send.held_until if send.held_until and send.held_until > at else None
    return Waiting(send.held_by, _sentence(send), goes_on_at)


def _sentence(send: Send) -> str:
    if send.held_by == HeldBy.PROVIDER and (groups := parked_groups(send.pk)):
        names = _("; ").join(group_label(group) for group in groups)
        return _("It waits for a limit: no more mail may go to %(providers)s for now.") % {"providers": names}
    return str(_WORDS[send.held_by])
