"""Whose turn it is: one worker, several sends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.factories.delivery import make_message, make_messages, make_send
from tests.factories.pacing import limit, make_to
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import Envelope, MemoryChannel, Receipt, channels
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.pacing.models import Watch
from wagtail_precise_mail.delivery.pacing.rota import sends_with_work
from wagtail_precise_mail.exceptions import PermanentDeliveryError

State = OutboxMessage.State

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_batches(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {
        **settings.WAGTAIL_PRECISE_MAIL,
        "claim_size": 5,
        "claim_size_limit": 5,
        "handoff_size": 5,
    }


class NotedChannel(MemoryChannel):
    """Notes who sent what, and calls a hook before each message."""

    senders: list[str] = []
    hook: Any = None

    def send(self, envelope: Envelope) -> Receipt:
        if NotedChannel.hook:
            NotedChannel.hook(len(self.senders))
        self.senders.append(envelope.sender)
        return super().send(envelope)


@pytest.fixture
def senders(settings: Settings) -> Iterator[list[str]]:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "noted"}
    NotedChannel.senders, NotedChannel.hook = [], None
    with channels.temporarily("noted", NotedChannel):
        yield NotedChannel.senders


def test_two_sends_share_one_worker_batch_by_batch(senders: list[str]) -> None:
    first, second = make_send(from_address="a@example.com"), make_send(from_address="b@example.com")
    make_messages(first, 20)
    make_messages(second, 20)
    services.deliver(first.pk)
    assert senders == (["a@example.com"] * 5 + ["b@example.com"] * 5) * 4
    assert set(Send.objects.values_list("state", flat=True)) == {Send.State.FINISHED}


def test_a_mail_about_an_order_leaves_within_one_batch(senders: list[str]) -> None:
    newsletter = make_send(from_address="a@example.com")
    make_messages(newsletter, 30)

    def order_comes_in(count: int) -> None:
        if count == 7:
            make_message(make_send(topic=None, from_address="order@example.com"))

    NotedChannel.hook = staticmethod(order_comes_in)
    services.deliver(newsletter.pk)
    assert senders.index("order@example.com") == 10
    assert len(senders) == 31


def test_a_send_that_breaks_stops_no_other(memory_channel: type[MemoryChannel], settings: Settings) -> None:
    bad, good = make_send(), make_send()
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "refusal_window": 10}
    for message in make_messages(bad, 10):
        memory_channel.failures[message.address] = PermanentDeliveryError("no", reply="550 5.7.1 no", code=550)
    make_messages(good, 10)
    services.deliver(bad.pk, seconds=60)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == (Send.State.PAUSED, Send.State.FINISHED)


def test_a_throttled_send_keeps_no_other_waiting() -> None:
    limit("gmail", 1, "day")
    throttled, free = make_send(), make_send()
    make_to(throttled, "gmail.com", 12)
    make_messages(free, 12)
    services.deliver(throttled.pk, seconds=60)
    assert free.messages.filter(state=State.ACCEPTED).count() == 12
    assert throttled.messages.filter(state=State.ACCEPTED).count() == 1


@pytest.mark.slow
def test_one_worker_at_most_waits_for_tokens() -> None:
    limit("gmail", 60, "minute")
    send = make_send()
    make_to(send, "gmail.com", 10)
    Watch.objects.create(name="turns", until=timezone.now() + timedelta(minutes=5))
    services.deliver(send.pk, seconds=60)
    assert send.messages.filter(state=State.PENDING).exists()
    Watch.objects.update(until=timezone.now())
    services.deliver(send.pk, seconds=60)
    assert not send.messages.filter(state=State.PENDING).exists()


def test_hundreds_of_mails_about_orders_keep_a_look_at_the_sends_small(django_assert_num_queries) -> None:
    Send.objects.bulk_create(_order_mails(300))
    OutboxMessage.objects.bulk_create(
        OutboxMessage(send=send, address="a@b.example", recipient_key="x", created_at=timezone.now())
        for send in Send.objects.all()
    )
    with django_assert_num_queries(1):
        assert len(sends_with_work(timezone.now())) == 100


def _order_mails(count: int) -> list[Send]:
    send = make_send(topic=None)
    return [
        Send(origin_kind="order", state="running", compiled=send.compiled, from_address="a@b.example", base_url="x")
        for _number in range(count)
    ]
