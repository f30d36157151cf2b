"""The worker: claims a few messages, looks once more, hands them over, writes what became of them, and again."""

from __future__ import annotations

import logging
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Contact, SuppressionReason
from wagtail_precise_mail.contacts.services import suppress
from wagtail_precise_mail.delivery import claims
from wagtail_precise_mail.delivery.channels import Channel, Envelope, channels
from wagtail_precise_mail.delivery.claims import Claim, Result
from wagtail_precise_mail.delivery.composing import Composer
from wagtail_precise_mail.delivery.digests.keeping import keep_skipped
from wagtail_precise_mail.delivery.gate import judge
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.moves import DELIVER_SEND, finish_if_done, pause
from wagtail_precise_mail.emails.readers import Reader
from wagtail_precise_mail.exceptions import (
    ChannelUnavailable,
    InvalidTransition,
    OutcomeUnknown,
    PermanentDeliveryError,
    PreciseMailError,
    RenderError,
    TemporaryDeliveryError,
)

logger = logging.getLogger(__name__)

State, SkipReason = OutboxMessage.State, OutboxMessage.SkipReason

# Where a whole list goes wrong, somebody should look before the rest of it goes the same way.
_REFUSALS_IN_A_ROW = 50
_UNKNOWN_IN_A_ROW = 3

# 5.1.x in the enhanced code is about the address (RFC 3463); some servers say it in words only.
_BAD_ADDRESS_CODE = re.compile(r"5\d\d[ -]5\.1\.(?:0|1|2|3|6|10)\b")
_ENHANCED_CODE = re.compile(r"5\d\d[ -]5\.\d{1,3}\.\d{1,3}\b")
_BAD_ADDRESS_WORDS = re.compile(
    r"55[0-4][ -].*(user|mailbox|recipient|account|address)\b.*"
    r"\b(unknown|not found|does not exist|doesn't exist|unavailable|invalid)"
    r"|55[0-4][ -].*(unknown|no such|invalid) (user|mailbox|recipient|account|address)",
    re.IGNORECASE,
)


class SendBroken(Exception):
    """Something is wrong with the send as a whole; the words are for people."""


def deliver(send_id: int, *, seconds: float | None = None) -> None:
    """Send what is waiting in a send, for ``task_seconds`` at the most, and ask for a successor if there is more.

    Any number of copies may run, at any time: each message is claimed by one of them.

    Args:
        seconds: another limit than the option.
    """
    send = Send.objects.select_related("compiled").filter(pk=send_id, state=Send.State.RUNNING).first()
    if send is None:
        return
    deadline = time.monotonic() + (options().task_seconds if seconds is None else seconds)
    try:
        with claims.durable_commits(), channels.get(options().channel)() as channel:
            is_all = _Worker(send, channel, deadline).run()
    except ChannelUnavailable as error:
        _note_trouble(send, error)
        return
    except (SendBroken, RenderError) as error:
        _pause(send, str(error))
        return
    at = timezone.now()
    if is_all:
        finish_if_done(send_id, at=at)
    elif not claims.is_attended(send_id, at=at):  # else copies would add up, each asking for a successor
        enqueue(DELIVER_SEND, send_id)


class _Worker:
    """One run over one send with one channel."""

    def __init__(self, send: Send, channel: Channel, deadline: float) -> None:
        self.send = send
        self.channel = channel
        self.deadline = deadline
        self.composer = Composer(send)
        self.refusals_in_a_row = 0
        self.unknown_in_a_row = 0
        self.broken: SendBroken | None = None

    @property
    def is_late(self) -> bool:
        return time.monotonic() >= self.deadline

    def run(self) -> bool:
        """Return whether nothing was left to claim."""
        size = options().handoff_size
        while not self.is_late:
            claimed = claims.claim(self.send.pk, token=uuid4(), limit=options().claim_size, at=timezone.now())
            if not claimed.messages:
                return True
            seen = 0
            try:
                for group in _groups(claimed.messages, size):
                    if self.is_late or not self._process(claimed, group):
                        break
                    seen += len(group)
            finally:
                if seen < len(claimed.messages):
                    claims.release(claimed)
        return False

    def _process(self, claimed: Claim, group: Sequence[OutboxMessage]) -> bool:
        """Check, compose and hand over a few messages; every query here is one for all of them.

        Returns:
            False when the send was stopped, or the lease lost, in the meantime.
        """
        at = timezone.now()
        skipped: dict[str, list[OutboxMessage]] = defaultdict(list)
        wanted: list[tuple[OutboxMessage, Contact | None]] = []
        for verdict in judge(self.send, group, at=at):
            if verdict.reason:
                skipped[verdict.reason].append(verdict.message)
            else:
                wanted.append((verdict.message, verdict.contact))
        for reason, messages in skipped.items():
            with transaction.atomic():
                claims.skip(claimed, messages, reason, at=at)
                keep_skipped(self.send, messages, reason, at=at)
        readers = self._load(wanted, at)
        envelopes = self._compose(claimed, wanted, readers, at)
        messages = [message for message, _contact in wanted if message.pk in envelopes]
        kept = claims.hand_off(claimed, messages, at=at, readers=readers) if messages else []
        self._send(claimed, kept, envelopes)
        return len(kept) == len(messages)

    def _load(self, wanted: Sequence[tuple[OutboxMessage, Contact | None]], at: datetime) -> dict[int, Reader]:
        """Return what is known about the readers of some messages.

        Raises:
            SendBroken: a segment or a list of the email cannot be loaded: that is about all readers, not about one.
        """
        try:
            return self.composer.load(wanted, at=at)
        except DatabaseError:  # passes; the lease ends, and somebody tries again
            raise
        except PreciseMailError as error:
            raise SendBroken(str(error)) from error
        except Exception as error:  # sources of lists are other people's code
            logger.exception("What readers of send %s get cannot be loaded.", self.send.pk)
            raise SendBroken(
                _("What readers get cannot be loaded: %(error)s") % {"error": repr(error)[:300]}
            ) from error

    def _compose(
        self,
        claimed: Claim,
        wanted: Sequence[tuple[OutboxMessage, Contact | None]],
        readers: dict[int, Reader],
        at: datetime,
    ) -> dict[int, Envelope]:
        """Return the envelopes by message; a contact whose message cannot be made is skipped alone.

        Raises:
            SendBroken: not one of several could be made.
        """
        envelopes: dict[int, Envelope] = {}
        failures: list[tuple[OutboxMessage, Exception]] = []
        for message, contact in wanted:
            try:
                known = readers[message.pk]
                envelopes[message.pk] = self.composer.compose(message, contact, at=at, known=known)
            except Exception as problem:  # merge fields and processors are other people's code; one contact fails alone
                log = logger.warning if isinstance(problem, RenderError) else logger.exception
                log("Message %s cannot be rendered: %s", message.pk, problem)
                failures.append((message, problem))
        if len(failures) > 1 and not envelopes:
            raise SendBroken(_("No message can be rendered: %(error)s") % {"error": failures[0][1]})
        for message, error in failures:
            claims.skip(claimed, [message], SkipReason.RENDER_ERROR, at=at, reply=f"{type(error).__name__}: {error}")
        return envelopes

    def _send(self, claimed: Claim, messages: Sequence[OutboxMessage], envelopes: dict[int, Envelope]) -> None:
        """Hand over one by one; whatever ends this, all that is known gets written."""
        results: list[Result] = []
        # Messages that were certainly not touched, should this end early.
        untouched = list(messages)
        try:
            for message in messages:
                if self.is_late:
                    break
                untouched.remove(message)
                try:
                    results.append(self._attempt(message, envelopes[message.pk]))
                except ChannelUnavailable:
                    untouched.insert(0, message)
                    raise
                self._watch(results[-1])
        finally:
            self._write(claimed, results, untouched)

    def _attempt(self, message: OutboxMessage, envelope: Envelope) -> Result:
        try:
            receipt = self.channel.send(envelope)
        except TemporaryDeliveryError as error:
            return _try_later(message, error)
        except PermanentDeliveryError as error:
            return Result(message, State.REJECTED, error.reply or str(error), finished_at=timezone.now())
        except OutcomeUnknown as error:
            return Result(message, State.UNKNOWN, error.reply or str(error), finished_at=timezone.now())
        except ChannelUnavailable:
            raise
        except Exception as error:  # channels are other people's code, too; whether it left, nobody knows
            logger.exception("The channel failed at message %s.", message.pk)
            self.broken = SendBroken(
                _("The channel does not work: %(error)s") % {"error": f"{type(error).__name__}: {error}"}
            )
            return Result(message, State.UNKNOWN, str(error), finished_at=timezone.now())
        return Result(message, State.ACCEPTED, receipt.reply, receipt.provider_id, finished_at=timezone.now())

    def _watch(self, result: Result) -> None:
        """Stop where it is no longer about single messages.

        Raises:
            SendBroken: too many failures in a row.
        """
        if self.broken:
            raise self.broken
        if result.state == State.ACCEPTED:
            self.refusals_in_a_row = self.unknown_in_a_row = 0
            return
        if result.state == State.UNKNOWN:
            self.unknown_in_a_row += 1
        else:
            self.refusals_in_a_row += 1
        if self.unknown_in_a_row >= _UNKNOWN_IN_A_ROW:
            raise SendBroken(
                _("The mail server did not answer %(count)s times in a row whether it took a message: %(reply)s")
                % {"count": self.unknown_in_a_row, "reply": result.reply}
            )
        if self.refusals_in_a_row >= _REFUSALS_IN_A_ROW:
            raise SendBroken(
                _("The mail server refused %(count)s messages in a row, the last one with: %(reply)s")
                % {"count": self.refusals_in_a_row, "reply": result.reply}
            )

    def _write(self, claimed: Claim, results: Sequence[Result], untouched: Sequence[OutboxMessage]) -> None:
        for result in results:
            if result.state == State.REJECTED and is_bad_address(result.reply):
                suppress(
                    result.message.address,
                    reason=SuppressionReason.HARD_BOUNCE,
                    detail=result.reply,
                    origin_kind="outbox_message",
                    origin_id=result.message.pk,
                )
        written = claims.record(claimed, results)
        if written < len(results):
            logger.error(
                "Send %s: %s results came after the lease had ended; their messages stay unknown.",
                self.send.pk,
                len(results) - written,
            )
        if untouched:
            claims.take_back(claimed, untouched)
        if self.send.failure_count and any(result.state == State.ACCEPTED for result in results):
            Send.objects.filter(pk=self.send.pk, state=Send.State.RUNNING).update(failure_count=0, pause_reason="")
            self.send.failure_count = 0


def is_bad_address(reply: str) -> bool:
    """Whether a refusal says that the mailbox does not exist, as opposed to one of policy, spam or size."""
    if _ENHANCED_CODE.match(reply):
        return bool(_BAD_ADDRESS_CODE.match(reply))
    return bool(_BAD_ADDRESS_WORDS.match(reply))


def _try_later(message: OutboxMessage, error: TemporaryDeliveryError) -> Result:
    """Wait longer after each refusal, and give up after ``max_attempts``."""
    at, reply = timezone.now(), error.reply or str(error)
    if message.attempt_count >= options().max_attempts:
        return Result(message, State.REJECTED, reply, finished_at=at)
    wait = timedelta(seconds=options().retry_seconds * 2 ** (message.attempt_count - 1))
    return Result(message, State.DEFERRED, reply, next_attempt_at=at + wait)


def _groups(messages: Sequence[OutboxMessage], size: int) -> Iterator[Sequence[OutboxMessage]]:
    for start in range(0, len(messages), size):
        yield messages[start : start + size]


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
        logger.info("Send %s is not running any more: %s", send.pk, problem)
