"""The checks beside the editor: found at their place, fresh after a save, dismissed for good."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.admin import overflow, wait_until_watched
from tests.browser.test_email_editor import EMAILS, block
from tests.emails.checks import button, columns, heading
from tests.factories.emails import make_email
from wagtail_precise_mail.emails.models import Email

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def email() -> Email:
    email = make_email(heading(1), columns([button(label="")]), subject="Rain on the roof")
    email.save_revision()
    return email


def open_checks(page: Page, live_server: LiveServer, email: Email) -> None:
    page.goto(live_server.url + reverse(f"{EMAILS}:edit", args=[email.pk]))
    wait_until_watched(page)
    page.get_by_role("button", name="Toggle checks").click()


def test_finding_leads_to_its_block_though_it_is_folded_away(
    sender_page: Page, live_server: LiveServer, email: Email
) -> None:
    page = sender_page
    open_checks(page, live_server, email)
    page.get_by_role("button", name="Collapse all").click()
    label = page.get_by_role("textbox", name="Words", include_hidden=True)
    expect(label).to_be_hidden()
    link = page.get_by_role("link", name="Columns, block 2 › Button, block 1")
    link.focus()
    page.keyboard.press("Enter")
    expect(label).to_be_focused()
    expect(label).to_be_in_viewport()


def test_finding_leads_to_its_block_on_a_phone(sender_page: Page, live_server: LiveServer, email: Email) -> None:
    page = sender_page
    page.set_viewport_size(PHONE)
    open_checks(page, live_server, email)
    assert overflow(page) == []
    page.get_by_role("link", name="Columns, block 2 › Button, block 1").click()
    expect(page.get_by_role("textbox", name="Words", include_hidden=True)).to_be_in_viewport()
    expect(page.locator("[data-side-panel=checks]")).to_be_hidden()


def test_panel_is_fresh_after_autosave(sender_page: Page, live_server: LiveServer, email: Email) -> None:
    page = sender_page
    open_checks(page, live_server, email)
    counter = page.locator("[data-side-panel-toggle=checks] [data-side-panel-toggle-counter]")
    expect(counter).to_have_text("1")
    page.get_by_label("Subject").fill("Re: rain")
    expect(page.get_by_text("pretends to be an answer")).to_be_visible()
    expect(counter).to_have_text("2")
    body = page.locator("[data-contentpath=body]")
    expect(block(body, 0)).to_be_visible()


def test_hint_stays_dismissed_until_it_is_called_back(sender_page: Page, live_server: LiveServer, email: Email) -> None:
    page = sender_page
    open_checks(page, live_server, email)
    hint = page.get_by_text("The subject is a plain statement.")
    expect(hint).to_be_visible()
    hint.locator("xpath=ancestor::li").get_by_role("button", name="Dismiss hint").press("Enter")
    expect(hint).to_be_hidden()
    page.reload()
    wait_until_watched(page)
    expect(page.get_by_role("button", name="Show dismissed hints")).to_be_visible()
    expect(hint).to_be_hidden()
    page.get_by_role("button", name="Show dismissed hints").click()
    expect(hint).to_be_visible()


@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, PHONE])
def test_other_form_of_the_subject_is_taken_over_by_keyboard_and_can_be_undone(
    sender_page: Page, live_server: LiveServer, size: Any
) -> None:
    page = sender_page
    page.set_viewport_size(size)
    email = make_email(heading(1), button(), subject="New teas for spring")
    email.save_revision()
    open_checks(page, live_server, email)
    page.get_by_role("button", name="Take over: Have you seen our new teas for spring?").press("Enter")
    subject = page.get_by_role("textbox", name="Subject")
    expect(subject).to_have_value("Have you seen our new teas for spring?")
    expect(subject).to_be_focused()
    expect(subject).to_be_in_viewport()
    # Autosave heard of it, and the hint is gone with what it was about.
    expect(page.get_by_text("The subject is a plain statement.")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(subject).to_have_value("New teas for spring")


def test_links_are_followed_on_demand(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    open_checks(page, live_server, links_email())
    page.get_by_role("button", name="Check links").click()
    expect(page.get_by_role("heading", name="Links")).to_be_focused()
    expect(page.get_by_text("It leads into a private network.").first).to_be_visible()


def links_email() -> Email:
    email = make_email(button(url="http://10.0.0.1/"))
    email.save_revision()
    return email
