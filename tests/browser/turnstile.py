"""A channel whose speed the test decides, and a worker on it."""

from __future__ import annotations

import threading
from typing import ClassVar

from django.db import connections

from wagtail_precise_mail.delivery.channels import Channel, Envelope, Receipt
from wagtail_precise_mail.delivery.services import deliver
from wagtail_precise_mail.exceptions import ChannelUnavailable


class Turnstile(Channel):
    """Takes as many messages as the test lets through."""

    outbox: ClassVar[list[Envelope]] = []
    _permits: ClassVar[threading.Semaphore] = threading.Semaphore(0)
    _waiting: ClassVar[threading.Event] = threading.Event()

    @classmethod
    def reset(cls) -> None:
        """Close it, and forget what passed."""
        cls.outbox.clear()
        cls._permits = threading.Semaphore(0)
        cls._waiting = threading.Event()

    def let_through(self, count: int) -> None:
        """Open it for some more messages."""
        self._waiting.clear()
        self._permits.release(count)

    def wait_for_next(self) -> None:
        """Return when a message stands before the closed turnstile."""
        assert self._waiting.wait(timeout=20)

    def send(self, envelope: Envelope) -> Receipt:
        if not self._permits.acquire(blocking=False):
            self._waiting.set()
            if not self._permits.acquire(timeout=30):
                raise ChannelUnavailable("The test let nobody through.")
        self.outbox.append(envelope)
        return Receipt(reply="250 let through")


class Worker:
    """Delivers one send in a thread, as a process of the cluster would."""

    def __init__(self, send_id: int) -> None:
        self.thread = threading.Thread(target=self._run, args=[send_id])
        self.thread.start()

    def _run(self, send_id: int) -> None:
        try:
            deliver(send_id)
        finally:
            connections.close_all()

    def join(self) -> None:
        """Wait until it has nothing left to do."""
        self.thread.join(timeout=30)
        assert not self.thread.is_alive()
