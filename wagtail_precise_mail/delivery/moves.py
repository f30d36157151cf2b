"""Moves of a send between its states. Each is one conditional update, so two people and a worker cannot both win."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.log_actions import log

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.contacts.addresses import domain_of
from wagtail_precise_mail.delivery.crew import DELIVER_SEND, call_workers
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.pacing.stops import sentence, stop_of
from wagtail_precise_mail.delivery.signals import send_finished, send_paused
from wagtail_precise_mail.exceptions import InvalidTransition

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

logger = logging.getLogger(__name__)


def pause(send: Send, *, reason: str) -> None:
    """Stop a send; what is being handed over at this moment (``handoff_size`` messages at most) still leaves.

    Args:
        reason: a sentence for people: what happened, and what to do.

    Raises:
        InvalidTransition: it neither gathers its audience nor sends.
    """
    states = _sources(Send.State.PAUSED)
    with transaction.atomic():
        _move(
            send,
            states,
            state=Send.State.PAUSED,
            state_before_pause=F("state"),
            pause_reason=reason,
        )
        transaction.on_commit(partial(send_paused.send_robust, sender=Send, send=send, reason=reason))
    # The reason may repeat what a mail server or somebody's code said about a person.
    logger.warning("Send %s is paused; the page of its campaign says why.", send.pk)


def resume(send: Send) -> None:
    """Let a paused send go on where it stopped.

    A send that was still gathering its audience needs whoever asked for it to call ``freeze`` again.

    Raises:
        InvalidTransition: it is not paused, or its sender is stopped.
    """
    if send.is_marketing and not send.is_test and (stop := stop_of(domain_of(send.from_address))):
        raise InvalidTransition(
            _("%(what)s. Let this sender go on first, in the report Alarms about senders.") % {"what": sentence(stop)}
        )
    with transaction.atomic():
        _move(
            send,
            [Send.State.PAUSED],
            state=F("state_before_pause"),
            state_before_pause="",
            pause_reason="",
            failure_count=0,
        )
        if send.state == Send.State.RUNNING:
            call_workers(send.pk)


def cancel(send: Send) -> None:
    """End a send for good: no message that has not left yet will.

    Raises:
        InvalidTransition: it is over already.
    """
    at = timezone.now()
    waiting = [OutboxMessage.State.PENDING, OutboxMessage.State.CLAIMED, OutboxMessage.State.DEFERRED]
    with transaction.atomic():
        _move(send, _sources(Send.State.CANCELLED), state=Send.State.CANCELLED, finished_at=at)
        # A worker that holds some of them finds out when it wants to hand them over.
        send.messages.filter(state__in=waiting).update(
            state=OutboxMessage.State.CANCELLED, claim_token=None, lease_expires_at=None, finished_at=at
        )


def resend_unknown(send: Send, *, by: AbstractBaseUser | None) -> int:
    """Send the messages of unknown outcome again: somebody decided that a second copy is better than none.

    They keep their Message-ID, by which many mail programs show two copies as one.

    Returns:
        How many are sent again.

    Raises:
        InvalidTransition: the send was cancelled.
    """
    with transaction.atomic():
        send = Send.objects.select_for_update().get(pk=send.pk)
        if send.state == Send.State.CANCELLED:
            raise InvalidTransition(_("This send was cancelled."))
        count = send.messages.filter(state=OutboxMessage.State.UNKNOWN).update(
            state=OutboxMessage.State.PENDING,
            finished_at=None,
            handed_off_at=None,
            first_failed_at=None,
            reply="",
            reply_class="",
        )
        if count and send.state == Send.State.FINISHED:
            _move(send, [Send.State.FINISHED], state=Send.State.RUNNING, finished_at=None)
        if count:
            log(instance=send, action="wagtail_precise_mail.resend_unknown", user=by, data={"count": count})
            enqueue(DELIVER_SEND, send.pk)
    return count


def finish_if_done(send_id: int, *, at: datetime) -> bool:
    """Call a running send finished once none of its messages moves by itself any more."""
    return bool(finish_done(Send.objects.filter(pk=send_id), at=at))


def finish_done(sends: QuerySet[Send], *, at: datetime) -> Sequence[Send]:
    """Finish every running send among these that is done, and return them."""
    open_messages = OutboxMessage.objects.filter(send=OuterRef("pk"), state__in=OutboxMessage.OPEN_STATES)
    done = list(sends.filter(~Exists(open_messages), state=Send.State.RUNNING, frozen_at__isnull=False))
    finished = []
    for send in done:
        with transaction.atomic():
            still = Send.objects.filter(~Exists(open_messages), pk=send.pk, state=Send.State.RUNNING)
            if not still.update(state=Send.State.FINISHED, finished_at=at, pause_reason="", failure_count=0):
                continue
            send.refresh_from_db()
            transaction.on_commit(partial(send_finished.send_robust, sender=Send, send=send))
        finished.append(send)
    return finished


def _sources(target: str) -> list[str]:
    return [state for state, targets in Send.MOVES.items() if target in targets]


def _move(send: Send, sources: Sequence[str], **values: object) -> None:
    """Move a send out of one of these states, or say that it is in another one."""
    count = Send.objects.filter(pk=send.pk, state__in=sources).update(**values)
    send.refresh_from_db()
    if not count:
        raise InvalidTransition(_("This is not possible: the send is %(state)s.") % {"state": send.get_state_display()})
