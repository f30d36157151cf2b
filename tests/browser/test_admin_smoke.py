"""People log in, and the menu leads to every screen of ours, without a script error."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

MENUS = {
    "Mail": [
        "Campaigns",
        "Calendar",
        "Ideas",
        "Emails",
        "Saved blocks",
        "Image rights",
        "Senders",
        "Bounces and complaints",
    ],
    "People": [
        "Segments",
        "Contacts",
        "Contact lists",
        "Tags",
        "Topics",
        "Wordings of consent",
        "Privacy policies",
        "Sources of sign-ups",
        "Sign-up questions",
        "Contact fields",
        "Duplicates",
        "Suppressed addresses",
        "Requests about data",
        "Imports of contacts",
        "Exports of contacts",
        "Clean addresses",
        "Inactive contacts",
    ],
    "Shop": [
        "Products",
        "Categories",
        "Product pairs",
        "Pairs of categories",
        "Coupon pools",
        "Reviews",
        "Stores",
        "Orders",
        "Exchange rates",
        "Recommendations",
    ],
}


def test_menu_leads_to_every_listing(page: Page, live_server: LiveServer) -> None:
    page.goto(f"{live_server.url}/admin/")
    page.locator("input[name=username]").fill("admin")
    page.locator("input[name=password]").fill("precise")
    page.get_by_role("button", name="Sign in").click()

    menu, urls = page.get_by_role("navigation", name="Main menu"), []
    for name, labels in MENUS.items():
        menu.get_by_role("button", name=name, exact=True).click()
        links = menu.get_by_role("list", name=name).get_by_role("link")
        expect(links).to_have_text(labels)
        urls += links.evaluate_all("links => links.map(link => link.href)")
    for url in urls:
        page.goto(url)
        expect(page.get_by_role("main")).to_be_visible()
