"""What people answer to our mails, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.delivery.bounces.samples import make_mail
from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.contacts.models import Contact, Suppression
from wagtail_precise_mail.contacts.retention import retention_rules
from wagtail_precise_mail.contacts.timeline import timeline_sources
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.bounces.services import Outcome, process_mail
from wagtail_precise_mail.delivery.inbound.models import Reply
from wagtail_precise_mail.delivery.inbound.services import unquoted
from wagtail_precise_mail.delivery.mime import make_message_id
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.signals import replied

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def message() -> OutboxMessage:
    return make_message(make_send(), state=OutboxMessage.State.ACCEPTED, handed_off_at=AT - timedelta(hours=3))


def answer_to(message: OutboxMessage, text: str = "Do you have it in blue?", **headers: str) -> bytes:
    name = make_message_id(message.pk, "shop@example.com")
    return make_mail(text, **{"Subject": "Re: News", "From": message.address, "In-Reply-To": name, **headers})


def test_an_answer_shows_on_the_profile(message: OutboxMessage, django_capture_on_commit_callbacks: Any) -> None:
    heard: list[Reply] = []
    replied.connect(lambda reply, **kwargs: heard.append(reply), weak=False, dispatch_uid="test")
    with django_capture_on_commit_callbacks(execute=True):
        assert process_mail(answer_to(message), at=AT) == Outcome.ANSWERED
    replied.disconnect(dispatch_uid="test")
    assert message.contact
    (entry,) = timeline_sources.get("reply")().entries(message.contact, limit=5)
    assert "Re: News" in entry.title
    assert entry.detail == "Do you have it in blue?"
    assert heard == [Reply.objects.get()]
    assert not Bounce.objects.exists()
    assert not Suppression.objects.exists()


def test_the_same_answer_twice_counts_once(message: OutboxMessage) -> None:
    raw = answer_to(message)
    assert [process_mail(raw, at=AT) for _again in range(2)] == [Outcome.ANSWERED, Outcome.KNOWN]
    assert Reply.objects.count() == 1


def test_where_the_provider_changed_the_name_the_sender_tells(message: OutboxMessage) -> None:
    raw = answer_to(message, **{"In-Reply-To": "<0102@eu-west-1.amazonses.com>"})
    assert process_mail(raw, at=AT) == Outcome.ANSWERED
    assert Reply.objects.get().message == message


@pytest.mark.parametrize("headers", [{"From": "stranger@example.org"}, {"Subject": "A question"}])
def test_what_answers_nothing_of_ours_is_none(message: OutboxMessage, headers: dict[str, str]) -> None:
    raw = answer_to(message, **{"In-Reply-To": "", **headers})
    assert process_mail(raw, at=AT) == Outcome.UNRECOGNIZED


def test_what_a_program_answers_is_none(message: OutboxMessage) -> None:
    raw = answer_to(message, "I am out of office.", **{"Auto-Submitted": "auto-replied"})
    assert process_mail(raw, at=AT) == Outcome.RECORDED
    assert not Reply.objects.exists()


@pytest.mark.parametrize(
    "below",
    [
        "On Mon, 2 Mar 2026 at 10:00, Fern & Kettle <shop@example.com> wrote:\n> Hello",
        "> Hello\n> again",
        "-----Original Message-----\nFrom: shop@example.com",
        "Am 02.03.2026 um 10:00 schrieb Fern:\n> Hallo",
        "在 2026年3月2日,Fern 写道:\n> 你好",
        "From: Fern & Kettle <shop@example.com>\nSent: Monday",
    ],
)
def test_what_they_quote_of_ours_is_left_out(below: str) -> None:
    assert unquoted(f"Thank you!\n\n{below}") == "Thank you!"


def test_an_answer_that_is_all_quotation_is_kept() -> None:
    assert unquoted("> Hello") == "> Hello"


def test_an_erasure_takes_answers(message: OutboxMessage) -> None:
    process_mail(answer_to(message), at=AT)
    erase(Contact.objects.get(pk=message.contact_id), at=AT)
    assert not Reply.objects.exists()


def test_old_answers_go(message: OutboxMessage) -> None:
    process_mail(answer_to(message, Date="Mon, 02 Mar 2026 11:00:00 +0000"), at=AT)
    rule = retention_rules.get("replies")()
    assert not rule.due(AT - timedelta(days=1)).exists()
    assert rule.let_go(rule.due(AT + timedelta(days=1))) == 1
