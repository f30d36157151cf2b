"""Mail to one person: the same gates as any other."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from tests.contacts.colleagues import client_with, is_refused, user_with
from tests.factories.campaigns import make_brand, make_email
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.contacts.services import suppress
from wagtail_precise_mail.delivery import services
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.queries import explain
from wagtail_precise_mail.delivery.writing import write_to
from wagtail_precise_mail.exceptions import NotReady

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def brand() -> None:
    make_brand()


@pytest.fixture
def writer() -> Any:
    return user_with("write_to_contact", "view_contact")


def test_the_approved_version_goes_to_this_person_only(writer: Any) -> None:
    contact, topic = make_contact(), make_topic()
    grant(contact, topic)
    grant(make_contact(), topic)
    message = write_to(contact, make_email(), topic, by=writer)
    assert (message.state, message.contact) == ("pending", contact)
    assert message.send.messages.count() == 1
    assert (message.send.origin_kind, message.send.origin_id) == ("contact", contact.pk)
    assert message.send.state == Send.State.RUNNING


def test_without_consent_nothing_is_sent(writer: Any) -> None:
    contact = make_contact()
    message = write_to(contact, make_email(), make_topic(), by=writer)
    assert (message.state, message.skip_reason) == ("skipped", "no_consent")


def test_a_suppressed_address_gets_nothing(writer: Any) -> None:
    contact, topic = make_contact(), make_topic()
    grant(contact, topic)
    suppress(contact.email, reason="complaint")
    message = write_to(contact, make_email(), topic, by=writer)
    assert (message.state, message.skip_reason) == ("skipped", "suppressed")


def test_a_draft_is_refused(writer: Any) -> None:
    contact, topic = make_contact(), make_topic()
    grant(contact, topic)
    with pytest.raises(NotReady, match="no approved version"):
        write_to(contact, make_email(publish=False), topic, by=writer)


def test_the_same_email_twice_in_a_moment_is_refused(writer: Any) -> None:
    contact, topic, email = make_contact(), make_topic(), make_email()
    grant(contact, topic)
    write_to(contact, email, topic, by=writer)
    with pytest.raises(NotReady, match="a moment ago"):
        write_to(contact, email, topic, by=writer)
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize("codenames", [[], ["view_contact"], ["write_to_contact"], ["view_contact", "send_campaign"]])
def test_it_needs_its_own_permission(codenames: list[str]) -> None:
    contact, topic, email = make_contact(), make_topic(), make_email()
    grant(contact, topic)
    with pytest.raises(PermissionDenied):
        write_to(contact, email, topic, by=user_with(*codenames))
    url = reverse("precise_mail_write", args=[contact.pk])
    client = client_with(*codenames)
    assert is_refused(client.get(url))
    assert is_refused(client.post(url, {"email": email.pk, "topic": topic.pk}))
    assert not Send.objects.exists()


class TestBeforeItLeaves:
    """The worker asks again: who wrote may have lost the right while the mail waited."""

    @pytest.fixture
    def message(self, writer: Any) -> OutboxMessage:
        contact, topic = make_contact(), make_topic()
        grant(contact, topic)
        return write_to(contact, make_email(), topic, by=writer)

    def deliver(self, message: OutboxMessage) -> tuple[str, str]:
        before = len(MemoryChannel.outbox)
        services.deliver(message.send_id)
        message.refresh_from_db()
        assert len(MemoryChannel.outbox) - before == (message.state == "accepted")
        return message.state, message.skip_reason

    def test_a_writer_who_still_may_is_no_obstacle(self, message: OutboxMessage) -> None:
        assert self.deliver(message) == ("accepted", "")

    @pytest.mark.parametrize("codename", ["write_to_contact", "view_contact"])
    def test_a_lost_permission_stops_it(self, message: OutboxMessage, writer: Any, codename: str) -> None:
        writer.user_permissions.remove(Permission.objects.get(codename=codename))

        assert self.deliver(message) == ("skipped", "writer")
        assert "may no longer write" in explain(message)

    def test_a_closed_account_stops_it(self, message: OutboxMessage, writer: Any) -> None:
        type(writer).objects.filter(pk=writer.pk).update(is_active=False)

        assert self.deliver(message) == ("skipped", "writer")

    def test_a_deleted_account_stops_it(self, message: OutboxMessage, writer: Any) -> None:
        writer.delete()

        assert self.deliver(message) == ("skipped", "writer")

    def test_somebody_else_may_write_it_again(self, message: OutboxMessage, writer: Any) -> None:
        type(writer).objects.filter(pk=writer.pk).update(is_active=False)
        self.deliver(message)
        colleague = user_with("write_to_contact", "view_contact")

        again = write_to(message.contact, message.send.compiled.email, message.send.topic, by=colleague)

        assert self.deliver(again) == ("accepted", "")

    def test_other_mail_has_no_writer(self) -> None:
        message = make_message(make_send())

        assert self.deliver(message) == ("accepted", "")


class TestPage:
    def test_sending_from_the_profile(self, admin_client: Any) -> None:
        contact, topic, email = make_contact(first_name="Ann"), make_topic(), make_email()
        grant(contact, topic)
        profile = reverse("precise-mail-contacts:inspect", args=[contact.pk])
        url = reverse("precise_mail_write", args=[contact.pk])
        assert url in admin_client.get(profile).content.decode()
        html = admin_client.get(url).content.decode()
        assert contact.email in html
        assert "Nothing would be sent" not in html
        response = admin_client.post(url, {"email": email.pk, "topic": topic.pk}, follow=True)
        assert "is on its way" in response.content.decode()
        assert OutboxMessage.objects.get().contact == contact

    def test_why_nothing_was_sent_is_said(self, admin_client: Any) -> None:
        contact, topic, email = make_contact(), make_topic(), make_email()
        url = reverse("precise_mail_write", args=[contact.pk])
        assert "Nothing would be sent now. Agreed to no topic." in admin_client.get(url).content.decode()
        response = admin_client.post(url, {"email": email.pk, "topic": topic.pk}, follow=True)
        assert "Nothing was sent. Never agreed to this topic" in response.content.decode()

    def test_only_approved_emails_can_be_chosen(self, admin_client: Any) -> None:
        contact, draft = make_contact(), make_email(publish=False, name="Only a draft")
        url = reverse("precise_mail_write", args=[contact.pk])
        assert "Only a draft" not in admin_client.get(url).content.decode()
        html = admin_client.post(url, {"email": draft.pk, "topic": make_topic().pk}).content.decode()
        assert "Select a valid choice" in html
        assert not Send.objects.exists()
