"""Building a segment: the preview counts while the rules are edited."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from tests.browser.admin import choose, insert_block, press_in_menu, wait_until_watched
from tests.factories.commerce import make_order, make_product
from tests.factories.contacts import make_contact
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import members


@pytest.fixture(autouse=True)
def _people(house: Site) -> None:
    """Three in Britain, two in Germany; one of each bought the mug."""
    people = [make_contact(country=country) for country in ("GB", "GB", "GB", "DE", "DE")]
    mug = make_product("MUG-1", name="Dipped mug")
    for person in (people[0], people[4]):
        make_order(person, [(mug, 1, 9)])


@pytest.mark.journey
@pytest.mark.usefixtures("no_autosave")
def test_preview_counts_while_rules_are_edited(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    page.goto(live_server.url + reverse("wagtailsnippets_wagtail_precise_mail_segment:add"))
    page.locator("#id_name").press_sequentially("Neighbours")
    expect(page.locator("#id_slug")).to_have_value("neighbours")
    wait_until_watched(page)
    page.get_by_role("button", name="Toggle preview").click()
    rules = page.locator("[data-contentpath=rules]").first
    expect(preview(page).get_by_role("heading", name="No rules yet")).to_be_visible()

    insert_block(rules, "Country")
    rules.get_by_role("button", name="Add").click()
    rules.locator("select").last.select_option("GB")
    expect(preview(page).get_by_role("heading", name="3 contacts belong")).to_be_visible()
    rules.locator("select").last.select_option("DE")
    expect(preview(page).get_by_role("heading", name="2 contacts belong")).to_be_visible()

    insert_block(rules, "Group")
    group = rules.locator("[data-streamfield-child]", has_text="What must hold").last
    group.get_by_label("What must hold").select_option("none")
    group.get_by_role("button", name="Insert a block").first.click()
    page.get_by_role("option", name="Bought a product", exact=True).click()
    group.get_by_role("button", name="Add").first.click()
    choose(group, "Choose a product", "Dipped mug")
    expect(preview(page).get_by_role("heading", name="1 contact belongs")).to_be_visible()
    expect(preview(page)).to_contain_text("Dipped mug")

    press_in_menu(page, "Publish")
    expect(page.get_by_text("Segment 'Neighbours' created and published.")).to_be_visible()
    assert members(Segment.objects.get(name="Neighbours")).count() == 1


def preview(page: Page) -> Locator:
    return page.frame_locator("#w-preview-iframe").locator("body")
