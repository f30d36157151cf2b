"""Delivering what waits in a send."""

from __future__ import annotations

import pytest

from tests.factories.delivery import make_messages, make_send
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import OutboxMessage, Send

State = OutboxMessage.State

pytestmark = pytest.mark.django_db


def test_every_pending_message_is_sent_once_and_the_send_is_finished(memory_channel: type[MemoryChannel]) -> None:
    send = make_send()
    messages = make_messages(send, 23)
    services.deliver(send.pk)
    services.deliver(send.pk)
    assert [envelope.recipient for envelope in memory_channel.outbox] == [message.address for message in messages]
    send.refresh_from_db()
    assert send.state == Send.State.FINISHED
    assert set(send.messages.values_list("state", flat=True)) == {State.ACCEPTED}


def test_over_smtp(mail_server):
    send = make_send()
    messages = make_messages(send, 3)
    services.deliver(send.pk)
    assert mail_server.recipients() == [m.address for m in messages]
    print(mail_server.messages()[0])
