"""Writing an email from nothing: blocks, live preview, drafts, mistakes, a test mail."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from example_site.magazine.models import FlexPage
from tests.browser.admin import choose, insert_block, press_in_menu, wait_until_watched
from tests.browser.turnstile import Turnstile, Worker
from tests.factories.campaigns import make_email
from tests.factories.commerce import make_product
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.emails.models import Email

EMAILS = "wagtailsnippets_wagtail_precise_mail_email"


@pytest.fixture(autouse=True)
def _content(house: Site) -> None:
    """Something to write about."""
    house.root_page.add_child(instance=FlexPage(title="About our garden", intro="Moss, mostly."))
    make_product("MUG-1", name="Dipped mug", url="https://shop.example.com/mug/")


@pytest.mark.journey
@pytest.mark.usefixtures("no_autosave")
def test_email_is_written_previewed_saved_and_published(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    page.goto(live_server.url + reverse(f"{EMAILS}:add"))
    wait_until_watched(page)
    page.get_by_role("button", name="Toggle preview").click()
    page.locator("#id_name").fill("June")
    page.get_by_label("Subject").fill("News from the garden")
    body = page.locator("[data-contentpath=body]")

    insert_block(body, "Heading")
    block(body, 0).get_by_role("textbox", name="Heading").fill("Good morning")
    insert_block(body, "Text")
    block(body, 1).get_by_role("textbox").click()
    page.keyboard.type('Dear {{ contact.first_name | default: "friend" }}, it rained.')
    insert_block(body, "Page")
    choose(block(body, 2), "Choose a page", "About our garden")
    insert_block(body, "Product")
    choose(block(body, 3), "Choose a product", "Dipped mug")
    insert_block(body, "Button")
    block(body, 4).get_by_label("Words").fill("To the garden")
    block(body, 4).get_by_label("or to an address").fill("https://shop.example.com/garden/")

    mail = preview(page)
    expect(mail.get_by_role("heading", name="Good morning")).to_be_visible()
    expect(mail.get_by_text("Dear Alex, it rained.")).to_be_visible()
    expect(mail.get_by_text("Moss, mostly.")).to_be_visible()
    expect(mail.get_by_text("Dipped mug")).to_be_visible()
    expect(mail.get_by_role("link", name="To the garden")).to_be_visible()

    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Email 'June' created.")).to_be_visible()
    assert not Email.objects.get().live
    press_in_menu(page, "Publish")
    expect(page.get_by_text("Email 'June' updated and published.")).to_be_visible()
    email = Email.objects.get()
    assert email.live
    assert [child.block_type for child in email.body] == ["heading", "rich_text", "page", "product", "button"]


def test_wrong_merge_field_is_shown_at_its_block(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    open_editor(page, live_server, make_email(publish=False))
    body = page.locator("[data-contentpath=body]")
    block(body, 0).get_by_role("textbox", name="Heading").fill("Hello {{ contact.shoe_size }}")
    press_in_menu(page, "Publish")
    expect(block(body, 0).locator(".error-message")).to_contain_text("shoe_size")
    expect(block(body, 2).locator(".error-message")).to_have_count(0)
    assert not Email.objects.get().live


def test_autosave_keeps_what_is_half_written(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    email = make_email()
    open_editor(page, live_server, email)
    body = page.locator("[data-contentpath=body]")
    with page.expect_response(is_autosave) as saved:
        block(body, 0).get_by_role("textbox", name="Heading").fill("Hello {{ contact.first")
    assert saved.value.json()["success"]
    expect(page.locator("#w-autosave-indicator").get_by_text("Saved", exact=True)).to_be_visible()
    with page.expect_response(is_autosave) as saved:
        insert_block(body, "Button")
    assert saved.value.json()["success"]
    email.refresh_from_db()
    latest = email.get_latest_revision_as_object()
    assert latest.body[0].value["title"] == "Hello {{ contact.first"
    assert latest.body[3].block_type == "button"
    assert email.body[0].value["title"] != "Hello {{ contact.first", "the approved version stays"


def test_send_test_reaches_the_outbox(sender_page: Page, live_server: LiveServer, turnstile: Turnstile) -> None:
    page = sender_page
    open_editor(page, live_server, make_email(subject="Rain"))
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Send test").click()
    page.get_by_label("Send to").fill("me@example.com")
    page.get_by_role("main").get_by_role("button", name="Send test").click()
    expect(page.get_by_text("The test is on its way to me@example.com.")).to_be_visible()
    turnstile.let_through(1)
    Worker(Send.objects.get(is_test=True).pk).join()
    [envelope] = turnstile.outbox
    assert envelope.recipient == "me@example.com"
    assert message_from_bytes(envelope.content, policy=policy.default)["Subject"] == "[Test] Rain"
    page.get_by_role("link", name="See what becomes of it").click()
    expect(page.get_by_role("row", name=re.compile("accepted", re.IGNORECASE))).to_be_visible()


def open_editor(page: Page, live_server: LiveServer, email: Email) -> None:
    page.goto(live_server.url + reverse(f"{EMAILS}:edit", args=[email.pk]))
    wait_until_watched(page)


def block(body: Locator, index: int) -> Locator:
    """One block of the top level."""
    return body.locator("[data-streamfield-child]").nth(index)


def preview(page: Page) -> Locator:
    return page.frame_locator("#w-preview-iframe").locator("body")


def is_autosave(response) -> bool:
    return response.request.method == "POST" and "/edit/" in response.url
