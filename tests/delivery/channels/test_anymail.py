"""What providers answer, and what they are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings

from tests.delivery.channels.fake_provider import FakeProvider
from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.checks import check_options
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import AnymailChannel, open_channel
from wagtail_precise_mail.delivery.channels.contract import make_envelope
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.replies import ReplyClass
from wagtail_precise_mail.exceptions import (
    ChannelUnavailable,
    ConfigurationError,
    DeliveryError,
    OutcomeUnknown,
    PermanentDeliveryError,
    TemporaryDeliveryError,
)


@pytest.fixture
def provider(settings: Settings) -> Iterator[FakeProvider]:
    with FakeProvider() as provider:
        settings.EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
        settings.ANYMAIL = {"RESEND_API_KEY": "secret-key", "RESEND_API_URL": provider.url}
        settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "anymail"}
        yield provider


def test_the_provider_gets_our_reference_tags_and_key_and_gives_its_name(provider: FakeProvider) -> None:
    with AnymailChannel() as channel:
        receipt = channel.send(make_envelope())
    ((headers, body),) = provider.requests
    assert headers["Idempotency-Key"] == "token1.signature"
    assert '"precise_mail": "token1.signature"' in body["headers"]["X-Metadata"]
    assert "campaign-7" in body["headers"]["X-Tags"]
    assert receipt.provider_id == "re_token1.signature"


def test_each_message_has_its_own_key_on_one_connection(provider: FakeProvider) -> None:
    with AnymailChannel() as channel:
        list(channel.send_many([make_envelope(1), make_envelope(2)]))
    assert [headers["Idempotency-Key"] for headers, _body in provider.requests] == [
        "token1.signature",
        "token2.signature",
    ]


@pytest.mark.parametrize(
    ("status", "error", "reply_class"),
    [
        (401, ChannelUnavailable, ""),
        (402, ChannelUnavailable, ""),
        (403, ChannelUnavailable, ""),
        (422, PermanentDeliveryError, ReplyClass.CONTENT),
        (400, PermanentDeliveryError, ReplyClass.CONTENT),
        (429, TemporaryDeliveryError, ReplyClass.THROTTLED),
        (503, TemporaryDeliveryError, ReplyClass.TEMPORARY),
        (500, OutcomeUnknown, ""),
        (502, OutcomeUnknown, ""),
        (504, OutcomeUnknown, ""),
        (409, OutcomeUnknown, ""),
    ],
)
def test_what_the_provider_answers_becomes_ours(
    provider: FakeProvider, status: int, error: type[DeliveryError], reply_class: str
) -> None:
    provider.answers.append((status, {"message": "for a reason"}))
    with AnymailChannel() as channel, pytest.raises(error) as failure:
        channel.send(make_envelope())
    assert "for a reason" in failure.value.reply
    assert failure.value.reply_class == reply_class
    assert "secret-key" not in f"{failure.value} {failure.value.reply}"


def test_an_answer_that_is_lost_or_is_none_leaves_the_outcome_unknown(provider: FakeProvider) -> None:
    with AnymailChannel() as channel:
        provider.drops_after_taking = 1
        with pytest.raises(OutcomeUnknown):
            channel.send(make_envelope(1))
        provider.answers.append((200, ["this is no answer"]))
        with pytest.raises(OutcomeUnknown):
            channel.send(make_envelope(2))
    assert len(provider.taken) == 1


@pytest.mark.django_db
def test_a_lost_answer_is_asked_for_again_and_the_mail_leaves_once(provider: FakeProvider) -> None:
    send = make_send()
    message = make_message(send)
    provider.drops_after_taking = 1
    services.deliver(send.pk)
    message.refresh_from_db()
    assert (message.state, len(provider.taken)) == (OutboxMessage.State.DEFERRED, 1)
    services.sweep(message.next_attempt_at)
    services.deliver(send.pk)
    message.refresh_from_db()
    assert (message.state, len(provider.requests), len(provider.taken)) == (OutboxMessage.State.ACCEPTED, 2, 1)
    assert message.provider_id.startswith("re_")


def test_a_feature_that_the_provider_lacks_stops_the_sending(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "secret-key", "SEND_DEFAULTS": {"tags": ["one", "two"]}}
    with AnymailChannel() as channel, pytest.raises(ChannelUnavailable, match="Postmark does not support"):
        channel.send(make_envelope())


def test_a_recipient_that_the_provider_refuses_is_refused_for_good(settings: Settings) -> None:
    from anymail.message import AnymailRecipientStatus
    from anymail.signals import pre_send

    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    mail.outbox = []

    def refuse(message: Any, **kwargs: Any) -> None:
        status = AnymailRecipientStatus(message_id=None, status="rejected")
        message.anymail_test_response = {"recipient_status": {"reader1@example.org": status}}

    pre_send.connect(refuse, weak=False, dispatch_uid="test")
    try:
        with AnymailChannel() as channel, pytest.raises(PermanentDeliveryError, match="rejected"):
            channel.send(make_envelope())
    finally:
        pre_send.disconnect(dispatch_uid="test")


def test_another_backend_is_an_error_that_says_which(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "anymail"}
    with pytest.raises(ConfigurationError, match="locmem"):
        open_channel()
    assert [message.id for message in check_options(None)] == ["wagtail_precise_mail.E001"]


def test_only_providers_that_know_repetitions_are_said_to(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "secret-key"}
    assert AnymailChannel().idempotency_seconds == 0
