"""Signing up by JSON: the form described, taken, and closed to other origins."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client

from tests.factories.contacts import grant, make_contact, make_topic
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.contacts.sign_ups import SignUp

pytestmark = pytest.mark.django_db

PATH = "/mail/api/sign-up/"


@pytest.fixture(autouse=True)
def news() -> Topic:
    return make_topic(name="News", slug="news")


def post(client: Client, **given: Any) -> Any:
    with time_machine.travel("2026-03-01T12:00:00+00:00", tick=False) as clock:
        token = client.get(f"{PATH}?source=app").json()["form"]
        clock.shift(10)
        data = {"form": token, "email": "ada@example.com", "agree": True, **given}
        return client.post(PATH, data, content_type="application/json")


def test_the_form_is_described_with_every_reason_and_the_wording(client: Client) -> None:
    described = client.get(PATH).json()
    assert [field["name"] for field in described["fields"]] == ["email", "first_name", "agree"]
    assert all(field["reason"] and isinstance(field["required"], bool) for field in described["fields"])
    assert described["wording"].startswith("Yes, send me “News”")
    assert described["topics"][0]["name"] == "News"


def test_a_sign_up_is_taken(client: Client) -> None:
    response = post(client, first_name="Ada")
    assert (response.status_code, response.json()) == (202, {"status": "accepted"})
    row = SignUp.objects.get()
    assert (row.source, row.answers, row.contact.email) == ("app", {"first_name": "Ada"}, "ada@example.com")


def test_known_addresses_get_the_same_answer(client: Client, news: Topic) -> None:
    grant(make_contact(email="ada@example.com"), news)
    response = post(client)
    assert (response.status_code, response.json()) == (202, {"status": "accepted"})


def test_a_typo_comes_with_its_correction(client: Client) -> None:
    response = post(client, email="ada@gmial.com")
    assert (response.status_code, response.json()["suggestion"]) == (400, "ada@gmail.com")
    assert post(client, email="ada@gmial.com", use="written").status_code == 202


@pytest.mark.parametrize(
    ("given", "field"),
    [({"email": "x"}, "email"), ({"agree": False}, "agree"), ({"form": "x"}, "form"), ({"email": ["a"]}, "email")],
)
def test_what_is_wrong_is_told_by_field(client: Client, given: dict[str, Any], field: str) -> None:
    response = post(client, **given)
    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert not Contact.objects.exists()


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"x"', "\xff"])
def test_a_body_that_is_no_object_is_refused(client: Client, body: str) -> None:
    assert client.post(PATH, body.encode("latin-1"), content_type="application/json").status_code == 400


def test_a_machine_is_thanked_and_ignored(client: Client) -> None:
    assert post(client, homepage="x").status_code == 202
    assert not Contact.objects.exists()


def test_the_throttles_are_those_of_the_page(client: Client, settings: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "sign_ups_per_ip_and_hour": 1}
    assert post(client).status_code == 202
    assert post(client, email="bob@example.com").status_code == 429


def test_scripts_of_other_sites_are_kept_out(client: Client) -> None:
    response = client.options(PATH, headers={"origin": "https://www.example.com"})
    assert "Access-Control-Allow-Origin" not in response


def test_scripts_of_a_listed_site_may_use_it_without_credentials(client: Client, settings: Any) -> None:
    settings.WAGTAIL_PRECISE_MAIL = {"sign_up_origins": ["https://www.example.com"]}
    response = client.options(PATH, headers={"origin": "https://www.example.com"})
    assert response["Access-Control-Allow-Origin"] == "https://www.example.com"
    assert "Access-Control-Allow-Credentials" not in response
    assert "Access-Control-Allow-Origin" not in client.get(PATH, headers={"origin": "https://evil.example"})
