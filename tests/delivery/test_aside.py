"""What the database does while the worker composes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from tests.factories.delivery import make_messages, make_send
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery import handoffs, services
from wagtail_precise_mail.delivery.aside import Aside, at_once
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.composing import Composer
from wagtail_precise_mail.delivery.models import OutboxMessage

_SECONDS = 20


@pytest.fixture
def aside() -> Iterator[Aside]:
    with Aside() as one:
        yield one


def _where() -> tuple[str, int]:
    Contact.objects.count()
    return threading.current_thread().name, id(connection.connection)


@pytest.mark.django_db
def test_within_a_transaction_nobody_else_does_it(aside: Aside) -> None:
    assert aside.begin(_where).result() == _where()


@pytest.mark.django_db(transaction=True)
def test_otherwise_a_thread_does_it_with_one_connection_of_its_own(aside: Aside) -> None:
    first, second = aside.begin(_where).result(), aside.begin(_where).result()
    assert first == second
    assert first[0].startswith("precise-mail-handoff")
    assert first[1] != _where()[1]


@pytest.mark.django_db(transaction=True)
def test_the_thread_and_its_connection_end_with_it() -> None:
    with Aside() as one:
        theirs = one.begin(lambda: (connection.ensure_connection(), connection.connection)[1]).result()
        thread = one.begin(threading.current_thread).result()
    assert not thread.is_alive()
    if connection.vendor == "postgresql":
        assert theirs.closed


@pytest.mark.django_db(transaction=True)
def test_what_is_raised_is_raised_where_the_result_is_wanted(aside: Aside) -> None:
    failed = aside.begin(lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        failed.result()
    assert aside.begin(lambda: 2).result() == 2
    with pytest.raises(ZeroDivisionError):
        at_once(lambda: 1 // 0)


@pytest.mark.django_db(transaction=True)
def test_what_comes_next_is_composed_while_a_handoff_is_committed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, memory_channel: type[MemoryChannel]
) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "claim_size": 6, "handoff_size": 2}
    composed: list[int] = []
    is_third_composed, waited = threading.Event(), list[bool]()
    compose, hand_off = Composer.compose, handoffs.hand_off

    def note(self: Composer, message: OutboxMessage, *args: Any, **kwargs: Any) -> Any:
        composed.append(message.pk)
        if len(composed) == 3:
            is_third_composed.set()
        return compose(self, message, *args, **kwargs)

    def slow(*args: Any, **kwargs: Any) -> Any:
        if not waited:  # the first two are about to be handed off: nothing has left yet
            waited.append(is_third_composed.wait(_SECONDS) and not memory_channel.outbox)
        return hand_off(*args, **kwargs)

    monkeypatch.setattr(Composer, "compose", note)
    monkeypatch.setattr(handoffs, "hand_off", slow)
    send = make_send()
    messages = make_messages(send, 6)
    services.deliver(send.pk)
    assert waited == [True]
    assert composed == [message.pk for message in messages]
    assert [one.recipient for one in memory_channel.outbox] == [message.address for message in messages]


@pytest.mark.django_db(transaction=True)
def test_a_handoff_that_fails_aside_sends_nothing_and_gives_the_messages_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, memory_channel: type[MemoryChannel]
) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "claim_size": 6, "handoff_size": 2}
    hand_off, calls = handoffs.hand_off, list[int]()

    def fail_second(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("the database went away")
        return hand_off(*args, **kwargs)

    monkeypatch.setattr(handoffs, "hand_off", fail_second)
    send = make_send()
    make_messages(send, 6)
    with pytest.raises(RuntimeError, match="went away"):
        services.deliver(send.pk)
    states = list(send.messages.order_by("pk").values_list("state", flat=True))
    assert states == ["accepted"] * 2 + ["pending"] * 4
    assert len(memory_channel.outbox) == 2
