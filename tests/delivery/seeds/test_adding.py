"""Seeds get every newsletter as contacts get it, and change no figure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.utils import timezone

from tests.factories.contacts import grant, make_contact
from tests.factories.delivery import make_compiled, make_send
from wagtail_precise_mail.contacts import services as contacts
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.queries import counts_of_send
from wagtail_precise_mail.delivery.bounces.services import record_bounce
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.domains.outcomes import endings_between
from wagtail_precise_mail.delivery.models import OutboxMessage, Send, SendVersion
from wagtail_precise_mail.delivery.pacing.figures import figures_since
from wagtail_precise_mail.delivery.queries import progress
from wagtail_precise_mail.delivery.seeds.adding import add_seeds
from wagtail_precise_mail.delivery.seeds.models import SeedAddress, SeedArrival
from wagtail_precise_mail.reports.content import content_figures
from wagtail_precise_mail.reports.health import list_health
from wagtail_precise_mail.reports.queries import reports_by_send
from wagtail_precise_mail.tracking import services as tracking
from wagtail_precise_mail.tracking.engaging import engage
from wagtail_precise_mail.tracking.queries import figures
from wagtail_precise_mail.tracking.stages import asking_mails

State = OutboxMessage.State

pytestmark = pytest.mark.django_db


def seed(address: str = "seed@gmail.com", **overrides: Any) -> SeedAddress:
    return SeedAddress.objects.create(address=address, **overrides)


def frozen(*readers: Contact, **overrides: Any) -> Send:
    """A send whose audience has just been gathered."""
    send = make_send(state=Send.State.FREEZING, frozen_at=None, **overrides)
    for reader in readers:
        if send.topic:
            grant(reader, send.topic)
    services.freeze(send, Contact.objects.filter(pk__in=[one.pk for one in readers]))
    return send


def subjects() -> dict[str, str]:
    parsed = (message_from_bytes(one.content, policy=policy.default) for one in MemoryChannel.outbox)
    return {str(one["To"]): str(one["Subject"]) for one in parsed}


def test_each_seed_gets_a_newsletter_when_it_starts() -> None:
    seed()
    seed("seed@qq.com")
    seed("unused@qq.com", is_active=False)
    reader = make_contact(email="ann@example.com", first_name="Ann")
    services.deliver(frozen(reader).pk, seconds=60)
    assert subjects() == {
        "ann@example.com": "Hello Ann",
        "seed@gmail.com": "Hello friend",
        "seed@qq.com": "Hello friend",
    }


def test_each_language_goes_to_each_seed() -> None:
    seed()
    send = make_send(compiled=make_compiled(language="en"))
    for code in ("en", "de"):
        compiled = send.compiled if code == "en" else make_compiled(language=code)
        SendVersion.objects.create(send=send, language=code, compiled=compiled)
    assert add_seeds(send, at=timezone.now()) == 2
    copies = Send.objects.filter(origin_kind=Send.SEED, origin_id=send.pk)
    assert {one.compiled.payload["language"] for one in copies} == {"en", "de"}


@pytest.mark.parametrize("overrides", [{"topic": None}, {"is_test": True}])
def test_mail_about_orders_and_tests_have_no_seeds(overrides: dict[str, Any]) -> None:
    seed()
    assert add_seeds(make_send(**overrides), at=timezone.now()) == 0


def test_seeds_are_added_once() -> None:
    seed()
    send = make_send()
    add_seeds(send, at=timezone.now())
    assert add_seeds(send, at=timezone.now()) == 0
    assert SeedArrival.objects.filter(send=send).count() == 1


def test_a_seed_has_the_links_and_the_pixel_of_a_contact() -> None:
    seed()
    services.deliver(frozen(make_contact()).pk, seconds=60)
    bodies = [
        message_from_bytes(one.content, policy=policy.default).get_body(("html",)).get_content()
        for one in MemoryChannel.outbox
    ]
    assert len(bodies) == 2
    assert [body.count('width="1"') for body in bodies] == [1, 1]
    assert not any("https://shop.example.com/mug/" in body for body in bodies)


NOW = timezone.now()
DAY = timedelta(days=1)

EVERY_FIGURE: dict[str, Callable[[Send], Any]] = {
    "progress of the send": progress,
    "what came back": counts_of_send,
    "opens and clicks": lambda send: figures(send.pk),
    "report of the send": lambda send: reports_by_send([send]),
    "report of content": lambda _send: content_figures(),
    "health of the list": lambda _send: list_health(NOW + DAY),
    "deliverability by domain": lambda _send: [
        (one.address, one.outcome) for one in endings_between(NOW - DAY, NOW + DAY)
    ],
    "alarms": lambda send: figures_since(NOW - DAY)[send],
    "mails asked for engagement": lambda _send: asking_mails(NOW + DAY).count(),
    "engagement of contacts": lambda _send: _engagement(),
    "contacts": lambda _send: Contact.objects.count(),
}


def _engagement() -> list[Any]:
    engage(at=NOW + DAY)
    return list(Contact.objects.order_by("pk").values_list("engagement__mails_90_days", "engagement__stage"))


def test_seeds_change_no_figure() -> None:
    """The same send with and without seeds, of which one complains, one opens, and one does not exist."""
    reader = make_contact()
    send = frozen(reader)
    services.deliver(send.pk, seconds=60)
    send.refresh_from_db()
    before = {name: read(send) for name, read in EVERY_FIGURE.items()}
    for address in ("a@gmail.com", "b@gmail.com", "c@gmail.com"):
        seed(address)
    assert add_seeds(send, at=timezone.now()) == 3
    services.deliver(Send.objects.get(origin_kind=Send.SEED).pk, seconds=60)
    first, second, third = OutboxMessage.objects.filter(send__origin_kind=Send.SEED).order_by("pk")
    record_bounce(first, kind=Kind.COMPLAINT, diagnostic="", at=timezone.now())
    record_bounce(second, kind=Kind.HARD, diagnostic="550 5.1.1 user unknown", at=timezone.now())
    tracking.record_open(third.pk, user_agent="Mozilla/5.0", at=timezone.now())
    assert {name: read(send) for name, read in EVERY_FIGURE.items()} == before
    send.refresh_from_db()
    assert send.state == Send.State.FINISHED


def test_a_seed_that_does_not_exist_any_more_gets_no_mail() -> None:
    seed()
    contacts.suppress("seed@gmail.com", reason="hard_bounce")
    services.deliver(frozen(make_contact()).pk, seconds=60)
    assert OutboxMessage.objects.get(send__origin_kind=Send.SEED).state == State.SKIPPED
