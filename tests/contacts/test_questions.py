"""Questions of sign-up forms: what an answer says of a contact, from when on, and where that came from."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.contacts.test_admin import client_with, is_refused, page
from tests.factories.contacts import make_contact, make_field, make_list, make_tag, make_topic
from tests.factories.segments import make_rules
from wagtail_precise_mail.contacts.blocks import SignUpBlock
from wagtail_precise_mail.contacts.joining import Visit, confirm_sign_up, sign_up
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.contacts.personal_data import collect_everything
from wagtail_precise_mail.contacts.questions import SignUpChoice, SignUpQuestion
from wagtail_precise_mail.contacts.sign_ups import SignUp
from wagtail_precise_mail.contacts.wordings import ConsentWording
from wagtail_precise_mail.segments.queries import members

pytestmark = pytest.mark.django_db


def a_while_ago() -> Any:
    """Forms are shown then: nobody fills in one within a second."""
    return time_machine.travel(timezone.now() - timedelta(minutes=1))


@pytest.fixture
def news() -> Topic:
    return make_topic(name="News", slug="news")


def make_question(*choices: dict[str, Any], **overrides: Any) -> SignUpQuestion:
    """A question with its answers."""
    values = {"name": "Interests", "text": "What do you like?", "is_on_own_page": True, **overrides}
    question = SignUpQuestion.objects.create(**values)
    for number, choice in enumerate(choices):
        SignUpChoice.objects.create(question=question, sort_order=number, **choice)
    return question


Send = Callable[..., Any]


@pytest.fixture
def send(client: Client, news: Topic) -> Send:
    """Fill in our own page and send it, with the answers of these labels."""

    def do(*labels: str, address: str = "ada@example.com", **more: Any) -> Any:
        with a_while_ago():
            soup = BeautifulSoup(client.get("/mail/join/?source=social-x").content, "html.parser")
        data: dict[str, Any] = {"form": soup.find("input", {"name": "form"})["value"], "email": address, "agree": "on"}
        for label in labels:
            box = soup.find("span", string=label).find_parent("label").find("input")
            data.setdefault(box["name"], []).append(box["value"])
        return client.post("/mail/join/", {**data, **more})

    return do


def confirm() -> Contact:
    row = SignUp.objects.get(confirmed_at=None)
    SignUp.objects.filter(pk=row.pk).update(expires_at=timezone.now() + timedelta(hours=1))
    confirm_sign_up(row)
    return Contact.objects.get(pk=row.contact_id)


class TestAnswers:
    def test_an_answer_becomes_tag_list_and_field_once_it_is_confirmed(self, send):
        tag, group, field = make_tag(name="Tea"), make_list(name="Fans"), make_field("likes", kind="choices")
        field.choices = "Tea\nPots"
        field.save()
        make_question(
            {"label": "Tea, please", "value": "Tea", "tag": tag, "contact_list": group},
            {"label": "Pots"},
            contact_field=field,
        )
        assert send("Tea, please", "Pots").status_code == 303
        contact = Contact.objects.get()
        assert (contact.tags.count(), contact.lists.count(), contact.attributes) == (0, 0, {})

        contact = confirm()

        assert (list(contact.tags.all()), list(contact.lists.all())) == ([tag], [group])
        assert contact.attributes == {"likes": ["Tea", "Pots"]}

    def test_where_it_came_from_is_kept(self, send):
        make_question({"label": "Tea", "tag": make_tag(name="Tea")}, contact_field=make_field("likes"))
        send("Tea")
        contact = confirm()
        evidence = f"sign-up {SignUp.objects.get().pk}"
        assert contact.tag_changes.get().source == f"self, {evidence}"
        change = contact.changes.get()
        assert (change.field, change.new_value, change.source, change.detail) == (
            "attributes.likes",
            "Tea",
            "self",
            evidence,
        )
        assert change.field_label == "likes"
        (row,) = collect_everything(contact)["sign_up_answers"]
        assert (row["choices__question__text"], row["choices__label"]) == ("What do you like?", "Tea")

    def test_segments_follow_the_answer(self, send):
        tag = make_tag(name="Tea", slug="tea")
        make_question({"label": "Tea", "tag": tag}, contact_field=make_field("likes"))
        by_tag = make_rules({"tag": {"tags": ["tea"]}})
        field = {"field": "attribute", "attribute": "likes", "operator": "is", "values": ["Tea"]}
        by_field = make_rules({"contact_field": field})
        send("Tea")
        now = timezone.now() + timedelta(minutes=1)
        assert not members(by_tag, at=now).exists()
        contact = confirm()
        assert list(members(by_tag, at=now)) == list(members(by_field, at=now)) == [contact]

    def test_an_answer_may_bring_a_topic_which_the_sentence_names(self, send, client, news):
        offers = make_topic(name="Offers", slug="offers", is_public=False)
        make_question({"label": "Bargains", "topic": offers}, {"label": "None"})
        html = client.get("/mail/join/").content.decode()
        assert "News, Offers" in html
        send("Bargains")
        assert set(SignUp.objects.get().topics.all()) == {news, offers}
        assert set(ConsentWording.objects.get().topics.all()) == {news, offers}
        contact = confirm()
        granted = contact.consents.filter(status="granted").values_list("topic__name", flat=True)
        assert set(granted) == {"News", "Offers"}

    def test_who_does_not_answer_keeps_what_is_known(self, send):
        make_question({"label": "Tea"}, contact_field=make_field("likes"))
        make_contact(email="ada@example.com", attributes={"likes": "Pots"})
        send()
        assert confirm().attributes == {"likes": "Pots"}

    def test_another_answer_is_another_sign_up(self, news):
        question = make_question({"label": "Tea"}, {"label": "Pots"})
        tea, pots = question.choices.order_by("sort_order")
        first = sign_up("ada@example.com", [news], source="site", visit=Visit(choices=[tea]))
        same = sign_up("ada@example.com", [news], source="site", visit=Visit(choices=[tea]))
        other = sign_up("ada@example.com", [news], source="site", visit=Visit(choices=[pots]))
        assert first == same != other
        assert list(other.choices.all()) == [pots]

    def test_answers_of_other_questions_are_refused(self, send):
        question = make_question({"label": "Tea"}, is_multiple=False)
        hidden = make_question({"label": "Staff", "tag": make_tag()}, name="Staff only", is_on_own_page=False)
        forged = {f"question_{question.pk}": str(hidden.choices.get().pk)}
        assert send(**forged).status_code == 400
        send(**{f"question_{hidden.pk}": str(hidden.choices.get().pk)})
        assert not SignUp.objects.get().choices.exists()

    def test_a_deleted_question_is_not_asked(self, client, send):
        question = make_question({"label": "Tea"})
        with a_while_ago():
            soup = BeautifulSoup(client.get("/mail/join/").content, "html.parser")
        token = soup.find("input", {"name": "form"})["value"]
        question.delete()
        data = {"form": token, "email": "ada@example.com", "agree": "on"}
        assert client.post("/mail/join/", data).status_code == 303


class TestForms:
    def test_a_block_asks_and_may_insist(self, client, news, rf):
        question = make_question({"label": "Tea"}, {"label": "Pots"}, is_multiple=False, is_on_own_page=False)
        block = SignUpBlock()
        value = block.to_python({"questions": [{"question": str(question.pk), "is_required": True}]})
        with a_while_ago():
            soup = BeautifulSoup(block.render(value, {"request": rf.get("/")}), "html.parser")
        boxes = soup.find_all("input", {"type": "radio"})
        assert len(boxes) == 2
        assert not any(box.has_attr("checked") for box in boxes)
        data = {"form": soup.find("input", {"name": "form"})["value"], "email": "ada@example.com", "agree": "on"}
        answer = client.post("/mail/join/", data)
        assert answer.status_code == 400
        assert "Choose one." in answer.content.decode()
        assert client.post("/mail/join/", {**data, boxes[1]["name"]: boxes[1]["value"]}).status_code == 303
        assert SignUp.objects.get().choices.get().label == "Pots"

    def test_the_api_describes_and_takes_answers(self, client, news):
        question = make_question({"label": "Tea"}, {"label": "Pots"})
        url = reverse("wagtail_precise_mail:api_sign_up")
        with a_while_ago():
            described = client.get(url).json()
        (field,) = [one for one in described["fields"] if one["name"] == f"question_{question.pk}"]
        assert (field["multiple"], [choice["name"] for choice in field["choices"]]) == (True, ["Tea", "Pots"])
        body = {"form": described["form"], "email": "ada@example.com", "agree": True}
        body[field["name"]] = [field["choices"][0]["value"]]
        assert client.post(url, json.dumps(body), content_type="application/json").status_code == 202
        assert SignUp.objects.get().choices.get().label == "Tea"

    def test_a_choice_must_fit_its_field(self):
        field = make_field("likes", kind="choice")
        field.choices = "Tea"
        field.save()
        question = make_question(contact_field=field, is_multiple=False)
        with pytest.raises(ValidationError, match="knows no such choice"):
            SignUpChoice(question=question, label="Coffee").full_clean()
        SignUpChoice(question=question, label="Yes, tea", value="Tea").full_clean()
        question.is_multiple = True
        with pytest.raises(ValidationError, match="holds one choice"):
            question.full_clean()

    def test_more_answers_cost_no_more_queries(self, client, news, django_assert_max_num_queries):
        make_question(*({"label": f"Answer {number}", "topic": make_topic()} for number in range(12)))
        client.get("/mail/join/")
        with django_assert_max_num_queries(16):
            assert client.get("/mail/join/").content.decode().count("Answer ") == 12


class TestAdmin:
    def test_a_question_is_written_with_what_its_answers_say(self, admin_client):
        tag = make_tag(name="Tea")
        data = {
            "name": "Interests",
            "text": "What do you like?",
            "is_multiple": "on",
            "choices-TOTAL_FORMS": "1",
            "choices-INITIAL_FORMS": "0",
            "choices-0-label": "Tea",
            "choices-0-tag": str(tag.pk),
            "choices-0-ORDER": "1",
        }
        answer = admin_client.post(reverse("precise-mail-questions:add"), data)
        assert answer.status_code == 302, answer.content.decode()
        choice = SignUpQuestion.objects.get().choices.get()
        assert (choice.label, choice.tag) == ("Tea", tag)
        assert "What do you like?" in page(admin_client, reverse("precise-mail-questions:index"))

    def test_only_who_may_write_questions_can(self):
        client = client_with("view_contact")
        assert is_refused(client.get(reverse("precise-mail-questions:add")))
        assert is_refused(client.get(reverse("precise-mail-questions:index")))


def test_a_form_that_was_open_for_long_asks_the_same_again(client, news):
    make_question({"label": "Tea"})
    token = BeautifulSoup(client.get("/mail/join/").content, "html.parser").find("input", {"name": "form"})["value"]
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        html = client.post("/mail/join/", {"form": token, "email": "ada@example.com"}).content.decode()
    assert "What do you like?" in html
