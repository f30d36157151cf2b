""" "Is this still right?" in a mail: the reader's details, and two links of their own."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.utils import timezone

from tests.emails.lists import load
from tests.factories.contacts import make_contact
from tests.factories.emails import compiled, make_brand, make_email, raw_block
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.preference_tokens import Reach, read_preference_token
from wagtail_precise_mail.delivery.personal_links import change_details, confirm_details
from wagtail_precise_mail.emails.blocks.details import ConfirmDetailsBlock
from wagtail_precise_mail.emails.body import email_blocks
from wagtail_precise_mail.emails.editions import Edition
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.personal_links import LinkPurpose
from wagtail_precise_mail.emails.personalize import FilledEmail, Personalizer
from wagtail_precise_mail.emails.preview import picker_preview
from wagtail_precise_mail.emails.readers import ReaderLoader

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _brand() -> None:
    make_brand()


def details(**overrides: Any) -> Email:
    fields = ["first_name", "city", "country", "organization"]
    return make_email(body=[raw_block("confirm_details", **{"fields": fields, **overrides})])


def read(email: Email, contact: Contact, edition: Edition = Edition.MAIL) -> FilledEmail:
    reader = load(email, contact)[contact.pk or 0]
    return Personalizer(compiled(email), edition=edition).fill(
        reader,
        rewrite_link=lambda link: link.url,
        system={"unsubscribe_url": "https://shop.example.com/leave"},
        personal_link=lambda name, block_id, argument: f"https://shop.example.com/mail/{name}",
    )


def rows(filled: FilledEmail) -> dict[str, str]:
    soup = BeautifulSoup(filled.html, "html.parser")
    return {row.th.get_text(): row.td.get_text() for row in soup.find_all("tr") if row.th}


def test_the_reader_sees_their_own_details() -> None:
    ada = make_contact(first_name="Ada <b>", city="Ulm", country="DE")
    filled = read(details(), ada)
    assert rows(filled) == {"First name": "Ada <b>", "City": "Ulm", "Country": "Germany", "Organization": "–"}
    assert "City: Ulm" in filled.text
    assert "Country: Germany" in filled.text


def test_only_chosen_details_are_in_the_mail() -> None:
    ada = make_contact(first_name="Ada", city="Ulm", job_title="Baker")
    filled = read(details(fields=["city"]), ada)
    assert rows(filled) == {"City": "Ulm"}
    assert "Ada" not in filled.text


def test_both_links_are_the_readers_own() -> None:
    filled = read(details(yes_label="All right", change_label="No"), make_contact())
    soup = BeautifulSoup(filled.html, "html.parser")
    hrefs = {link.get_text(): link["href"] for link in soup.find_all("a")}
    assert hrefs["All right"] == "https://shop.example.com/mail/confirm_details"
    assert hrefs["No"] == "https://shop.example.com/mail/change_details"
    assert "All right:\nhttps://shop.example.com/mail/confirm_details" in filled.text


@pytest.mark.parametrize("edition", [Edition.SHARED, Edition.PUBLIC])
def test_copies_for_others_show_nothing(edition: Edition) -> None:
    filled = read(details(), make_contact(city="Ulm"), edition)
    assert "Ulm" not in filled.html
    assert "details" not in filled.html


def test_links_reach_the_details_and_no_further() -> None:
    purpose = LinkPurpose(message_id=7, contact_id=3, block_id="b", argument="")
    path = confirm_details(purpose)
    known = read_preference_token(path.rstrip("/").split("/")[-2], at=timezone.now())
    assert (known.reach, known.contact_id, known.message_id) == (Reach.DETAILS, 3, 7)
    assert change_details(purpose).endswith("/details/?change=1")


def test_without_details_it_cannot_be_saved() -> None:
    block = ConfirmDetailsBlock()
    with pytest.raises(ValidationError):
        block.clean(block.to_python({"fields": []}))


def test_readers_cost_no_query(django_assert_num_queries: Any) -> None:
    contacts = [make_contact(city=f"City {number}") for number in range(20)]
    loader = ReaderLoader(compiled(details()).payload)
    with django_assert_num_queries(0):
        readers = loader.load(contacts, at=timezone.now(), base_url="https://shop.example.com")
    assert len(readers) == 20


@pytest.mark.parametrize("key", ["confirm_details", "welcome_coupon"])
def test_the_picker_shows_it(key: str) -> None:
    html = picker_preview(email_blocks.get(key)())
    assert ("Yes, still right" if key == "confirm_details" else "FERN-7K2M") in html
