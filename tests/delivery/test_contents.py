"""What each message said is kept with it, and nobody is sent the same thing twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from tests.factories.delivery import make_compiled, make_message, make_reader, make_send
from tests.factories.segments import make_segment
from wagtail_precise_mail.contacts.erasing import erase
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.contents import already_sent, content_of
from wagtail_precise_mail.delivery.models import MessageContent, OutboxMessage, Send, SentItem
from wagtail_precise_mail.emails.readers import ItemSource, item_sources

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _memory(settings: Settings) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    MemoryChannel.outbox.clear()


class Tips(ItemSource):
    """The same five tips for all; what a reader has had is left out by whoever asks."""

    def load(self, spec: Any, contacts: Any, *, limit: int, occasion: Any) -> dict[int, list[dict[str, str]]]:
        tips = [{"key": f"tip:{number}", "name": f"Tip {number}"} for number in range(1, 6)]
        return {contact.pk or 0: tips[:limit] for contact in contacts}


@pytest.fixture
def tips() -> Any:
    with item_sources.temporarily("tips", Tips):
        yield {"list0": {"source": "tips", "count": 2, "block_id": "b", "skip_sent_days": 30}}


def tips_email(lists: Any, **payload: Any) -> Any:
    parts = [{"repeat": "list0", "per_row": 1, "parts": [{"item": "name"}, "\n"]}]
    return make_compiled(version=2, text=parts, lists=lists, **payload)


def test_what_a_message_said_is_kept_with_it(tips: Any) -> None:
    send = make_send(compiled=tips_email(tips))
    message = make_message(send, make_reader(send, first_name="Ada", city="Bath"))
    services.deliver(send.pk)
    kept = content_of(message)
    assert kept is not None
    # The email does not show the city, so it is nobody's business here.
    assert kept.values == {"contact.first_name": "Ada"}
    assert kept.item_keys == ["tip:1", "tip:2"]


def test_next_mail_shows_what_this_contact_was_not_sent_yet(tips: Any) -> None:
    monday = make_send(compiled=tips_email(tips))
    reader = make_reader(monday)
    make_message(monday, reader)
    services.deliver(monday.pk)
    tuesday = make_send(compiled=tips_email(tips), topic=monday.topic)
    make_message(tuesday, reader)
    newcomer = make_message(tuesday)
    services.deliver(tuesday.pk)
    second = tuesday.messages.get(contact=reader)
    assert content_of(second).item_keys == ["tip:3", "tip:4"]
    assert content_of(newcomer).item_keys == ["tip:1", "tip:2"]


def test_what_everybody_saw_in_a_mail_was_sent_too() -> None:
    send = make_send()
    send.compiled.shown = ["page:5"]
    send.compiled.save()
    message = make_message(send, state=OutboxMessage.State.ACCEPTED, created_at=timezone.now())
    waiting = make_message(send)
    found = already_sent([message.contact, waiting.contact], 30, timezone.now())
    assert found == {message.contact_id: {"page:5"}, waiting.contact_id: set()}


def test_old_mails_are_forgotten() -> None:
    send = make_send()
    message = make_message(send, state=OutboxMessage.State.ACCEPTED)
    SentItem.objects.create(
        message=message, contact=message.contact, key="page:1", sent_at=timezone.now() - timedelta(days=40)
    )
    assert already_sent([message.contact], 30, timezone.now()) == {message.contact_id: set()}


def test_erased_contact_leaves_no_words_behind(tips: Any) -> None:
    send = make_send(compiled=tips_email(tips))
    message = make_message(send, make_reader(send, first_name="Ada"))
    services.deliver(send.pk)
    message.refresh_from_db()
    erase(message.contact)
    assert not MessageContent.objects.exists()
    # What was shown stays for the report of content, and is about nobody.
    assert set(SentItem.objects.values_list("contact", flat=True)) == {None}


def test_loading_what_readers_get_costs_the_same_for_more_of_them(settings: Settings, tips: Any) -> None:
    segment = make_segment()
    only_some = [{"if": ["in", segment.pk], "parts": ["For members.\n"]}]
    send = make_send(compiled=tips_email(tips, html=["<p>", *only_some]))

    def queries(count: int) -> int:
        messages = [make_message(send) for _number in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            services.deliver(send.pk)
        assert OutboxMessage.objects.filter(pk__in=[m.pk for m in messages], state="accepted").count() == count
        Send.objects.filter(pk=send.pk).update(state="running", finished_at=None)
        return len(captured)

    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "claim_size": 500, "handoff_size": 500}
    queries(1)  # Wagtail's cache of sites is warm
    assert queries(2) == queries(40)
    assert all("For members." in envelope.content.decode() for envelope in MemoryChannel.outbox)


def test_deleted_segment_pauses_the_send_and_widens_nothing() -> None:
    parts = [{"if": ["in", 4711], "parts": ["For members."]}, "x"]
    send = make_send(compiled=make_compiled(version=2, html=parts))
    make_message(send)
    services.deliver(send.pk)
    send.refresh_from_db()
    assert send.state == Send.State.PAUSED
    assert "4711" in send.pause_reason
    assert not MemoryChannel.outbox
