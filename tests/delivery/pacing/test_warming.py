"""Warm-up plans: so much a day, the most engaged first, and the rest from tomorrow on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError

from tests.factories.contacts import make_contact
from tests.factories.delivery import make_messages, make_send
from tests.factories.pacing import AT, make_plan
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.pacing.models import WarmUp
from wagtail_precise_mail.delivery.pacing.warming import follow_plan, next_day, take_volume, today
from wagtail_precise_mail.tracking.engagement import ContactEngagement

State = OutboxMessage.State

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def accepted(send: Send) -> int:
    return send.messages.filter(state=State.ACCEPTED).count()


def test_a_plan_limits_what_leaves_on_each_day_and_the_rest_waits_for_tomorrow() -> None:
    make_plan([3, 5])
    send = make_send()
    with time_machine.travel(AT, tick=False):
        make_messages(send, 10)
        services.deliver(send.pk, seconds=10)
    send.refresh_from_db()
    assert (accepted(send), send.held_by, send.held_until) == (3, Send.HeldBy.WARM_UP, next_day(AT))
    with time_machine.travel(AT + DAY, tick=False):
        services.deliver(send.pk, seconds=10)
    assert accepted(send) == 8
    with time_machine.travel(AT + 2 * DAY, tick=False):
        services.deliver(send.pk, seconds=10)
    assert accepted(send) == 10


def test_a_send_that_ends_with_the_volume_of_a_day_is_finished_at_once() -> None:
    make_plan([3])
    send = make_send()
    with time_machine.travel(AT, tick=False):
        make_messages(send, 3)
        services.deliver(send.pk, seconds=10)
    send.refresh_from_db()
    assert send.state == Send.State.FINISHED


def test_a_day_on_which_hardly_anything_left_is_repeated() -> None:
    plan = make_plan([10, 20])
    take_volume(plan, 4, at=AT)
    assert today(plan, at=AT + DAY).number == 1
    take_volume(plan, 5, at=AT + DAY)
    assert today(plan, at=AT + 2 * DAY).number == 2


def test_a_plan_that_is_through_limits_nothing() -> None:
    plan = make_plan([10])
    take_volume(plan, 10, at=AT)
    assert take_volume(plan, 5000, at=AT + DAY) == 5000
    assert today(plan, at=AT + DAY).volume is None


def test_mail_about_orders_leaves_all_the_same_and_counts() -> None:
    plan = make_plan([3])
    send = make_send(topic=None)
    with time_machine.travel(AT, tick=False):
        make_messages(send, 5)
        services.deliver(send.pk, seconds=10)
        assert (accepted(send), today(plan, at=AT).left) == (5, 0)


def test_another_domain_has_no_part_in_the_plan() -> None:
    make_plan([1])
    send = make_send(from_address="shop@example.org")
    make_messages(send, 4)
    services.deliver(send.pk, seconds=10)
    assert accepted(send) == 4


@pytest.mark.parametrize("overrides", [{"is_active": False}, {"started_on": AT.date() + DAY}])
def test_a_plan_that_is_not_in_force_limits_nothing(overrides: dict) -> None:
    make_plan([1], **overrides)
    send = make_send()
    with time_machine.travel(AT, tick=False):
        make_messages(send, 4)
        services.deliver(send.pk, seconds=10)
    assert accepted(send) == 4


def test_a_changed_plan_counts_from_today_on() -> None:
    plan = make_plan([2])
    take_volume(plan, 2, at=AT)
    plan.volumes = [6]
    plan.save()
    follow_plan(plan, at=AT)
    assert take_volume(plan, 9, at=AT) == 4


@pytest.mark.parametrize("volumes", [[], [0], ["50"], [1.5], [True], "50"])
def test_volumes_are_whole_numbers_above_zero(volumes: object) -> None:
    with pytest.raises(ValidationError):
        WarmUp(domain="example.com", volumes=volumes).full_clean()


def _engaged(click: datetime | None, opened: datetime | None = None, stage: str = "engaged") -> Contact:
    contact = make_contact()
    ContactEngagement.objects.create(
        contact=contact, stage=stage, last_click_at=click, last_open_at=opened, computed_at=AT
    )
    return contact


def test_the_most_engaged_are_first_in_a_send_under_a_plan() -> None:
    make_plan([100])
    contacts = [
        _engaged(None, stage="lost"),
        make_contact(),
        _engaged(AT - 20 * DAY),
        _engaged(None, AT - 5 * DAY),
        _engaged(AT - 2 * DAY),
        _engaged(None, stage="dormant"),
    ]
    assert _frozen_order(contacts) == [contacts[4], contacts[2], contacts[3], contacts[1], contacts[5], contacts[0]]


def test_without_a_plan_the_order_stays_as_it_is() -> None:
    contacts = [_engaged(None, stage="lost"), _engaged(AT - 2 * DAY)]
    assert _frozen_order(contacts) == contacts


def _frozen_order(contacts: list[Contact]) -> list[Contact]:
    send = make_send(state=Send.State.FREEZING, topic=None, frozen_at=None)
    Send.objects.filter(pk=send.pk).update(origin_kind=Send.DIGEST)
    send.refresh_from_db()
    services.freeze(send, Contact.objects.filter(pk__in=[one.pk for one in contacts]), at=AT)
    return [message.contact for message in send.messages.order_by("priority", "pk")]


def test_the_next_day_begins_at_midnight_of_the_site(settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    assert next_day(datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert next_day(datetime(2026, 3, 29, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 22, tzinfo=UTC)
