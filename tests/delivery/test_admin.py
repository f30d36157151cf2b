"""The button "Send test", and the outbox of a send in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from wagtail.models import Site

from tests.factories.contacts import make_contact
from tests.factories.delivery import make_message, make_messages, make_reader, make_send
from tests.factories.emails import make_identity
from wagtail_precise_mail.contacts.services import suppress
from wagtail_precise_mail.contacts.timeline import timeline_sources
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.emails import preview
from wagtail_precise_mail.emails.models import BrandSettings, Email
from wagtail_precise_mail.exceptions import RenderError

State, SkipReason = OutboxMessage.State, OutboxMessage.SkipReason

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand() -> BrandSettings:
    brand = BrandSettings.for_site(Site.objects.get())
    brand.sender = make_identity("shop@example.com")
    brand.company_name, brand.postal_address = "Fern & Kettle Ltd", "1 Market Street"
    brand.save()
    return brand


@pytest.fixture
def email(brand: BrandSettings) -> Email:
    """An email whose draft says something else than what is published."""
    email = Email.objects.create(
        name="Spring", subject="Published", body=[{"type": "heading", "value": {"text": "Hello", "level": "2"}}]
    )
    email.save_revision().publish()
    email.refresh_from_db()
    email.subject = 'Draft for {{ contact.first_name | default: "friend" }}'
    email.save_revision()
    return email


@pytest.fixture
def limited_client(client: Client, django_user_model: Any) -> Any:
    """Log somebody in who has these permissions and no others."""

    def log_in(*codenames: str) -> Client:
        user = django_user_model.objects.create_user("colleague", "colleague@example.com", "x")
        permissions = Permission.objects.filter(codename__in=["access_admin", *codenames])
        user.user_permissions.set(permissions)
        client.force_login(user)
        return client

    return log_in


def test_the_editor_of_an_email_has_the_button(admin_client: Client, email: Email) -> None:
    admin_client.get(reverse("wagtailadmin_home"))  # Wagtail registers its viewsets with its URLs
    page = admin_client.get(reverse(email.snippet_viewset.get_url_name("edit"), args=[email.pk]))
    assert reverse("precise_mail_send_test", args=[email.pk]) in page.content.decode()


def test_asking_for_the_address_sends_nothing(admin_client: Client, admin_user: Any, email: Email) -> None:
    page = admin_client.get(reverse("precise_mail_send_test", args=[email.pk]))
    assert page.status_code == 200
    assert admin_user.email in page.content.decode()
    assert not Send.objects.exists()


def test_the_question_shows_the_subject_as_it_will_be_read(
    admin_client: Client, limited_client: Any, email: Email
) -> None:
    url = reverse("precise_mail_send_test", args=[email.pk])
    assert "[Test] Draft for friend" in admin_client.get(url).content.decode()
    email.sample_contact = make_contact(first_name="Ada")
    email.save_revision()
    assert "[Test] Draft for Ada" in admin_client.get(url).content.decode()
    assert "[Test] Draft for friend" in limited_client("change_email").get(url).content.decode()


def test_the_question_is_asked_when_the_draft_cannot_be_made(
    admin_client: Client, email: Email, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise RenderError("The draft is broken.")

    monkeypatch.setattr(preview, "compose", refuse)
    page = admin_client.get(reverse("precise_mail_send_test", args=[email.pk]))
    assert "[Test] Draft for friend" in page.content.decode()


def test_a_test_shows_the_draft_and_goes_through_the_outbox(
    admin_client: Client, email: Email, memory_channel: type[MemoryChannel]
) -> None:
    url = reverse("precise_mail_send_test", args=[email.pk])
    answer = admin_client.post(url, {"address": "me@example.com"})
    assert answer.status_code == 302, answer.context["form"].errors
    message = OutboxMessage.objects.get()
    assert (message.send.is_test, message.send.from_name, message.state) == (True, "Fern & Kettle", State.PENDING)
    services.deliver(message.send_id)
    assert b"Subject: [Test] Draft for friend\r\n" in memory_channel.outbox[0].content


def test_a_test_shows_the_contact_chosen_for_the_preview(
    admin_client: Client, email: Email, memory_channel: type[MemoryChannel]
) -> None:
    email.sample_contact = make_contact(first_name="Ada")
    email.save_revision()
    admin_client.post(reverse("precise_mail_send_test", args=[email.pk]), {"address": "me@example.com"})
    services.deliver(Send.objects.get().pk)
    assert b"Subject: [Test] Draft for Ada\r\n" in memory_channel.outbox[0].content
    assert memory_channel.outbox[0].recipient == "me@example.com"


def test_an_address_that_does_not_exist_is_said_in_the_form(admin_client: Client, email: Email) -> None:
    suppress("gone@example.com", reason="hard_bounce")
    page = admin_client.post(reverse("precise_mail_send_test", args=[email.pk]), {"address": "gone@example.com"})
    assert "gone@example.com does not exist" in page.content.decode()
    assert not Send.objects.exists()


def test_a_brand_without_a_sender_is_said_in_the_form(admin_client: Client, email: Email, brand: BrandSettings) -> None:
    BrandSettings.objects.update(sender=None)
    page = admin_client.post(reverse("precise_mail_send_test", args=[email.pk]), {"address": "me@example.com"})
    assert "The site has no sender." in page.content.decode()
    assert not Send.objects.exists()


def test_a_sender_that_is_not_verified_is_said_in_the_form(
    admin_client: Client, email: Email, brand: BrandSettings
) -> None:
    make_identity("shop@example.com", is_verified=False)
    page = admin_client.post(reverse("precise_mail_send_test", args=[email.pk]), {"address": "me@example.com"})
    assert "shop@example.com&gt; is not verified. Open it under Mail, Senders" in page.content.decode()
    assert not Send.objects.exists()


@pytest.mark.parametrize("address", ["", "nonsense", "a@b", "a@example.com\nBcc: b@example.com"])
def test_nonsense_is_refused_in_the_form(admin_client: Client, email: Email, address: str) -> None:
    page = admin_client.post(reverse("precise_mail_send_test", args=[email.pk]), {"address": address})
    assert page.status_code == 200
    assert page.context["form"].errors["address"]
    assert not Send.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_sending_tests_needs_the_right_to_change_emails(limited_client: Any, email: Email, method: str) -> None:
    client = limited_client("view_email")
    answer = getattr(client, method)(reverse("precise_mail_send_test", args=[email.pk]), {"address": "me@example.com"})
    assert answer.status_code in (302, 403)
    assert not Send.objects.exists()


def test_an_editor_without_further_rights_can_send_tests(limited_client: Any, email: Email) -> None:
    client = limited_client("change_email")
    client.post(reverse("precise_mail_send_test", args=[email.pk]), {"address": "me@example.com"})
    assert OutboxMessage.objects.get().address == "me@example.com"


def test_the_outbox_says_of_everybody_why(admin_client: Client) -> None:
    send = make_send()
    make_message(send, make_reader(send, email="got@example.com"), state=State.ACCEPTED)
    make_message(send, make_contact(email="left@example.com"), state=State.SKIPPED, skip_reason=SkipReason.UNSUBSCRIBED)
    make_message(send, state=State.REJECTED, reply="550 5.1.1 <b>unknown</b>")
    page = admin_client.get(reverse("precise_mail_outbox", args=[send.pk])).content.decode()
    assert "got<wbr>@example.com" in page
    assert "Unsubscribed before it was sent." in page
    assert "550 5.1.1 &lt;b&gt;unknown&lt;/b&gt;" in page


@pytest.mark.usefixtures("in_clear")
def test_the_outbox_can_be_filtered_and_searched(admin_client: Client) -> None:
    send = make_send()
    make_message(send, make_reader(send, email="got@example.com"), state=State.ACCEPTED)
    make_message(send, make_contact(email="left@example.com"), state=State.SKIPPED, skip_reason=SkipReason.UNSUBSCRIBED)
    url = reverse("precise_mail_outbox_results", args=[send.pk])
    for query in ("?state=skipped", "?skip_reason=unsubscribed", "?q=left"):
        page = admin_client.get(url + query).content.decode()
        assert "left<wbr>@example.com" in page
        assert "got<wbr>@example.com" not in page


def test_the_outbox_shows_one_send_only(admin_client: Client) -> None:
    make_message(make_send(), make_contact(email="other@example.com"))
    page = admin_client.get(reverse("precise_mail_outbox", args=[make_send().pk])).content.decode()
    assert "other<wbr>@example.com" not in page


def test_the_outbox_costs_the_same_number_of_queries_whatever_its_size(
    admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for size in (2, 30):
        send = make_send()
        make_messages(send, size)
        admin_client.get(reverse("precise_mail_outbox", args=[send.pk]))
        with CaptureQueriesContext(connection) as queries:
            admin_client.get(reverse("precise_mail_outbox", args=[send.pk]))
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("codenames", [[], ["view_outboxmessage"], ["view_contact"], ["send_campaign"]])
def test_the_outbox_needs_the_right_to_see_messages_and_contacts(limited_client: Any, codenames: list[str]) -> None:
    send = make_send()
    make_message(send, make_contact(email="secret@example.com"))
    answer = limited_client(*codenames).get(reverse("precise_mail_outbox", args=[send.pk]))
    assert answer.status_code in (302, 403)
    assert b"secret<wbr>@example.com" not in answer.content


def test_the_right_to_see_outboxes_can_be_given_to_groups(admin_client: Client) -> None:
    page = admin_client.get(reverse("wagtailusers_groups:add")).content.decode()
    permission = Permission.objects.get(codename="view_outboxmessage")
    assert f'value="{permission.pk}"' in page


def test_unknown_messages_are_offered_to_be_sent_again(admin_client: Client) -> None:
    send = make_send(state=Send.State.FINISHED)
    make_message(send, state=State.UNKNOWN)
    page = admin_client.get(reverse("precise_mail_outbox", args=[send.pk])).content.decode()
    assert "Send these again" in page
    admin_client.post(reverse("precise_mail_resend_unknown", args=[send.pk]))
    assert send.messages.get().state == State.PENDING


def test_sending_again_is_post_only(admin_client: Client) -> None:
    send = make_send(state=Send.State.FINISHED)
    make_message(send, state=State.UNKNOWN)
    assert admin_client.get(reverse("precise_mail_resend_unknown", args=[send.pk])).status_code == 405
    assert send.messages.get().state == State.UNKNOWN


def test_sending_again_needs_the_right_to_send(limited_client: Any) -> None:
    send = make_send(state=Send.State.FINISHED)
    make_message(send, state=State.UNKNOWN)
    client = limited_client("view_outboxmessage", "view_contact")
    page = client.get(reverse("precise_mail_outbox", args=[send.pk]))
    assert page.status_code == 200
    assert "Send these again" not in page.content.decode()
    assert client.post(reverse("precise_mail_resend_unknown", args=[send.pk])).status_code in (302, 403)
    assert send.messages.get().state == State.UNKNOWN


def test_mails_are_on_the_timeline_of_their_contact_and_tests_are_not() -> None:
    email = Email.objects.create(name="Spring")
    send = make_send()
    send.compiled.email = email
    send.compiled.save()
    reader = make_reader(send)
    make_message(send, reader, state=State.ACCEPTED)
    make_message(make_send(is_test=True), reader)
    entries = timeline_sources.get("mail")().entries(reader, limit=10)
    assert [entry.title for entry in entries] == ["Got “Spring”"]


def test_the_timeline_costs_one_query(django_assert_num_queries: Any) -> None:
    reader = make_contact()
    for state, reason in ((State.SKIPPED, SkipReason.NO_CONSENT), (State.PENDING, ""), (State.UNKNOWN, "")):
        make_message(make_send(), reader, state=state, skip_reason=reason)
    with django_assert_num_queries(1):
        assert len(timeline_sources.get("mail")().entries(reader, limit=10)) == 3
