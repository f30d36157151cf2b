"""The admin of topics: consents that are too weak for one are looked at before they stop counting."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from wagtail.models import ModelLogEntry

from tests.contacts.colleagues import client_with, is_refused
from tests.factories.contacts import make_contact, make_topic
from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.contacts.services import subscribe

pytestmark = pytest.mark.django_db


@pytest.fixture
def topic() -> Topic:
    """A topic whose least proof was raised over one of its two consents."""
    topic = make_topic()
    subscribe(make_contact(email="weak@example.com"), topic, source="form")
    subscribe(make_contact(email="strong@example.com"), topic, source="mail", basis="double")
    Topic.objects.filter(pk=topic.pk).update(minimum_basis="double")
    topic.refresh_from_db()
    return topic


def url_of(topic: Topic) -> str:
    return reverse("precise_mail_weaker_consents", args=[topic.pk])


def test_the_number_and_the_people_are_shown_before_anything_is_done(topic: Topic) -> None:
    client = client_with("change_topic", "view_contact", "view_contact_address")

    page = client.get(url_of(topic)).content.decode()

    assert "1 granted consent to" in page
    assert "weak@example.com" in page
    assert "strong@example.com" not in page
    assert "Single opt-in" in page
    assert topic.consents.filter(status="granted").count() == 2


def test_the_button_does_what_was_counted_and_the_log_says_who(topic: Topic) -> None:
    client = client_with("change_topic")

    response = client.post(url_of(topic))

    assert response.status_code == 302
    assert list(topic.consents.filter(status="granted").values_list("contact__email", flat=True)) == [
        "strong@example.com"
    ]
    entry = ModelLogEntry.objects.latest("pk")
    assert (entry.object_id, entry.data["made_pending"]) == (str(topic.pk), 1)
    assert entry.user.username.startswith("colleague")
    assert topic.consents.get(status="pending").contact.consent_changes.latest("pk").changed_by == entry.user
    assert "nothing to do" in client.get(url_of(topic)).content.decode()


def test_who_may_not_see_contacts_sees_the_number_only(topic: Topic) -> None:
    page = client_with("change_topic").get(url_of(topic)).content.decode()

    assert "1 granted consent to" in page
    assert "@example.com" not in page


def test_addresses_are_masked_as_everywhere(topic: Topic) -> None:
    page = client_with("change_topic", "view_contact").get(url_of(topic)).content.decode()

    assert "weak@example.com" not in page
    assert "w•••@example.com" in page


def test_only_who_may_change_topics_gets_there(topic: Topic) -> None:
    client = client_with("view_topic", "change_contact", "view_contact")

    assert is_refused(client.get(url_of(topic)))
    assert is_refused(client.post(url_of(topic)))
    assert topic.consents.filter(status="granted").count() == 2


def test_the_page_costs_the_same_for_many(topic: Topic, django_assert_max_num_queries: Any) -> None:
    client = client_with("change_topic", "view_contact")
    for _number in range(30):
        subscribe(make_contact(), topic, source="form")
    topic.consents.update(status="granted")
    client.get(url_of(topic))

    with django_assert_max_num_queries(12):
        page = client.get(url_of(topic)).content.decode()

    assert "The first 20 of 31" in page


class TestEditing:
    def post(self, client: Client, topic: Topic, **changed: Any) -> list[str]:
        form = client.get(reverse("precise-mail-topics:edit", args=[topic.pk])).context["form"]
        values = {name: value for name, value in form.initial.items() if value is not None}
        inline = {f"translations-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL")}
        response = client.post(
            reverse("precise-mail-topics:edit", args=[topic.pk]), {**values, **inline, "slug": topic.slug, **changed}
        )
        assert response.status_code == 302
        return [str(message) for message in get_messages(response.wsgi_request)]

    def test_raising_the_least_proof_names_the_number_and_leads_to_the_look(self, admin_client: Client) -> None:
        topic = make_topic()
        subscribe(make_contact(), topic, source="form")

        said = " ".join(self.post(admin_client, topic, minimum_basis="double", opt_in="double"))

        assert "1 consent is weaker than that" in said
        assert url_of(topic) in said
        assert topic.consents.get().status == "granted"

    def test_another_change_says_nothing_of_it(self, admin_client: Client, topic: Topic) -> None:
        assert "weaker" not in " ".join(self.post(admin_client, topic, name="Other"))

    def test_the_listing_leads_there_too(self, admin_client: Client, topic: Topic) -> None:
        make_topic()
        page = admin_client.get(reverse("precise-mail-topics:index")).content.decode()

        assert page.count("Weaker consents…") == 1
        assert url_of(topic) in page
