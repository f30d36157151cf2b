"""What :mod:`tests.delivery.test_boundaries` kills: a whole send, from freezing to its end, up to the nth boundary.

A boundary is the moment before a statement, before and after a commit, and before each reading from and writing to the
mail server. Whatever lies between two of them happens in the memory of the process, which dies with it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.delivery import crash_worker

from django.conf import settings  # isort: skip
from django.db import connection  # isort: skip
from django.urls import get_resolver  # isort: skip
from django.utils import timezone  # isort: skip

from tests.factories.contacts import make_topic  # isort: skip
from tests.factories.delivery import make_reader, make_send  # isort: skip
from wagtail_precise_mail.conf import options  # isort: skip
from wagtail_precise_mail.contacts.models import Contact  # isort: skip
from wagtail_precise_mail.delivery import services  # isort: skip
from wagtail_precise_mail.delivery.models import Send  # isort: skip


class Boundaries:
    """Counts them, and dies at the nth; the labels of all that were crossed are written to a file."""

    def __init__(self, nth: int, labels: Path) -> None:
        self.nth, self.count = nth, 0
        self.file = labels.open("w")

    def cross(self, label: str) -> None:
        self.count += 1
        self.file.write(label + "\n")
        self.file.flush()
        if self.count == self.nth:
            crash_worker._die()

    def watch_database(self) -> None:
        def watch(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            self.cross(" ".join(str(sql).split())[:120])
            return execute(sql, *rest)

        def commit() -> None:
            self.cross("before commit")
            original()
            self.cross("after commit")

        original = connection._commit
        connection._commit = commit
        connection.execute_wrappers.append(watch)

    def watch_mail(self) -> None:
        """Patch the class of sockets: the driver of PostgreSQL has its own, in C."""
        for name in ("sendall", "sendmsg", "send", "recv_into", "recv"):
            self._watch(name, getattr(socket.socket, name))

    def _watch(self, name: str, original: Callable[..., Any]) -> None:
        def call(one: socket.socket, *rest: Any, **options: Any) -> Any:
            if one.getpeername()[1] == settings.EMAIL_PORT:
                self.cross(f"mail server: {name}")
            return original(one, *rest, **options)

        setattr(socket.socket, name, call)


def prepare_freezing(count: int) -> int:
    """A send whose audience is still to be frozen, and contacts who agreed to it."""
    tag = uuid4().hex[:12]
    send = make_send(topic=make_topic(slug=tag), state=Send.State.FREEZING, frozen_at=None)
    for number in range(count):
        make_reader(send, email=f"{tag}-{number}@example.com")
    return send.pk


def crash_at(send_id: int, nth: int, labels: str) -> None:
    """Do the whole send, and die at a boundary, if there are so many."""
    boundaries = Boundaries(nth, Path(labels))
    boundaries.watch_database()
    boundaries.watch_mail()
    services.sweep()
    _do(send_id)
    services.sweep()


def go_on(send_id: int) -> dict[str, Any]:
    """Take over, once the leases of the dead have ended, as the pump does."""
    later = timezone.now() + timedelta(seconds=options().lease_seconds + 1)
    services.sweep(later)
    _do(send_id)
    services.sweep(later)
    return crash_worker.states(send_id)


def _do(send_id: int) -> None:
    send = Send.objects.get(pk=send_id)
    if send.state == Send.State.FREEZING:
        members = Contact.objects.filter(consents__topic=send.topic)
        services.freeze(send, members, at=timezone.now())
    services.deliver(send_id, seconds=60)


# Loaded once, before the forks: each of them would take a second for it.
get_resolver().url_patterns  # noqa: B018
crash_worker._COMMANDS |= {"prepare_freezing": prepare_freezing, "crash_at": crash_at, "go_on": go_on}

if __name__ == "__main__":
    crash_worker.serve()
