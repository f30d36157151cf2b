"""Delivering: a task serves the sends that have something to do, one batch each in turn, until its time is up."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery import claims
from wagtail_precise_mail.delivery.aside import Aside
from wagtail_precise_mail.delivery.channels import Channel, open_channel
from wagtail_precise_mail.delivery.crew import DELIVER_SEND, crew_size
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.delivery.moves import finish_if_done, pause
from wagtail_precise_mail.delivery.pacing.rota import Rota
from wagtail_precise_mail.delivery.stopping import StopSign, stop_sign
from wagtail_precise_mail.delivery.working import SendBroken, Worker
from wagtail_precise_mail.exceptions import ChannelUnavailable, InvalidTransition, RenderError

logger = logging.getLogger(__name__)


def deliver(send_id: int, *, seconds: float | None = None) -> None:
    """Send what is waiting in a send, and in those beside it, for ``task_seconds`` at the most.

    If there is more, a successor is asked for. Any number of copies may run, at any time: each message is claimed by
    one of them.

    Args:
        send_id: which one to begin with.
        seconds: another limit than the option.
    """
    send = Send.objects.select_related("compiled").filter(pk=send_id, state=Send.State.RUNNING).first()
    if send is None:
        return
    deadline = time.monotonic() + (options().task_seconds if seconds is None else seconds)
    with stop_sign() as sign:
        rota = Rota(send, deadline, is_stopped=lambda: sign.is_set)
        try:
            with claims.durable_commits(), open_channel() as channel, Aside() as aside:
                shift = _Shift(rota, channel, aside, deadline, sign)
                is_in_order = all(shift.serve(one) for one in rota)
        except ChannelUnavailable as error:  # it did not even open
            _note_trouble(send, error)
            return
        successor = rota.next_one() if is_in_order else None
        # Of more than are wanted, copies would add up, each asking for a successor.
        if successor and claims.attending_count(successor.pk, at=timezone.now()) < crew_size():
            enqueue(DELIVER_SEND, successor.pk)


@dataclass
class _Shift:
    """One task with one channel, and its workers by the id of their send."""

    rota: Rota
    channel: Channel
    aside: Aside
    deadline: float
    sign: StopSign
    workers: dict[int, Worker] = field(default_factory=dict)

    def serve(self, send: Send) -> bool:
        """Send one batch of a send; returns False when the channel is out of order for all of them."""
        try:
            if send.pk not in self.workers:
                self.workers[send.pk] = Worker(send, self.channel, self.aside, self.deadline, self.sign)
            worker = self.workers[send.pk]
            has_more = worker.turn()
        except ChannelUnavailable as error:
            _note_trouble(send, error)
            return False
        except (SendBroken, RenderError) as error:
            _pause(send, str(error))
            self.rota.drop(send)
            self.workers.pop(send.pk, None)  # whoever resumes it gets a worker that has seen nothing yet
            return True
        self.rota.served(send, has_more=has_more, until=worker.pacer.waits_until, reason=worker.pacer.waits_for)
        if not has_more and not worker.pacer.waits_until:
            finish_if_done(send.pk, at=timezone.now())
            del self.workers[send.pk]
        return True


def _note_trouble(send: Send, error: ChannelUnavailable) -> None:
    """Wait for the sweeper to try again, or pause: at once when the server said no, else after some tries."""
    running = Send.objects.filter(pk=send.pk, state=Send.State.RUNNING)
    running.update(failure_count=F("failure_count") + 1, pause_reason=str(error))
    send.refresh_from_db()
    is_final = error.code is not None and error.code >= 500
    if is_final or send.failure_count >= options().channel_attempts:
        _pause(send, str(error))
    else:
        logger.warning("Send %s waits: %s (try %s)", send.pk, error, send.failure_count)


def _pause(send: Send, problem: str) -> None:
    reason = _(
        "%(problem)s. Nothing is lost: all that has not left is waiting. Resume the sending when this is solved."
    )
    try:
        pause(send, reason=reason % {"problem": problem.rstrip(".")})
    except InvalidTransition:  # somebody paused or cancelled it already
        logger.info("Send %s is not running any more.", send.pk)
