"""From nothing to a scheduled newsletter in under twenty actions, in an editor that is calm and silent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from example_site.magazine.models import FlexPage
from tests.browser.admin import choose, press_in_menu, wait_until_watched
from tests.factories.campaigns import make_readers, make_segment
from tests.factories.commerce import make_product
from tests.factories.contacts import make_topic
from tests.factories.emails import make_image
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.emails.models import Email

ACTIONS = 20

# What moves by itself while somebody writes; moves right after an input of theirs do not count (web.dev/cls).
_SHIFTS = """() => {
  window.wpmShift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.wpmShift += entry.value;
  }).observe({type: "layout-shift", buffered: false});
}"""


class Person:
    """Somebody at the keyboard, whose actions are counted: a click, a field filled in, a thing chosen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    def click(self, locator: Locator) -> None:
        self.actions += 1
        locator.click()

    def fill(self, locator: Locator, text: str) -> None:
        self.actions += 1
        locator.fill(text)

    def choose(self, scope: Any, button: str, title: str) -> None:
        # The button, the word to look for, the thing.
        self.actions += 3
        choose(scope, button, title)

    def press_in_menu(self, name: str) -> None:
        self.actions += 2
        press_in_menu(self.page, name)


@pytest.fixture(autouse=True)
def _shop(house: Site) -> None:
    """A site with something to tell and somebody to tell it to."""
    for number in range(3):
        house.root_page.add_child(instance=FlexPage(title=f"Story {number}", slug=f"story-{number}", intro="Moss."))
        make_product(f"TEA-{number}", name=f"Tea {number}", image=make_image(f"Tea {number}", size=(900, 700)))
    make_segment(name="All of them")
    make_readers(make_topic(name="Newsletter"), 5)


@pytest.mark.journey
@pytest.mark.usefixtures("no_autosave")
def test_newsletter_is_scheduled_in_under_twenty_actions(sender_page: Page, live_server: LiveServer) -> None:
    page, person = sender_page, Person(sender_page)
    page.goto(live_server.url + reverse("wagtailsnippets_wagtail_precise_mail_email:list"))
    person.click(page.get_by_role("link", name="Add email").first)
    person.click(page.get_by_role("button", name="Use this: Newsletter"))
    expect(page.get_by_text("A draft was made from “Newsletter”.")).to_be_visible()
    wait_until_watched(page)
    person.fill(page.locator("#id_subject"), "Three teas for the quiet season")
    person.press_in_menu("Publish")
    expect(page.get_by_text("updated and published")).to_be_visible()
    assert Email.objects.get().live

    page.goto(f"{live_server.url}/admin/precise-mail-campaigns/")
    person.click(page.get_by_role("link", name="Add campaign").first)
    person.fill(page.locator("#id_name"), "Quiet season")
    person.choose(page, "Choose email", "Newsletter")
    person.choose(page, "Choose segment", "All of them")
    person.click(page.locator("footer [type=submit], nav [type=submit]").first)
    expect(page.get_by_role("heading", name="Before it goes out")).to_be_visible()
    tomorrow = timezone.now() + timedelta(days=1)
    person.fill(page.get_by_label("Date and time"), tomorrow.strftime("%Y-%m-%dT09:30"))
    person.click(page.get_by_role("button", name="Schedule", exact=True))
    expect(page.get_by_text("Scheduled").first).to_be_visible()

    assert Campaign.objects.get().state == Campaign.State.SCHEDULED
    assert person.actions < ACTIONS, f"{person.actions} actions"


def test_editor_does_not_move_under_the_hands_of_its_writer(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    page.goto(live_server.url + reverse("precise_mail_starters"))
    page.get_by_role("button", name="Use this: Newsletter").click()
    wait_until_watched(page)
    page.get_by_role("button", name="Toggle preview").click()
    mail = page.frame_locator("#w-preview-iframe").locator("body")
    expect(mail.get_by_role("heading", name="What we have been up to")).to_be_visible()
    page.wait_for_timeout(1000)
    page.evaluate(_SHIFTS)
    subject = page.locator("#id_subject")
    subject.fill("Three teas")
    subject.press_sequentially(" for the quiet season", delay=30)
    # Autosave and preview answer in this time.
    page.wait_for_timeout(4000)
    # 0.1 is what web.dev calls good.
    assert page.evaluate("window.wpmShift") < 0.1


@pytest.mark.usefixtures("no_autosave")
def test_email_is_written_by_keyboard_alone(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    page.goto(live_server.url + reverse("precise_mail_starters"))
    page.get_by_role("button", name="Use this: Letter").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("A draft was made from “Letter”.")).to_be_visible()
    wait_until_watched(page)
    page.locator("#id_subject").focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("By keyboard")
    insert = page.locator("[data-contentpath=body]").get_by_role("button", name="Insert a block").last
    insert.focus()
    page.keyboard.press("Enter")
    search = page.get_by_placeholder("Search options…")
    expect(search).to_be_visible()
    # The picker opens below the button: its search is the next stop, where it has not the focus already.
    for _stop in range(3):
        if search.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(search).to_be_focused()
    page.keyboard.type("Divider")
    expect(page.locator(".w-combobox__option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[data-contentpath=body] [data-streamfield-child]")).to_have_count(5)
    page.get_by_role("button", name="Save draft").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("updated.")).to_be_visible()
    latest = Email.objects.get().get_latest_revision_as_object()
    assert latest.subject == "By keyboard"
    assert [child.block_type for child in latest.body][-1] == "divider"
