"""Signing up as a visitor does: on a page of the site, then in the mailbox, then one press, on a telephone."""

from __future__ import annotations

import email
import json
import re
from collections.abc import Iterator
from email.policy import default
from typing import Any

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from example_site.magazine.models import FlexPage
from tests.browser.admin import overflow
from tests.factories.contacts import make_policy, make_topic
from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.contacts.sign_ups import SignUp
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.delivery.services import deliver


@pytest.fixture(autouse=True)
def memory(house: Site, settings: Settings) -> Iterator[None]:
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    MemoryChannel.outbox.clear()
    yield
    MemoryChannel.outbox.clear()


@pytest.fixture
def letters(house: Site) -> FlexPage:
    """A page with the form on it, about two topics."""
    make_topic(name="Newsletter", slug="newsletter", description="New articles, twice a month.")
    make_topic(name="Offers", slug="offers", description="What is about to leave the shop.")
    make_policy("2026-03")
    body = json.dumps(
        [{"type": "sign_up", "id": "1", "value": {"title": "Letters", "asked": [{"name": "first_name"}], "topics": []}}]
    )
    page: Any = house.root_page.specific.add_child(instance=FlexPage(title="Letters", slug="letters", body=body))
    return page


def link_in_mail() -> str:
    """Deliver what waits, and return where the button in the mail leads."""
    for send in Send.objects.filter(state=Send.State.RUNNING):
        deliver(send.pk)
    mail: Any = email.message_from_bytes(MemoryChannel.outbox[-1].content, policy=default)
    soup = BeautifulSoup(mail.get_body(("html",)).get_content(), "html.parser")
    return str(soup.find("a", string="Yes, write to me")["href"])


@pytest.mark.journey
@pytest.mark.parametrize("width", [1280, 390])
def test_visitor_signs_up_on_a_page_and_confirms_in_the_mail(
    page: Page, letters: FlexPage, live_server: LiveServer, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{live_server.url}/letters/?source=social-x")
    assert overflow(page) == []
    page.get_by_label("Email address").fill("ada.lovelace@example.com")
    page.get_by_label("First name").fill("Ada")
    page.get_by_label(re.compile("New articles")).check()
    page.get_by_label(re.compile("Yes, send me by email")).check()
    page.wait_for_timeout(2000)  # quicker than that is no person
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(page.get_by_role("heading", name="Look into your inbox")).to_be_visible()
    assert overflow(page) == []
    contact = Contact.objects.get()
    assert [consent.status for consent in contact.consents.all()] == ["pending"]

    page.goto(link_in_mail())
    expect(page.get_by_role("heading", name="One press, and you are in")).to_be_visible()
    assert overflow(page) == []
    page.get_by_role("button", name="Yes, write to me").click()
    expect(page.get_by_role("heading", name="You are in")).to_be_visible()

    contact.refresh_from_db()
    topic = Topic.objects.get(slug="newsletter")
    assert (contact.email, contact.first_name, contact.source) == ("ada.lovelace@example.com", "Ada", "social-x")
    assert Contact.objects.with_consent(topic.pk).get() == contact
    assert SignUp.objects.get().source_page_id == letters.pk


def test_visitor_without_javascript_is_asked_about_a_typo(chromium: Any, house: Site, live_server: LiveServer) -> None:
    make_topic(name="Newsletter", slug="newsletter")
    context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/mail/join/")
    page.get_by_label("Email address").fill("ada@gmial.com")
    page.get_by_label(re.compile("Yes, send me")).check()
    page.wait_for_timeout(2000)
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(page.get_by_text("Did you mean ada@gmail.com?")).to_be_visible()
    page.get_by_role("button", name="Yes, ada@gmail.com").click()
    expect(page.get_by_role("heading", name="Look into your inbox")).to_be_visible()
    context.close()
    assert Contact.objects.get().email == "ada@gmail.com"
