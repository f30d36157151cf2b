"""The worker of one send: claims a batch, looks once more, hands it over, and writes what became of it."""

from __future__ import annotations

import logging
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from wagtail_precise_mail.background import is_stopping
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery import claims, handoffs
from wagtail_precise_mail.delivery.aside import Aside, at_once
from wagtail_precise_mail.delivery.bounces.refusals import record_refusals
from wagtail_precise_mail.delivery.channels import Channel, Envelope, Outcome, Receipt
from wagtail_precise_mail.delivery.claims import Claim, Result
from wagtail_precise_mail.delivery.composing import Composer
from wagtail_precise_mail.delivery.crew import fair_claim
from wagtail_precise_mail.delivery.digests.keeping import keep_skipped
from wagtail_precise_mail.delivery.gate import judge
from wagtail_precise_mail.delivery.groups import Addressed, Group
from wagtail_precise_mail.delivery.handoffs import Handoff
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.offering import Offer
from wagtail_precise_mail.delivery.pacing.pacer import Pacer
from wagtail_precise_mail.delivery.pacing.refusals import RefusalWindow
from wagtail_precise_mail.delivery.replies import ReplyClass
from wagtail_precise_mail.delivery.retrying import Circumstances, result_of, unknown_result
from wagtail_precise_mail.delivery.stopping import StopSign
from wagtail_precise_mail.emails.readers import Reader
from wagtail_precise_mail.exceptions import ChannelUnavailable, PreciseMailError, RenderError
from wagtail_precise_mail.logs import PERSONAL

logger = logging.getLogger(__name__)

State, SkipReason = OutboxMessage.State, OutboxMessage.SkipReason

# A handoff may rely for so long on a look at those that it is about.
_FRESH_SECONDS = 3.0

# Seconds for one claim, beyond which the next one is smaller.
_LONG_TURN = 1.0

# Where a whole list goes wrong, somebody should look before the rest of it goes the same way.
_UNKNOWN_IN_A_ROW = 3


class SendBroken(Exception):
    """Something is wrong with the send as a whole; the words are for people."""


class Worker:
    """Sends one send with one channel, a batch at each turn, until the deadline or a sign to stop."""

    def __init__(self, send: Send, channel: Channel, aside: Aside, deadline: float, sign: StopSign) -> None:
        self.send = send
        self.channel = channel
        self.deadline = deadline
        self.sign = sign
        self._aside = aside
        self.composer = Composer(send)
        self.pacer = Pacer(send)
        self.around = Circumstances(send, channel.idempotency_seconds)
        self.refusals = RefusalWindow()
        self.unknown_in_a_row = 0
        self.broken: SendBroken | None = None
        self._claim_size = options().claim_size
        # Of the claim at work, what was not handed over and not skipped yet, by id.
        self._held: dict[int, OutboxMessage] = {}
        # What is known of messages that left, and goes to the database with the next handoff.
        self._unwritten: list[Result] = []

    @property
    def is_late(self) -> bool:
        return self.sign.is_set or is_stopping() or time.monotonic() >= self.deadline

    def turn(self) -> bool:
        """Claim a batch and send it; returns False when nothing may be claimed now.

        Raises:
            SendBroken: somebody has to look first.
        """
        if stop := self.pacer.stop(timezone.now()):
            raise SendBroken(stop)
        started = time.monotonic()
        claimed = self.pacer.claim(timezone.now(), size=fair_claim(self.send.pk, self._claim_size))
        self._held = {message.pk: message for message in claimed.messages}
        try:
            try:
                self._work_through(claimed)
            finally:
                if self._unwritten:
                    self._note_written(handoffs.record(claimed, self._unwritten))
        finally:
            if self._held:
                claims.release(claimed)
                self.pacer.untouched(list(self._held.values()), at=timezone.now())
        self._choose_size(len(claimed.messages), time.monotonic() - started)
        return bool(claimed.messages)

    def _choose_size(self, count: int, seconds: float) -> None:
        """Claim more where all of a claim left quickly, and less where it took long: others wait for their turn."""
        if seconds > _LONG_TURN:
            self._claim_size = max(self._claim_size // 2, options().claim_size)
        elif count == self._claim_size and seconds < _LONG_TURN / 2:
            self._claim_size = max(options().claim_size, min(2 * self._claim_size, options().claim_size_limit))

    def _work_through(self, claimed: Claim) -> None:
        """Look at what was claimed, and hand it over in groups, looking anew when some time has gone by.

        Ends early when there is no time for all, when the send was stopped, or when the lease was lost.
        """
        rest, size = list(claimed.messages), options().handoff_size
        while rest:
            count = len(rest) if self._looks_ahead else size
            wanted, rest = self._look(claimed, rest[:count]), rest[count:]
            fresh_until = time.monotonic() + _FRESH_SECONDS
            readers = self._load(wanted)
            compose = partial(self._compose, readers)
            groups = deque(Group(wanted[start : start + size], compose) for start in range(0, len(wanted), size))
            while groups:
                if self.is_late:
                    return
                if time.monotonic() > fresh_until:
                    rest = [message for group in groups for message in group.messages] + rest
                    break
                group = groups.popleft()
                following = groups[0] if groups else None
                if not self._hand_over(claimed, group, readers, following, asks_again=self._looks_ahead):
                    return

    @property
    def _looks_ahead(self) -> bool:
        """Whether one look serves several handoffs, each of which asks again for what must not be overlooked."""
        return not self.send.is_test and self.send.origin_kind not in (Send.DIGEST, Send.TO_ONE, Send.SIGN_UP)

    def _look(self, claimed: Claim, messages: Sequence[OutboxMessage]) -> Addressed:
        """Skip those who may not be written to, with the reason, and return the others; constant queries for all."""
        at = timezone.now()
        skipped: dict[str, list[OutboxMessage]] = defaultdict(list)
        wanted: Addressed = []
        for verdict in judge(self.send, messages, at=at):
            if verdict.reason:
                skipped[verdict.reason].append(verdict.message)
            else:
                wanted.append((verdict.message, verdict.contact))
        for reason, some in skipped.items():
            with transaction.atomic():
                claims.skip(claimed, some, reason, at=at)
                keep_skipped(self.send, some, reason, at=at)
            self._forget(some)
            self.pacer.untouched(some, at=at)
        return wanted

    def _forget(self, messages: Sequence[OutboxMessage]) -> None:
        for message in messages:
            self._held.pop(message.pk, None)

    def _hand_over(
        self, claimed: Claim, group: Group, readers: dict[int, Reader], following: Group | None, *, asks_again: bool
    ) -> bool:
        """Compose a few messages, commit that they leave, and send them.

        Args:
            following: those that come next, composed while the database and the mail server are at work.

        Returns:
            False when the send was stopped, or the lease lost, in the meantime.
        """
        at = timezone.now()
        self._finish(claimed, group, at)
        messages = [message for message in group.messages if message.pk in group.envelopes]
        known = {message.pk: readers[message.pk] for message in messages}
        handoff = Handoff(messages, known, asks_again=asks_again, topic_id=self.send.topic_id)
        commit = partial(handoffs.hand_off, claimed, handoff, at=at, results=self._unwritten)
        committed = self._aside.begin(commit) if following else at_once(commit)
        while following and not committed.done() and following.compose_one():
            time.sleep(0)  # lets the other thread go on, once the database has answered it
        kept, written = committed.result()
        self._note_written(written)
        self._forget(kept)
        self._send(claimed, kept, group.envelopes, following)
        left = {message.pk for message in messages} - {message.pk for message in kept}
        if left and asks_again:  # something changed in the meantime: what, is said to each
            again = self._look(claimed, [message for message in messages if message.pk in left])
            once_more = Group(again, partial(self._compose, readers))
            return self._hand_over(claimed, once_more, readers, following, asks_again=False)
        return not left

    def _load(self, wanted: Addressed) -> dict[int, Reader]:
        """Return what is known about the readers of some messages.

        Raises:
            SendBroken: a segment or a list of the email cannot be loaded: that is about all readers, not about one.
        """
        try:
            return self.composer.load(wanted, at=timezone.now())
        except DatabaseError:  # passes; the lease ends, and somebody tries again
            raise
        except PreciseMailError as error:
            raise SendBroken(str(error)) from error
        except Exception as error:  # sources of lists are other people's code
            logger.exception("What readers of send %s get cannot be loaded.", self.send.pk, extra=PERSONAL)
            raise SendBroken(
                _("What readers get cannot be loaded: %(error)s") % {"error": repr(error)[:300]}
            ) from error

    def _compose(self, readers: dict[int, Reader], message: OutboxMessage, contact: Contact | None) -> Envelope:
        return self.composer.compose(message, contact, at=timezone.now(), known=readers[message.pk])

    def _finish(self, claimed: Claim, group: Group, at: datetime) -> None:
        """Compose what is left of a group; a contact whose message cannot be made is skipped alone.

        Raises:
            SendBroken: not one of several could be made.
        """
        group.compose_rest()
        for message, problem in group.failures:
            if isinstance(problem, RenderError):
                logger.warning("Message %s cannot be rendered: %s", message.pk, problem)
            else:
                logger.error("Message %s cannot be rendered.", message.pk, exc_info=problem, extra=PERSONAL)
        if len(group.failures) > 1 and not group.envelopes:
            raise SendBroken(_("No message can be rendered: %(error)s") % {"error": group.failures[0][1]})
        for message, error in group.failures:
            claims.skip(claimed, [message], SkipReason.RENDER_ERROR, at=at, reply=f"{type(error).__name__}: {error}")
        failed = [message for message, _error in group.failures]
        self._forget(failed)
        self.pacer.untouched(failed, at=at)

    def _send(
        self,
        claimed: Claim,
        messages: Sequence[OutboxMessage],
        envelopes: dict[int, Envelope],
        following: Group | None,
    ) -> None:
        """Hand over as many as time allows; whatever ends this, all that is known gets written."""
        results: list[Result] = []
        offer = Offer([envelopes[message.pk] for message in messages], self._must_stop)
        is_certain = False
        self.channel.while_waiting = following.compose_one if following else Channel.while_waiting
        try:
            # The channel first: what it says after the last message must be heard, too.
            for outcome, message in zip(self.channel.send_many(offer), messages, strict=False):
                results.append(self._result(message, outcome))
                self._watch(results[-1])
        except ChannelUnavailable:  # whatever has no result yet was not accepted
            is_certain = True
            raise
        except Exception as error:  # channels are other people's code, too; whether these left, nobody knows
            logger.exception("The channel failed at message %s.", messages[len(results)].pk, extra=PERSONAL)
            words = f"{type(error).__name__}: {error}"
            self.broken = SendBroken(_("The channel does not work: %(error)s") % {"error": words})
            lost = messages[len(results) : offer.taken_count]
            results += [unknown_result(message, self.around, reply=words, at=timezone.now()) for message in lost]
        finally:
            self.channel.while_waiting = Channel.while_waiting
            self._note(claimed, results, messages[len(results) if is_certain else offer.taken_count :])
        if self.broken:
            raise self.broken

    def _must_stop(self) -> bool:
        return self.is_late or self.broken is not None

    def _result(self, message: OutboxMessage, outcome: Outcome) -> Result:
        """Return what to write about a message, from what the channel said about it."""
        at = timezone.now()
        if not isinstance(outcome, Receipt):
            return result_of(message, outcome, self.around, at=at)
        return Result(
            message,
            State.ACCEPTED,
            outcome.reply,
            outcome.provider_id,
            finished_at=at,
            reply_class=ReplyClass.ACCEPTED,
        )

    def _watch(self, result: Result) -> None:
        """Notice where it is no longer about single messages: too many refusals, or lost answers in a row."""
        is_lost = result.reply_class == ReplyClass.UNKNOWN and result.state != State.REJECTED
        self.unknown_in_a_row = self.unknown_in_a_row + 1 if is_lost else 0
        if self.unknown_in_a_row >= _UNKNOWN_IN_A_ROW:
            self.broken = SendBroken(
                _("The mail server did not answer %(count)s times in a row whether it took a message: %(reply)s")
                % {"count": self.unknown_in_a_row, "reply": result.reply}
            )
        elif not is_lost and self.refusals.note(result):
            self.broken = SendBroken(
                _("The mail server refused %(count)s of the last %(total)s messages, the last one with: %(reply)s")
                % {"count": self.refusals.refused_count, "total": self.refusals.seen_count, "reply": result.reply}
            )

    def _note(self, claimed: Claim, results: list[Result], untouched: Sequence[OutboxMessage]) -> None:
        """Write what became of messages: at once where something went wrong, else with the next handoff."""
        self._unwritten = results
        self.pacer.note(results, at=timezone.now())
        if not untouched and not self.send.failure_count and all(one.state == State.ACCEPTED for one in results):
            return
        self._note_written(handoffs.record(claimed, results))
        if untouched:
            claims.take_back(claimed, untouched)
            self.pacer.untouched(untouched, at=timezone.now())
        # Last: whatever goes wrong here must not leave messages unknown of which the outcome is known.
        record_refusals(results)
        if self.send.failure_count and any(result.state == State.ACCEPTED for result in results):
            Send.objects.filter(pk=self.send.pk, state=Send.State.RUNNING).update(failure_count=0, pause_reason="")
            self.send.failure_count = 0

    def _note_written(self, written: int) -> None:
        missing, self._unwritten = len(self._unwritten) - written, []
        if missing:
            logger.error(
                "Send %s: %s results came after the lease had ended; their messages stay unknown.",
                self.send.pk,
                missing,
            )
