"""What the crash tests run in processes of their own, on a database of their own, to be killed there.

``python -m tests.delivery.crash_worker`` reads one request per line from its input, in JSON. ``["start", output,
overrides, command, arguments]`` forks a child that runs the command and writes its result to the file ``output``; the
answer is its process id. ``["wait", pid]`` answers with its exit code. Forking saves each child the start of Django.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_q.models import OrmQ  # noqa: E402

from tests import template_database  # noqa: E402
from tests.factories.contacts import make_topic  # noqa: E402
from tests.factories.delivery import make_message, make_reader, make_send  # noqa: E402
from wagtail_precise_mail.background import enqueue  # noqa: E402
from wagtail_precise_mail.conf import options  # noqa: E402
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token  # noqa: E402
from wagtail_precise_mail.delivery import handoffs, services  # noqa: E402
from wagtail_precise_mail.delivery.channels.smtp.connection import SmtpConnection  # noqa: E402
from wagtail_precise_mail.delivery.crew import DELIVER_SEND  # noqa: E402
from wagtail_precise_mail.delivery.models import OutboxMessage, Send  # noqa: E402


def migrate() -> None:
    template_database.copy_to(str(connection.settings_dict["NAME"]))


def prepare(count: int) -> int:
    # The factories count from 1 in each process, and the database lives longer.
    tag = uuid4().hex[:12]
    send = make_send(topic=make_topic(slug=tag))
    for number in range(count):
        make_message(send, make_reader(send, email=f"{tag}-{number}@example.com"))
    return send.pk


def forget() -> None:
    """Leave nothing to do for a cluster from the tests before."""
    OrmQ.objects.all().delete()
    OutboxMessage.objects.all().delete()
    Send.objects.all().delete()


def wake(send_id: int) -> None:
    """Ask the task queue for a worker."""
    enqueue(DELIVER_SEND, send_id)


def work(send_id: int) -> dict[str, Any]:
    """Take over from a dead worker, once its leases have ended."""
    services.sweep(timezone.now() + timedelta(seconds=options().lease_seconds + 1))
    return work_now(send_id)


def work_now(send_id: int) -> dict[str, Any]:
    """Take over from a dead worker at once, so that its leases still hold."""
    services.sweep()
    services.deliver(send_id, seconds=120)
    return states(send_id)


def crash(send_id: int, step: str, nth: int) -> None:
    """Die in the middle of a send."""
    _STEPS[step](nth)
    services.deliver(send_id, seconds=120)


def states(send_id: int) -> dict[str, Any]:
    messages = OutboxMessage.objects.filter(send=send_id)
    return {
        "send": Send.objects.get(pk=send_id).state,
        "messages": dict(messages.values_list("address", "state")),
    }


def leave(send_id: int, count: int) -> dict[str, float]:
    """Unsubscribe those whose turn comes last by the one click of their mail program; return when each had left."""
    left = {}
    for message in OutboxMessage.objects.filter(send=send_id).order_by("-pk")[:count]:
        token = make_unsubscribe_token(message.contact_id or 0, message.pk)
        path = reverse("wagtail_precise_mail:unsubscribe", args=[token])
        answer = Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200, answer.content
        left[message.address] = timezone.now().timestamp()
    return left


def endings(send_id: int) -> dict[str, list[Any]]:
    """Return how each message ended, and when it was handed off, by address."""
    rows = OutboxMessage.objects.filter(send=send_id).values_list("address", "state", "skip_reason", "handed_off_at")
    return {address: [state, reason, at and at.timestamp()] for address, state, reason, at in rows}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _count_down(owner: Any, name: str, nth: int, *, after: bool) -> None:
    """Kill this process at the nth call of a function, before it runs or after it returned."""
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and not after:
            _die()
        result = original(*args, **kwargs)
        if calls == nth:
            _die()
        return result

    setattr(owner, name, wrapper)


def _count_down_results(nth: int, *, after: bool) -> None:
    """Kill this process at the nth time that results are written: with the next handoff, the last ones alone."""
    calls, depth = 0, 0

    def watch(original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(claimed: Any, *args: Any, **kwargs: Any) -> Any:
            nonlocal calls, depth
            has_results = bool(kwargs.get("results") if original is hand_off else args[0])
            calls += has_results and not depth
            is_it = calls == nth and has_results and not depth
            if is_it and not after:
                _die()
            depth += 1
            result = original(claimed, *args, **kwargs)
            depth -= 1
            if is_it:
                _die()
            return result

        return wrapper

    hand_off, record = handoffs.hand_off, handoffs.record
    handoffs.hand_off, handoffs.record = watch(hand_off), watch(record)


def _after_dot(nth: int) -> None:
    """Die between the final dot and its reply."""

    def finish(connection: SmtpConnection, take_next: Any) -> Any:
        nonlocal nth
        nth -= 1
        if nth == 0:
            connection._write_dot(take_next)
            connection._socket.recv(1)  # the server has written it down, and its answer is on its way
            _die()
        return (yield from original(connection, take_next))

    original = SmtpConnection._finish
    SmtpConnection._finish = finish


def _after_reply(nth: int) -> None:
    """Die when the server has said what it did with a message."""

    def finish(connection: SmtpConnection, take_next: Any) -> Any:
        nonlocal nth
        receipt = yield from original(connection, take_next)
        nth -= 1
        if nth == 0:
            _die()
        return receipt

    original = SmtpConnection._finish
    SmtpConnection._finish = finish


_STEPS: dict[str, Callable[[int], None]] = {
    "before_handoff": lambda nth: _count_down(handoffs, "hand_off", nth, after=False),
    "after_handoff": lambda nth: _count_down(handoffs, "hand_off", nth, after=True),
    "before_dot": lambda nth: _count_down(SmtpConnection, "_finish", nth, after=False),
    "after_dot": _after_dot,
    "after_reply": _after_reply,
    "before_results": lambda nth: _count_down_results(nth, after=False),
    "after_results": lambda nth: _count_down_results(nth, after=True),
}
_COMMANDS: dict[str, Callable[..., Any]] = {
    "migrate": migrate,
    "prepare": prepare,
    "forget": forget,
    "states": states,
    "wake": wake,
    "work": work,
    "work_now": work_now,
    "leave": leave,
    "endings": endings,
    "crash": crash,
}


def serve() -> None:
    """Answer requests until the input ends."""
    for line in sys.stdin:
        verb, *rest = json.loads(line)
        print(os.fork() or _run(*rest) if verb == "start" else _wait(*rest), flush=True)


def _wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _run(output: str, overrides: dict[str, Any], command: str, arguments: list[Any]) -> NoReturn:
    """Be the child: the parent has no connection to the database, so there is none to share."""
    try:
        settings.EMAIL_PORT = overrides.pop("port")
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, **overrides}
        options.cache_clear()
        result = _COMMANDS[command](*arguments)
        Path(output).write_text(json.dumps(result))
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    serve()
