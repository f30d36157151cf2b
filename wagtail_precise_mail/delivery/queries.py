"""Reads of the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet
from django.template.defaultfilters import date as format_date
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.pacing.groups import group_label
from wagtail_precise_mail.delivery.replies import ReplyClass

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

State, SkipReason = OutboxMessage.State, OutboxMessage.SkipReason


@dataclass(frozen=True)
class Progress:
    """How far a send is. ``total`` counts everybody of the audience, mailed or not; states without messages lack."""

    total: int
    by_state: Mapping[str, int]
    skipped: Mapping[str, int]
    is_done: bool

    @property
    def accepted_count(self) -> int:
        """Messages that a server took."""
        return self.by_state.get(State.ACCEPTED, 0)

    @property
    def waiting_count(self) -> int:
        """Messages that still move by themselves."""
        return sum(self.by_state.get(state, 0) for state in OutboxMessage.OPEN_STATES)

    @property
    def settled_count(self) -> int:
        """Messages that have found their end, whatever it is."""
        return self.total - self.waiting_count

    @property
    def percent(self) -> int:
        """Of everybody, how many are settled; 100 only when all are."""
        return self.settled_count * 100 // self.total if self.total else 0


def progress(send: Send) -> Progress:
    """Count the messages of a send by state, in one query over one index."""
    rows = list(send.messages.values_list("state", "skip_reason").annotate(count=Count("pk")).order_by())
    by_state: dict[str, int] = {}
    for state, _reason, count in rows:
        by_state[state] = by_state.get(state, 0) + count
    return Progress(
        total=sum(by_state.values()),
        by_state=by_state,
        skipped={reason: count for state, reason, count in rows if state == State.SKIPPED},
        is_done=send.state in (Send.State.FINISHED, Send.State.CANCELLED),
    )


def sends_to_resume() -> QuerySet[Send]:
    """Return sends whose audience is not complete; whoever asked for them calls ``freeze`` again."""
    return Send.objects.filter(state=Send.State.FREEZING).order_by("pk")


def explain(message: OutboxMessage) -> str:
    """Say in a sentence why somebody got a message, or did not. Reads ``message.send``."""
    words = _WORDS[message.skip_reason or message.state]
    if message.state == State.PENDING and message.send.state == Send.State.PAUSED:
        words = _("Waits, because the sending is paused: %(why)s")
    elif message.state == State.DEFERRED and message.reply_class == ReplyClass.UNKNOWN:
        words = _(
            "Nobody knows whether it arrived. It is sent once more at %(next)s, under the same name, by which mail "
            "programs show two copies as one."
        )
    elif message.state == State.PENDING and message.attempt_count:
        words = _("Waits for another try. The server's last answer: %(reply)s")
    elif message.state == State.PENDING and message.mx_group:
        words = _("Waits, because no more mail may go to %(provider)s for now.")
    elif message.state == State.PENDING and message.send.held_by:
        words = _("Waits for %(held_by)s.")
    return str(words) % {
        "next": _when(message.next_attempt_at),
        "reply": message.reply,
        "why": message.send.pause_reason,
        "provider": group_label(message.mx_group),
        "held_by": message.send.get_held_by_display(),
    }


_WORDS: dict[str, StrPromise] = {
    State.PENDING: _("Waits for its turn."),
    State.CLAIMED: _("A worker is preparing it."),
    State.HANDOFF: _("Is being handed to the mail server."),
    State.ACCEPTED: _("The mail server took it."),
    State.DEFERRED: _("The server asked to come back later, and the next try is at %(next)s: %(reply)s"),
    State.REJECTED: _("The server refused it for good: %(reply)s"),
    State.UNKNOWN: _(
        "Nobody knows: the server's answer was lost. It may have arrived, so it is not sent again by itself."
    ),
    State.CANCELLED: _("The sending was cancelled before its turn."),
    SkipReason.NO_CONSENT: _("Never agreed to this topic, so nothing was sent."),
    SkipReason.ASK_FIRST: _(
        "Heard nothing from us for so long that they must be asked first whether they still want our mail."
    ),
    SkipReason.NO_NEED: _("This email asks for permission again, which they need not be asked for."),
    SkipReason.ASKED: _("Was asked for permission before, and has not answered."),
    SkipReason.SUPPRESSED: _(
        "The address must not be written to: it does not exist, complained, or was closed by hand."
    ),
    SkipReason.UNSUBSCRIBED: _("Unsubscribed before it was sent."),
    SkipReason.QUARANTINED: _("The address is in quarantine: a colleague has to look at it first."),
    SkipReason.PAUSED: _("Asked for a pause that was not over."),
    SkipReason.CADENCE: _("Wants mail less often, and had one of this topic not long before."),
    SkipReason.KEPT: _("Wants mail less often: kept for their digest."),
    SkipReason.EMPTY: _("Nothing was left to tell: every offer in it had ended."),
    SkipReason.WRITER: _(
        "Whoever wrote it may no longer write to contacts, or has no account any more. "
        "Somebody else may write it again."
    ),
    SkipReason.EXCLUDED: _("Is in an audience that was left out."),
    SkipReason.EXPIRED: _("Its turn came after the last moment to send."),
    SkipReason.ERASED: _("The contact was deleted before it was sent."),
    SkipReason.RENDER_ERROR: _("The message could not be made: %(reply)s"),
}


def _when(moment: datetime | None) -> str:
    return format_date(timezone.localtime(moment), "DATETIME_FORMAT") if moment else "?"
