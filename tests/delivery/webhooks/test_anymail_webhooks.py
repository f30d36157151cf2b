"""Real payloads of providers, posted to the views of django-anymail."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.delivery.bounces.samples import make_mail, make_report
from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.checks import check_webhooks
from wagtail_precise_mail.contacts.models import Suppression, SuppressionReason
from wagtail_precise_mail.delivery.bounces.kinds import Kind
from wagtail_precise_mail.delivery.bounces.models import Bounce
from wagtail_precise_mail.delivery.inbound.models import Reply
from wagtail_precise_mail.delivery.mime import make_message_id
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.delivery.webhooks.events import KINDS
from wagtail_precise_mail.delivery.webhooks.models import ProviderEvent
from wagtail_precise_mail.tracking.models import MessageEvent

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.delivery.webhooks.urls")]

State = OutboxMessage.State
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
BASIC = {"Authorization": "Basic " + base64.b64encode(b"shop:secret").decode()}


@pytest.fixture(autouse=True)
def anymail(settings: Settings) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "shop:secret"}
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "bounce_address": "bounces@example.com"}


def make_sent(**overrides: Any) -> OutboxMessage:
    values = {"state": State.ACCEPTED, "handed_off_at": AT - timedelta(hours=1), "provider_id": "pm-1", **overrides}
    return make_message(make_send(), **values)


def reference_of(message: OutboxMessage) -> str:
    return make_message_id(message.pk, "shop@example.com").strip("<>").partition("@")[0]


def post(client: Client, given: dict[str, Any], *, headers: dict[str, str] = BASIC) -> int:
    """Post what Postmark posts."""
    answer = client.post("/anymail/postmark/tracking/", json.dumps(given), "application/json", headers=headers)
    return answer.status_code


def postmark(message: OutboxMessage, kind: str, **details: Any) -> dict[str, Any]:
    moment = {"Delivery": "DeliveredAt", "Bounce": "BouncedAt", "SpamComplaint": "BouncedAt"}.get(kind, "ReceivedAt")
    return {
        "RecordType": kind,
        "MessageID": "pm-1",
        "Recipient": message.address,
        "Email": message.address,
        moment: AT.isoformat(),
        "Metadata": {"precise_mail": reference_of(message)},
        **details,
    }


HARD = {
    "Type": "HardBounce",
    "ID": 42,
    "Details": "smtp;550 5.1.1 The email account does not exist",
    "Description": "x",
}
SOFT = {"Type": "SoftBounce", "ID": 43, "Details": "smtp;452 4.2.2 over quota", "Description": "x"}


class TestEvents:
    def test_a_delivery_is_kept_once(self, client: Client) -> None:
        message = make_sent()
        assert [post(client, postmark(message, "Delivery")) for _again in range(2)] == [200, 200]
        event = ProviderEvent.objects.get()
        assert (event.message, event.kind, event.happened_at) == (message, "delivered", AT)

    def test_a_hard_bounce_suppresses(self, client: Client) -> None:
        message = make_sent()
        assert [post(client, postmark(message, "Bounce", **HARD)) for _again in range(2)] == [200, 200]
        bounce = Bounce.objects.get()
        assert (bounce.kind, bounce.status, bounce.source) == (Kind.HARD, "5.1.1", "postmark")
        assert Suppression.objects.get().reason == SuppressionReason.HARD_BOUNCE

    def test_a_soft_bounce_is_kept_and_suppresses_nobody(self, client: Client) -> None:
        post(client, postmark(make_sent(), "Bounce", **SOFT))
        assert Bounce.objects.get().kind == Kind.QUOTA
        assert not Suppression.objects.exists()

    def test_a_complaint_suppresses(self, client: Client) -> None:
        post(client, postmark(make_sent(), "SpamComplaint", Type="SpamComplaint", ID=44))
        assert Bounce.objects.get().kind == Kind.COMPLAINT
        assert Suppression.objects.get().reason == SuppressionReason.COMPLAINT

    def test_an_unsubscription_at_the_provider_is_one_with_us(self, client: Client) -> None:
        details = {"SuppressSending": True, "SuppressionReason": "ManualSuppression", "ChangedAt": AT.isoformat()}
        post(client, postmark(make_sent(), "SubscriptionChange", **details))
        assert Suppression.objects.get().reason == SuppressionReason.UNSUBSCRIBED

    def test_opens_and_clicks_reach_tracking(self, client: Client, django_capture_on_commit_callbacks: Any) -> None:
        message = make_sent()
        agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
        with django_capture_on_commit_callbacks(execute=True):
            post(client, postmark(message, "Open", UserAgent=agent))
            post(client, postmark(message, "Click", UserAgent=agent, OriginalLink="https://shop.example.com/mug/"))
        kinds = MessageEvent.objects.order_by("kind").values_list("kind", "url", "is_machine", "happened_at")
        assert list(kinds) == [("click", "https://shop.example.com/mug/", False, AT), ("open", "", False, AT)]

    def test_a_click_that_we_saw_ourselves_counts_once(
        self, client: Client, django_capture_on_commit_callbacks: Any
    ) -> None:
        message = make_sent()
        MessageEvent.objects.create(
            message=message, send=message.send, contact=message.contact, kind="click", happened_at=AT
        )
        with django_capture_on_commit_callbacks(execute=True):
            post(client, postmark(message, "Click", OriginalLink="https://shop.example.com/mug/"))
        assert MessageEvent.objects.count() == 1

    def test_every_event_of_anymail_has_its_place_in_the_table(self) -> None:
        from anymail.signals import EventType

        known = {value for name, value in vars(EventType).items() if name.isupper()}
        assert set(KINDS) == known


class TestWhichMessage:
    def test_without_our_reference_the_name_and_the_address_tell(self, client: Client) -> None:
        message = make_sent()
        post(client, {**postmark(message, "Delivery"), "Metadata": {}})
        assert ProviderEvent.objects.get().message == message

    def test_a_name_with_another_address_tells_nothing(self, client: Client) -> None:
        message = make_sent()
        given = {**postmark(message, "Bounce", **HARD), "Metadata": {}, "Email": "else@example.org"}
        assert post(client, given) == 200
        assert not ProviderEvent.objects.exists()

    @pytest.mark.parametrize("reference", ["forged.reference", "", None, {"a": 1}, "ü" * 500])
    def test_a_message_that_is_not_ours_is_kept_out_and_logged_by_hash(
        self, client: Client, caplog: pytest.LogCaptureFixture, reference: Any
    ) -> None:
        caplog.set_level("INFO", logger="wagtail_precise_mail")
        given = postmark(make_sent(provider_id=""), "Bounce", **HARD)
        assert post(client, {**given, "Metadata": {"precise_mail": reference}, "MessageID": "not-ours"}) == 200
        assert not Bounce.objects.exists()
        assert not Suppression.objects.exists()
        assert "not ours" in caplog.text
        assert given["Email"] not in caplog.text
        assert "not-ours" not in caplog.text


class TestUnknownOutcome:
    def test_a_delivery_says_that_it_was_accepted(self, client: Client) -> None:
        message = make_sent(state=State.UNKNOWN)
        post(client, postmark(message, "Delivery"))
        message.refresh_from_db()
        assert (message.state, message.reply_class) == (State.ACCEPTED, "accepted")

    def test_a_bounce_says_that_it_was_rejected(self, client: Client) -> None:
        message = make_sent(state=State.UNKNOWN)
        post(client, postmark(message, "Bounce", **HARD))
        message.refresh_from_db()
        assert (message.state, message.reply_class) == (State.REJECTED, "address")

    def test_what_waits_to_be_repeated_is_not_when_it_arrived(self, client: Client) -> None:
        message = make_sent(state=State.DEFERRED, reply_class="unknown", next_attempt_at=AT)
        post(client, postmark(message, "Delivery"))
        message.refresh_from_db()
        assert (message.state, message.next_attempt_at) == (State.ACCEPTED, None)


class TestForgery:
    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic c2hvcDp3cm9uZw=="}])
    def test_without_the_secret_nothing_is_kept(self, client: Client, headers: dict[str, str]) -> None:
        assert post(client, postmark(make_sent(), "Bounce", **HARD), headers=headers) == 400
        assert not ProviderEvent.objects.exists()
        assert not Bounce.objects.exists()

    @pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailInsecureWebhookWarning")
    def test_where_no_secret_is_set_everything_is_refused(self, client: Client, settings: Settings) -> None:
        settings.ANYMAIL = {}
        assert post(client, postmark(make_sent(), "Bounce", **HARD), headers={}) == 400
        assert not Bounce.objects.exists()

    def test_a_signature_does_instead_of_the_secret(self, client: Client, settings: Settings) -> None:
        settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": "signing-key"}
        message = make_sent()
        assert mailgun(client, message, key=b"another") == 400
        assert not ProviderEvent.objects.exists()
        assert mailgun(client, message, key=b"signing-key") == 200
        assert ProviderEvent.objects.get().kind == "delivered"

    @pytest.mark.urls("example_site.urls")
    def test_a_site_that_lets_no_provider_in_is_asked_for_none(self, settings: Settings) -> None:
        settings.ANYMAIL = {}
        assert check_webhooks(None) == []

    def test_get_changes_nothing(self, client: Client) -> None:
        assert client.get("/anymail/postmark/tracking/", headers=BASIC).status_code == 405

    def test_the_system_check_asks_for_a_secret(self, settings: Settings) -> None:
        assert check_webhooks(None) == []
        settings.ANYMAIL = {}
        assert [message.id for message in check_webhooks(None)] == ["wagtail_precise_mail.E020"]


def mailgun(client: Client, message: OutboxMessage, *, key: bytes) -> int:
    signed = hmac.new(key, b"1772452800token", hashlib.sha256).hexdigest()
    given = {
        "signature": {"timestamp": "1772452800", "token": "token", "signature": signed},
        "event-data": {
            "event": "delivered",
            "id": "event-1",
            "timestamp": AT.timestamp(),
            "recipient": message.address,
            "message": {"headers": {"message-id": "mg-1@example.com"}},
            "user-variables": {"precise_mail": reference_of(message)},
        },
    }
    return client.post("/anymail/mailgun/tracking/", json.dumps(given), "application/json").status_code


class TestInbound:
    def post(self, client: Client, raw: bytes) -> int:
        given = {
            "RawEmail": raw.decode(),
            "FromFull": {"Email": "ann@example.org"},
            "Headers": [],
            "To": "",
            "From": "",
        }
        answer = client.post("/anymail/postmark/inbound/", json.dumps(given), "application/json", headers=BASIC)
        return answer.status_code

    def test_an_answer_is_kept(self, client: Client) -> None:
        message = make_sent()
        name = make_message_id(message.pk, "shop@example.com")
        raw = make_mail("Lovely!", Subject="Re: News", **{"In-Reply-To": name, "From": message.address})
        assert self.post(client, raw) == 200
        assert Reply.objects.get().text == "Lovely!"

    def test_a_bounce_that_comes_this_way_is_one(self, client: Client) -> None:
        message = make_sent()
        name = make_message_id(message.pk, "shop@example.com")
        assert self.post(client, make_report(to="bounces@example.com", message_id=name)) == 200
        assert (Bounce.objects.get().message, Bounce.objects.get().source) == (message, "postmark")
