"""The channel: several lines to one mail server, which share the messages that are handed over together."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import cast

from django.utils.translation import gettext_lazy

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

NEAR_SECONDS = 0.002
"""Seconds that a message waits for answers, on average. A nearer server is kept busy by one who works meanwhile."""

NEAR_LINES = 2
"""Lines to such a server: while it takes in what came by one, the next message is written to the other."""


@channels.register("smtp")
class SmtpChannel(Channel):
    """Hands messages to the mail server of the settings, over up to ``smtp_connections`` connections.

    A server that is near is served by whoever listens, over two connections in turns. To one that is not, the first
    line is served so, and each further one by a thread of its own, which touches no database. Each batch may use twice
    as many as the one before: opening a connection costs several round trips, which few messages are not worth, and a
    server should not be met with all of them at once.

    Args:
        server: another mail server than that of the settings.
    """

    label = gettext_lazy("SMTP server")

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
        steps = self._lines[0].send(envelope, lambda: None)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return cast("Receipt", end.value)

    def send_many(self, envelopes: Sequence[Envelope]) -> Iterator[Outcome]:
        batch = Batch(envelopes)
        count = len(envelopes)
        is_near = self._lines[0].is_open and self._lines[0].waited_seconds < NEAR_SECONDS
        self._have_lines(min(self._limit, count, NEAR_LINES if is_near else 2 * len(self._lines)))
        own = self._lines[: NEAR_LINES if is_near else 1]
        helpers = [] if is_near else [self._submit(line, batch) for line in self._lines[1:count]]
        try:
            yield from self._take_turns(own, batch)
            self._finish(helpers)
            # A helper that could not open its line has given its message back.
            yield from self._take_turns(self._lines[:1], batch)
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

    def _take_turns(self, lines: Sequence[Line], batch: Batch) -> Iterator[Outcome]:
        """Send over some lines in turns, each until it has to wait; yield what is known of the batch."""
        waiting = deque((line, _serve(line, batch, may_fail_alone=line is not lines[0])) for line in lines)
        try:
            while waiting:
                line, steps = waiting[0]
                has_to_wait = False
                try:
                    has_to_wait = next(steps)
                except StopIteration:
                    waiting.popleft()
                except NoConnection:
                    waiting.popleft()
                    self._give_up(line)
                yield from batch.ready()
                if has_to_wait:
                    waiting.rotate(-1)
                    self.while_waiting()
        finally:
            for _line, steps in waiting:
                steps.close()

    def _have_lines(self, count: int) -> None:
        """Have so many lines at least, once the first one has shown that there is a server."""
        if self._lines[0].is_open:
            self._lines += [Line(self.server, self._losses) for _more in range(len(self._lines), count)]

    def _submit(self, line: Line, batch: Batch) -> Future[Line | None]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(max(self._limit - 1, 1), thread_name_prefix="precise-mail-smtp")
        return self._threads.submit(_help, line, batch)

    def _finish(self, helpers: list[Future[Line | None]]) -> None:
        """Wait until no helper is at work; each ends after the message that it is at."""
        wait(helpers)
        while helpers:
            if unusable := helpers.pop().result():
                self._give_up(unusable)

    def _give_up(self, line: Line) -> None:
        """Do without a line: the server may allow fewer connections than we do; the others go on."""
        self._lines.remove(line)
        self._limit = len(self._lines)

    def _abort(self) -> None:
        for line in self._lines[1:]:
            line.abort()


def _help(line: Line, batch: Batch) -> Line | None:
    """Send messages of a batch until none is left; runs in a thread.

    Returns:
        The line, if it cannot be opened.
    """
    try:
        for _wait in _serve(line, batch, may_fail_alone=True):
            pass
    except NoConnection:
        return line
    return None


def _serve(line: Line, batch: Batch, *, may_fail_alone: bool) -> Generator[bool, None, None]:
    """Send messages of a batch until none is left, and note what became of them.

    Yields:
        True where one has to wait, and False before the next message.

    Raises:
        NoConnection: only where others can go on; nothing was accepted, and the message is for others to take.
    """
    job = batch.take()
    while job is not None:
        following: list[Job] = []
        try:
            receipt = yield from line.send(job.envelope, partial(_take_next, batch, following))
            batch.settle(job, receipt)
        except (TemporaryDeliveryError, PermanentDeliveryError, OutcomeUnknown) as error:
            batch.settle(job, error)
        except NoConnection as error:
            if may_fail_alone:
                batch.give_back(job)
                raise
            batch.fail(error)
        except ChannelUnavailable as error:
            batch.fail(error)
        yield False
        job = following[0] if following else batch.take()


def _take_next(batch: Batch, following: list[Job]) -> Envelope | None:
    following.extend(found for found in [batch.take()] if found)
    return following[0].envelope if following else None
