"""From the link in a mail to the preference page on a telephone, and what the next send makes of it."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from tests.browser.admin import overflow
from tests.browser.turnstile import Turnstile
from tests.factories.contacts import grant, make_contact, make_note, make_topic
from tests.factories.delivery import make_message, make_send
from tests.factories.emails import compiled, make_brand, make_email
from wagtail_precise_mail.contacts import rights, services
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.preference_tokens import Reach, make_preference_token
from wagtail_precise_mail.contacts.tasks import send_preference_link
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token
from wagtail_precise_mail.delivery.models import OutboxMessage, Send
from wagtail_precise_mail.delivery.services import deliver


def look(page: Page, name: str) -> None:
    """Keep a picture for people, where somebody asks for it."""
    if folder := os.environ.get("PRECISE_MAIL_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def link_in(mail: bytes, pattern: str) -> str:
    """The first address in the text part of a mail that matches."""
    text = message_from_bytes(mail, policy=policy.default).get_body(("plain",)).get_content()
    found = re.search(rf"https?://\S*{pattern}", text)
    assert found, text
    return found.group()


@pytest.fixture
def contact() -> Contact:
    return make_contact(email="ada.lovelace.of.the.analytical.engine@a-long-domain.example.com", first_name="Ada")


def sent_to(contact: Contact, topic: Any, live_server: LiveServer) -> OutboxMessage:
    send = make_send(topic=topic, compiled=compiled(make_email(), base_url=live_server.url), base_url=live_server.url)
    message = make_message(send, contact)
    deliver(send.pk)
    message.refresh_from_db()
    return message


def test_what_a_reader_chooses_on_a_telephone_counts_for_the_next_send(
    page: Page, live_server: LiveServer, house: Site, turnstile: Turnstile, contact: Contact
) -> None:
    turnstile.let_through(9)
    page.set_viewport_size({"width": 390, "height": 844})
    news = make_topic(name="Newsletter", description="What grows in the garden, every other Thursday")
    recipes = make_topic(name="Recipes", description="One for the weekend")
    offers = make_topic(name="Offers", description="")
    grant(contact, news)
    grant(contact, offers)
    assert sent_to(contact, news, live_server).state == "accepted"

    page.goto(link_in(turnstile.outbox[0].content, r"/p/[^/\s]+/"))
    expect(page.get_by_role("heading", name="Your mail settings")).to_be_visible()
    assert overflow(page) == []
    look(page, "preferences-390")
    page.get_by_label("Offers").uncheck()
    page.get_by_label("Recipes").check()
    page.get_by_label("At most once a week").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("At most once a week")).to_be_checked()

    assert sent_to(contact, offers, live_server).skip_reason == "unsubscribed"
    assert sent_to(contact, news, live_server).skip_reason == "cadence"
    assert sent_to(contact, recipes, live_server).state == "accepted"

    page.get_by_role("button", name="3 months").click()
    expect(page.get_by_role("button", name="End the pause")).to_be_visible()
    Contact.objects.filter(pk=contact.pk).update(cadence="every")
    assert sent_to(contact, recipes, live_server).skip_reason == "paused"
    page.get_by_role("button", name="End the pause").click()
    expect(page.get_by_text("Mail comes again.")).to_be_visible()
    assert sent_to(contact, recipes, live_server).state == "accepted"


def test_a_reader_asks_for_the_link_and_sees_corrects_and_deletes(
    page: Page, live_server: LiveServer, house: Site, turnstile: Turnstile, contact: Contact
) -> None:
    turnstile.let_through(1)
    page.set_viewport_size({"width": 390, "height": 844})
    make_note(contact)
    page.goto(live_server.url + reverse("wagtail_precise_mail:preference_link"))
    assert overflow(page) == []
    look(page, "preference-link-390")
    page.get_by_label("Email address").fill(contact.email)
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    assert overflow(page) == []

    send_preference_link(contact.pk, house.pk)  # what the worker does
    deliver(Send.objects.get(origin_kind="letter").pk)
    page.goto(link_in(turnstile.outbox[0].content, r"/data/"))
    expect(page.get_by_role("heading", name="Your data", exact=True)).to_be_visible()
    assert overflow(page) == []
    look(page, "own-data-390")
    page.get_by_label("First name").fill("Augusta")
    page.get_by_role("button", name="Yes, this is right").click()
    expect(page.get_by_text("Saved. Thank you for looking at it.")).to_be_visible()
    contact.refresh_from_db()
    assert contact.first_name == "Augusta"

    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything").click()
    assert download.value.suggested_filename.startswith("my-data-")

    page.get_by_role("button", name="Delete my data").click()
    look(page, "own-data-sure-390")
    page.get_by_role("button", name="Yes, delete my data").click()
    expect(page.get_by_text("We have your request.")).to_be_visible()
    assert contact.subject_requests.get(kind="erasure").state == "open"


def test_leaving_offers_fewer_mails_first(page: Page, live_server: LiveServer, house: Site, contact: Contact) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    path = reverse("wagtail_precise_mail:unsubscribe", args=[make_unsubscribe_token(contact.pk, 0)])
    page.goto(live_server.url + path)
    assert overflow(page) == []
    look(page, "unsubscribe-390")
    page.get_by_role("button", name="At most one a month").click()
    expect(page.get_by_role("heading", name="Fewer mails from now on")).to_be_visible()
    look(page, "slowed-390")
    contact.refresh_from_db()
    assert contact.cadence == "monthly"


@pytest.mark.parametrize("width", [1280, 390])
def test_colleagues_answer_requests_and_see_what_would_go(
    page: Page, admin_page: Page, live_server: LiveServer, house: Site, contact: Contact, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    at = timezone.now()
    request = rights.receive(contact, "erasure", source="self", site=house, at=at - timedelta(days=3))
    late = make_contact(email="late@example.com", country="CN")
    rights.receive(
        late, "access", source="Letter", site=house, note="Sent a copy of the passport", at=at - timedelta(days=40)
    )
    for number, reason in enumerate(["too_many", "too_many", "not_relevant", "", "never_asked"]):
        leaver = make_contact(email=f"leaver{number}@example.com")
        services.unsubscribe(leaver, reason=reason, comment="Too often for me" if number == 1 else "")

    page.goto(live_server.url + reverse("precise-mail-requests:index"))
    expect(page.get_by_text("days late")).to_be_visible()
    look(page, f"requests-{width}")
    page.get_by_role("link", name=contact.email).first.click()
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()
    look(page, f"request-{width}")
    assert overflow(page) == []
    page.get_by_label("I am sure: this cannot be undone.").check()
    page.get_by_role("button", name="Erase this person").click()
    expect(page.get_by_text("Erased. The hash of the address stays suppressed.")).to_be_visible()
    request.refresh_from_db()
    assert (request.state, request.contact) == ("done", None)

    page.goto(live_server.url + reverse("precise_mail_retention"))
    expect(page.get_by_text("Contents of messages")).to_be_visible()
    look(page, f"retention-{width}")
    assert overflow(page) == []

    page.goto(live_server.url + reverse("precise_mail_departures"))
    expect(page.get_by_role("link", name="leaver4@example.com")).to_be_visible()
    look(page, f"departures-{width}")
    page.get_by_role("link", name=re.compile("too many emails")).click()
    expect(page.get_by_role("link", name="leaver0@example.com")).to_be_visible()
    expect(page.get_by_role("link", name="leaver2@example.com")).to_have_count(0)


def test_the_page_is_readable_in_the_dark_and_wide(
    page: Page, live_server: LiveServer, house: Site, contact: Contact
) -> None:
    make_brand(company_name="Moss & Stone", primary_color="#7a1f5c", theme="bold")
    make_topic(name="Newsletter", description="What grows in the garden")
    page.emulate_media(color_scheme="dark")
    token = make_preference_token(contact.pk, reach=Reach.SETTINGS, at=timezone.now())
    page.goto(live_server.url + reverse("wagtail_precise_mail:preferences", args=[token]))
    expect(page.get_by_role("link", name="Moss & Stone").first).to_be_visible()
    look(page, "preferences-dark-1280")
