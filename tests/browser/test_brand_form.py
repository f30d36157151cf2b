"""The form of the brand: a color is picked or typed, a theme is chosen, and the preview follows."""

from __future__ import annotations

from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from tests.browser.admin import wait_until_watched
from wagtail_precise_mail.emails.models import BrandSettings


def test_editor_brands_the_emails(admin_page: Page, house: Site, live_server: LiveServer) -> None:
    page = admin_page
    url = reverse("wagtailsettings:edit", args=["wagtail_precise_mail", "brandsettings", house.pk])
    page.goto(f"{live_server.url}{url}")
    page.get_by_role("button", name="Toggle preview").click()
    preview = page.frame_locator("#w-preview-iframe")
    expect(preview.locator(".wpm-panel")).to_be_visible()
    wait_until_watched(page)

    page.get_by_text("Loud and large").click()
    code = page.get_by_label("Primary color")
    swatch = code.locator("xpath=preceding-sibling::input")
    code.fill("#aa1166")
    expect(swatch).to_have_value("#aa1166")
    swatch.fill("#1166aa")
    expect(code).to_have_value("#1166aa")
    expect(preview.locator("table.wpm-header")).to_have_css("background-color", "rgb(17, 102, 170)")

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Email brand updated")).to_be_visible()
    brand = BrandSettings.for_site(house)
    assert (brand.theme, brand.primary_color, brand.text_color) == ("bold", "#1166aa", "")
