"""The channel: several lines to one mail server, which share the messages that are handed over together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.channels.base import Channel, Envelope, Outcome, Receipt, channels
from wagtail_precise_mail.delivery.channels.smtp.batch import Batch, Job
from wagtail_precise_mail.delivery.channels.smtp.line import Line, Losses, NoConnection
from wagtail_precise_mail.delivery.transport import Transport, transport
from wagtail_precise_mail.exceptions import (
    ChannelUnavailable,
    OutcomeUnknown,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)

WORTH_A_LINE = 0.002
"""Seconds that a message must wait for answers: a server that is nearer than that is kept busy by one line."""


@channels.register("smtp")
class SmtpChannel(Channel):
    """Hands messages to the mail server of the settings, over up to ``smtp_connections`` connections.

    The first line is served by whoever listens, each further one by a thread of its own, which touches no database.
    Each batch may use twice as many as the one before: opening a connection costs several round trips, which few
    messages are not worth, and a server should not be met with all of them at once.

    Args:
        server: another mail server than that of the settings.
    """

    def __init__(self, server: Transport | None = None) -> None:
        self.server = server or transport()
        self._losses = Losses()
        self._lines = [Line(self.server, self._losses)]
        self._limit = options().smtp_connections
        self._threads: ThreadPoolExecutor | None = None

    @property
    def connection_count(self) -> int:
        """How many connections are open."""
        return sum(line.is_open for line in self._lines)

    def send(self, envelope: Envelope) -> Receipt:
        return self._lines[0].send(envelope, lambda: None)

    def send_many(self, envelopes: Sequence[Envelope]) -> Iterator[Outcome]:
        batch = Batch(envelopes)
        helpers = [self._submit(line, batch) for line in self._choose_lines(len(envelopes))]
        job = batch.take()
        try:
            while job is not None:
                job = _send_one(self._lines[0], batch, job, while_waiting=self.while_waiting)
                yield from batch.ready()
                if job is None:
                    self._finish(helpers)
                    # A helper that could not open its line has given its message back.
                    job = batch.take()
        except GeneratorExit:
            raise
        except BaseException:  # the worker's time is up: nobody waits for the answers that the helpers wait for
            self._abort()
            raise
        finally:
            batch.close()
            self._finish(helpers)
        yield from batch.rest()
        if batch.failure:
            raise batch.failure

    def close(self) -> None:
        if self._threads:
            self._threads.shutdown()
            self._threads = None
        for line in self._lines:
            line.close()

    def _choose_lines(self, count: int) -> list[Line]:
        """Return the lines that help the first one with so many messages."""
        if self._lines[0].is_open and self._lines[0].waited_seconds < WORTH_A_LINE:
            return []
        if self._lines[0].is_open:
            wanted = min(self._limit, count, 2 * len(self._lines))
            self._lines += [Line(self.server, self._losses) for _more in range(len(self._lines), wanted)]
        return self._lines[1:count]

    def _submit(self, line: Line, batch: Batch) -> Future[Line | None]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(max(self._limit - 1, 1), thread_name_prefix="precise-mail-smtp")
        return self._threads.submit(_help, line, batch)

    def _finish(self, helpers: list[Future[Line | None]]) -> None:
        """Wait until no helper is at work; each ends after the message that it is at."""
        wait(helpers)
        while helpers:
            if unusable := helpers.pop().result():
                self._lines.remove(unusable)
                # The server may allow fewer connections than we do; the others go on.
                self._limit = len(self._lines)

    def _abort(self) -> None:
        for line in self._lines[1:]:
            line.abort()


def _help(line: Line, batch: Batch) -> Line | None:
    """Send messages of a batch until none is left; runs in a thread.

    Returns:
        The line, if it cannot be opened.
    """
    job = batch.take()
    while job is not None:
        current = job
        try:
            job = _send_one(line, batch, current, may_fail_alone=True)
        except NoConnection:
            batch.give_back(current)
            return line
    return None


def _send_one(
    line: Line,
    batch: Batch,
    job: Job,
    *,
    may_fail_alone: bool = False,
    while_waiting: Callable[[], None] = Channel.while_waiting,
) -> Job | None:
    """Send a message, note what became of it, and return the next one for this line.

    Raises:
        NoConnection: only where others can go on; nothing was accepted.
    """
    following: list[Job] = []

    def take_next() -> Envelope | None:
        following.extend(found for found in [batch.take()] if found)
        return following[0].envelope if following else None

    try:
        batch.settle(job, line.send(job.envelope, take_next, while_waiting))
    except (TemporaryDeliveryError, PermanentDeliveryError, OutcomeUnknown) as error:
        batch.settle(job, error)
    except NoConnection as error:
        if may_fail_alone:
            raise
        batch.fail(error)
    except ChannelUnavailable as error:
        batch.fail(error)
    return following[0] if following else batch.take()
