"""The admin opens, and every screen of ours is there without a script error."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_mail_menu_leads_to_every_listing(admin_page: Page, live_server) -> None:
    admin_page.get_by_role("button", name="Mail").click()
    menu = admin_page.locator(".w-sidebar")
    for label in ("Campaigns", "Emails", "Segments", "Contacts", "Products", "Orders"):
        expect(menu.get_by_role("link", name=label, exact=True)).to_be_visible()
