"""Slowing down where a provider asks for it, and speeding up again."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from tests.factories.delivery import make_send
from tests.factories.pacing import AT, limit, make_to
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.claims import Result
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.pacing.models import Slowdown
from wagtail_precise_mail.delivery.pacing.pace import pace_of
from wagtail_precise_mail.delivery.pacing.slowing import FLOOR, asks_to_be_slower, slow_down, speed_up
from wagtail_precise_mail.delivery.replies import read
from wagtail_precise_mail.exceptions import TemporaryDeliveryError

State = OutboxMessage.State

pytestmark = pytest.mark.django_db

SLOWER = "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail"


def after(minutes: float):
    return AT + timedelta(minutes=minutes)


def deferred(reply: str) -> Result:
    return Result(OutboxMessage(), State.DEFERRED, reply, reply_class=read(reply).reply_class)


def factor(group: str = "gmail") -> float:
    return Slowdown.objects.get(group=group).factor


@pytest.mark.parametrize(
    "reply",
    [
        SLOWER,
        "421 RP-001 The mail server IP connecting to Outlook.com server has exceeded the rate limit allowed",
        "450 4.7.1 Error: too much mail from 192.0.2.1",
        "451 4.7.500 Server busy. Please try again later from",
        "451 4.7.650 The mail server has been temporarily rate limited",
        "450 Requested mail action not taken: too many connections",
    ],
)
def test_answers_that_ask_to_be_slower(reply: str) -> None:
    assert asks_to_be_slower(deferred(reply))


@pytest.mark.parametrize(
    "reply",
    [
        "452 4.2.2 The email account that you tried to reach is over quota",
        "450 4.2.0 Greylisted",
        "550 5.7.1 blocked",
        "",
    ],
)
def test_answers_that_do_not(reply: str) -> None:
    assert not asks_to_be_slower(deferred(reply))


def test_each_request_halves_the_rate_down_to_a_floor() -> None:
    factors = []
    for minute in range(8):
        slow_down("gmail", reply=SLOWER, at=after(minute))
        factors.append(factor())
    assert factors == [0.5, 0.25, 0.125, 0.0625, 0.03125, FLOOR, FLOOR, FLOOR]


def test_answers_of_one_moment_are_one_request() -> None:
    assert slow_down("gmail", reply=SLOWER, at=AT)
    assert not slow_down("gmail", reply=SLOWER, at=after(0.1))
    assert factor() == 0.5


def test_the_rate_comes_back_in_equal_steps_one_a_minute() -> None:
    slow_down("gmail", reply=SLOWER, at=AT)
    assert not speed_up("gmail", at=after(0.5))
    factors = []
    for minute in (1, 2, 3, 4):
        speed_up("gmail", at=after(minute))
        assert not speed_up("gmail", at=after(minute + 0.9))
        factors.append(round(factor(), 6))
    assert factors == [0.6, 0.7, 0.8, 0.9]
    assert speed_up("gmail", at=after(5))
    assert not Slowdown.objects.exists()


def test_the_limits_of_a_slowed_provider_shrink_and_no_others() -> None:
    limit("gmail", 600)
    limit("outlook", 600)
    slow_down("gmail", reply=SLOWER, at=AT)
    groups = pace_of(make_send(), at=AT).groups
    assert (groups["gmail"][0].capacity, groups["outlook"][0].capacity) == (30, 60)


def test_a_provider_without_a_limit_gets_half_of_the_assumed_rate() -> None:
    slow_down("gmail", reply=SLOWER, at=AT)
    rate = pace_of(make_send(), at=AT).groups["gmail"][0]
    assert rate.per_second * 60 == pytest.approx(270)


def test_the_worker_slows_down_by_itself_and_goes_on_with_the_others(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    refused, *_rest = make_to(send, "gmail.com", 1)
    make_to(send, "example.org", 3)
    memory_channel.failures[refused.address] = TemporaryDeliveryError("slower", reply=SLOWER)
    services.deliver(send.pk, seconds=10)
    assert Slowdown.objects.get().group == "gmail"
    assert send.messages.filter(state=State.ACCEPTED).count() == 3


def test_many_answers_that_ask_to_be_slower_pause_nothing(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    for message in make_to(send, "example.org", 60):
        memory_channel.failures[message.address] = TemporaryDeliveryError("slower", reply="421 4.7.0 slower")
    services.deliver(send.pk, seconds=20)
    send.refresh_from_db()
    assert send.state == Send.State.RUNNING


def test_mail_that_is_taken_speeds_up_again() -> None:
    slow_down("gmail", reply=SLOWER, at=AT)
    send = make_send()
    with time_machine.travel(after(2), tick=False):
        make_to(send, "gmail.com", 2)
        services.deliver(send.pk, seconds=10)
    assert factor() == pytest.approx(0.6)
