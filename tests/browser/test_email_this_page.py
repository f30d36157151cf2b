"""From an article in the page editor to its email in the email editor."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from example_site.magazine.models import FlexPage
from tests.browser.admin import overflow
from tests.factories.commerce import make_product
from wagtail_precise_mail.emails.models import Email


@pytest.fixture
def article(house: Site) -> FlexPage:
    """With everything that the magazine writes about."""
    product = make_product("MUG-1", name="Dipped mug", url="https://shop.example.com/mug/")
    page = FlexPage(
        title="About our garden",
        intro="Moss, mostly.",
        body=[
            ("heading", "In the shade"),
            ("paragraph", "<p>Ferns ask for <b>little</b>.</p>"),
            ("tip", {"title": "Water", "text": "<p>On Sundays.</p>"}),
            ("products", {"title": "From the shop", "products": [product]}),
        ],
    )
    house.root_page.add_child(instance=page)
    page.save_revision().publish()
    return page


@pytest.mark.usefixtures("no_autosave")
def test_article_becomes_an_email_with_blocks_and_a_preview(
    sender_page: Page, live_server: LiveServer, article: FlexPage
) -> None:
    page = sender_page
    page.goto(live_server.url + reverse("wagtailadmin_pages:edit", args=[article.pk]))
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Email this page").click()

    expect(page.get_by_role("heading", name="Email “About our garden”").last).to_be_visible()
    expect(page.get_by_label("The whole text")).to_be_checked()
    assert not Email.objects.exists()
    page.get_by_role("button", name="Make the email").click()

    expect(page.get_by_text("The email “About our garden” was made from the page. It is a draft.")).to_be_visible()
    expect(page.get_by_label("Subject")).to_have_value("About our garden")
    expect(page.get_by_label("Preheader")).to_have_value("Moss, mostly.")
    expect(page.locator("[data-contentpath=body] > * [data-streamfield-child]").first).to_be_visible()
    kinds = [child.block_type for child in Email.objects.get().body]
    text = "rich_text"
    assert kinds == ["heading", text, "heading", text, "heading", text, "heading", "columns", "button"]

    page.get_by_role("button", name="Toggle preview").click()
    mail = page.frame_locator("#w-preview-iframe").locator("body")
    expect(mail.get_by_role("heading", name="About our garden")).to_be_visible()
    expect(mail.get_by_text("Ferns ask for little.")).to_be_visible()
    expect(mail.get_by_text("On Sundays.")).to_be_visible()
    expect(mail.get_by_text("Dipped mug")).to_be_visible()
    expect(mail.get_by_role("link", name="Read it on the site")).to_be_visible()

    page.get_by_role("paragraph").filter(has_text="Made from the page").get_by_role("link").click()
    expect(page).to_have_url(live_server.url + reverse("wagtailadmin_pages:edit", args=[article.pk]))


@pytest.mark.parametrize("width", [1280, 390])
def test_question_fits_the_screen(sender_page: Page, live_server: LiveServer, article: FlexPage, width: int) -> None:
    page = sender_page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(live_server.url + reverse("precise_mail_email_from_page", args=[article.pk]))
    expect(page.get_by_role("button", name="Make the email")).to_be_visible()
    assert overflow(page) == []
    page.get_by_label("A teaser that leads to the page").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Make the email").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("was made from the page")).to_be_visible()
    assert [child.block_type for child in Email.objects.get().body] == ["page"]
