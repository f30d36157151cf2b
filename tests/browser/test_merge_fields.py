"""Merge fields are picked, not typed: in one line fields by a button, in rich text as chips."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.admin import press_in_menu
from tests.browser.test_email_editor import block, open_editor
from tests.factories.contacts import make_contact
from tests.factories.emails import make_email, raw_block
from wagtail_precise_mail.emails.models import Email

pytestmark = pytest.mark.usefixtures("no_autosave")

CHIP = ".wpm-merge-chip"


def test_field_is_picked_into_the_subject_where_the_caret_stands(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    open_editor(page, live_server, make_email(subject="Hello and welcome"))
    subject = page.get_by_label("Subject")
    subject.focus()
    page.keyboard.press("Home")
    for _letter in "Hello ":
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Insert a merge field").first).to_be_focused()
    page.keyboard.press("Enter")
    pick(page, "First name", fallback="friend")
    expected = 'Hello {{ contact.first_name | default: "friend" }}and welcome'
    expect(subject).to_have_value(expected)
    expect(subject).to_be_focused()
    page.keyboard.type(" ")
    expect(subject).to_have_value(expected.replace("}}and", "}} and"))


def test_field_is_picked_into_a_heading(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    open_editor(page, live_server, make_email(raw_block("heading", title="Since ", level="1")))
    heading = block(page.locator("[data-contentpath=body]"), 0)
    heading.get_by_role("textbox", name="Heading").press("End")
    heading.get_by_role("button", name="Insert a merge field").click()
    modal = page.get_by_role("dialog")
    modal.get_by_role("link", name=re.compile("Contact since")).click()
    modal.get_by_label("Written").select_option("date:month-year")
    modal.get_by_role("button", name="Insert").click()
    title = heading.get_by_role("textbox", name="Heading")
    expect(title).to_have_value('Since {{ contact.created_on | date: "month-year" }}')


def test_missing_fallback_is_asked_for(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    open_editor(page, live_server, make_email(subject=""))
    page.get_by_role("button", name="Insert a merge field").first.click()
    modal = page.get_by_role("dialog")
    modal.get_by_role("link", name=re.compile("^City")).click()
    modal.get_by_role("button", name="Insert").click()
    expect(modal.get_by_text("This field is required.")).to_be_visible()


def test_amount_asks_for_its_currency_only_when_it_is_money(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    make_contact(attributes={"points": 12})
    open_editor(page, live_server, make_email(subject=""))
    page.get_by_role("button", name="Insert a merge field").first.click()
    modal = page.get_by_role("dialog")
    modal.get_by_role("link", name=re.compile("^points")).click()
    expect(modal.get_by_label("Currency")).to_be_hidden()
    modal.get_by_label("Written").select_option("money")
    expect(modal.get_by_label("Currency")).to_be_visible()
    modal.get_by_label("Written").select_option("plural")
    expect(modal.get_by_label("Currency")).to_be_hidden()
    modal.get_by_label("For one", exact=False).fill("# point")
    modal.get_by_label("For all other numbers").fill("# points")
    modal.get_by_label("If it is not known").fill("no points yet")
    modal.get_by_role("button", name="Insert").click()
    tag = '{{ contact.attributes.points | plural: "# point", "# points" | default: "no points yet" }}'
    expect(page.get_by_label("Subject")).to_have_value(tag)


def test_chip_is_inserted_edited_and_published_by_keyboard(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    email = make_email(raw_block("rich_text", content="<p>Dear </p>"))
    open_editor(page, live_server, email)
    text = rich_text(page)
    text.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" /merge")
    expect(page.get_by_role("option", name="Merge field")).to_be_visible()
    page.keyboard.press("Enter")
    pick(page, "First name", fallback="friend")
    expect(text.locator(CHIP)).to_have_text("{{ First name | friend }}")
    expect(text).to_be_focused()
    page.keyboard.type(", it rained.")
    expect(text.locator(CHIP)).to_have_text("{{ First name | friend }}")
    expect(text).to_have_text("Dear {{ First name | friend }}, it rained.")

    text.locator(CHIP).click()
    modal = page.get_by_role("dialog")
    expect(modal.get_by_label("If it is not known")).to_have_value("friend")
    modal.get_by_label("If it is not known").fill("gardener")
    modal.get_by_role("button", name="Insert").click()
    expect(text).to_have_text("Dear {{ First name | gardener }}, it rained.")

    wait_for_editor(text, "gardener")
    press_in_menu(page, "Publish")
    expect(page.get_by_text("updated and published.")).to_be_visible()
    source = Email.objects.get().body[0].value["content"].source
    tag = '{{ contact.first_name | default: "gardener" }}'
    assert f"<span data-wpm-merge>{tag}</span>" in source.replace('data-wpm-merge=""', "data-wpm-merge")
    open_editor(page, live_server, email)
    expect(rich_text(page).locator(CHIP)).to_have_text("{{ First name | gardener }}")


def test_chip_goes_as_a_whole_and_comes_back_when_that_is_undone(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    open_editor(page, live_server, make_email(chip_block()))
    text = rich_text(page)
    text.focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect(text).to_have_text("Dear ")
    page.keyboard.press("Control+z")
    expect(text.locator(CHIP)).to_have_text("{{ First name | friend }}")


def test_chip_survives_copy_and_paste_into_another_block(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    email = make_email(chip_block(), raw_block("rich_text", content="<p>Second</p>"))
    open_editor(page, live_server, email)
    first, second = rich_text(page, 0), rich_text(page, 1)
    first.focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    second.focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+v")
    expect(second.locator(CHIP)).to_have_text("{{ First name | friend }}")
    save_draft(page, second)
    email.refresh_from_db()
    [_first, second_block] = email.get_latest_revision_as_object().body
    assert '{{ contact.first_name | default: "friend" }}</span>' in second_block.value["content"].source


def test_copy_of_a_chip_in_a_plain_field_is_refused_rather_than_sent(
    sender_page: Page, live_server: LiveServer
) -> None:
    page = sender_page
    open_editor(page, live_server, make_email(chip_block(), subject=""))
    rich_text(page).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    page.get_by_label("Subject").focus()
    page.keyboard.press("Control+v")
    press_in_menu(page, "Publish")
    expect(page.locator("[data-contentpath=subject] .error-message")).to_contain_text("contact.first_name")
    assert Email.objects.get().subject == ""


def test_field_in_the_words_of_a_link_leaves_the_link_whole(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    content = '<p><a href="https://example.com/">Shop for you</a></p>'
    email = make_email(raw_block("rich_text", content=content))
    open_editor(page, live_server, email)
    text = rich_text(page)
    text.focus()
    page.keyboard.press("Control+Home")
    for _letter in "Shop for ":
        page.keyboard.press("ArrowRight")
    press_button(page)
    pick(page, "City", fallback="London")
    expect(text.locator("a")).to_have_count(1)
    save_draft(page, text)
    email.refresh_from_db()
    source = email.get_latest_revision_as_object().body[0].value["content"].source
    assert source.count("<a ") == 1
    assert 'Shop for {{ contact.city | default: "London" }}you' in source


def test_editor_is_told_who_sees_a_fallback_when_the_panel_is_opened(
    sender_page: Page, live_server: LiveServer
) -> None:
    page = sender_page
    make_contact(first_name="Ada")
    make_contact()
    tag = '{{ contact.first_name | default: "friend" }}'
    open_editor(page, live_server, make_email(subject=f"Dear {tag}"))
    page.get_by_role("region", name="Merge fields").get_by_role("button", name="Toggle section").click()
    row = page.get_by_role("row", name=re.compile("First name"))
    expect(row).to_contain_text("friend")
    expect(row).to_contain_text("50.0%")
    make_contact()
    page.get_by_role("button", name="Count again").click()
    expect(row).to_contain_text("66.7%")


def chip_block() -> dict[str, object]:
    tag = "{{ contact.first_name | default: &quot;friend&quot; }}"
    return raw_block("rich_text", content=f'<p>Dear <span data-wpm-merge="">{tag}</span>,</p>')


def rich_text(page: Page, index: int = 0) -> Locator:
    return block(page.locator("[data-contentpath=body]"), index).get_by_role("textbox")


def press_button(page: Page) -> None:
    """Press the button of the first block."""
    body = page.locator("[data-contentpath=body]")
    block(body, 0).get_by_role("button", name="Insert a merge field").click()


def wait_for_editor(text: Locator, words: str) -> None:
    """Wait until the editor has handed over what was typed, which it does after a moment."""
    field = text.locator("xpath=ancestor::*[@data-streamfield-child][1]").locator("[name$='-value-content']")
    expect(field).to_have_value(re.compile(words))


def save_draft(page: Page, text: Locator) -> None:
    wait_for_editor(text, "contact")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("updated.")).to_be_visible()


def pick(page: Page, label: str, *, fallback: str) -> None:
    """Pick a field in the modal by keyboard."""
    modal = page.get_by_role("dialog")
    expect(modal).to_be_focused()  # it takes the focus once it is shown
    link = modal.get_by_role("link", name=re.compile(f"^{label}"))
    link.press("Enter")
    modal.get_by_label("If it is not known").fill(fallback)
    page.keyboard.press("Enter")
    expect(page.locator(".modal, .modal-backdrop")).to_have_count(0)
