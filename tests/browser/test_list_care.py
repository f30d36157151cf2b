"""The screens that keep a list clean, at the width of a desk and of a telephone."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.test_import_wizard import shot
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.contacts.hygiene.cleaning import look_on
from wagtail_precise_mail.contacts.services import withdraw
from wagtail_precise_mail.models import Cleanup, ContactExport, MessageEvent, Suppression


def _fill() -> None:
    topic, now = make_topic(name="Newsletter"), timezone.now()
    for number in range(24):
        source = ["Fair in Leipzig 2026", "Web shop", "Sign-up form"][number % 3]
        contact = make_contact(email=f"reader{number}@example.com", first_name="Ann", source=source)
        grant(contact, topic, at=now)
        for _mail in range(3):
            message = make_message(
                make_send(topic=topic), contact, state="accepted", created_at=now - timedelta(days=9)
            )
        if number % 4 == 0:
            facts = {"message": message, "send": message.send, "contact": contact, "happened_at": now}
            MessageEvent.objects.create(**facts, kind="open")
        if number % 8 == 0:
            withdraw(contact, topic, source="she")
    for address in ("bo@outlok.com", "cleo@mailinator.com", "info@example.org", "dan@pаypal.com"):
        make_contact(email=address, source="Web shop")


def test_wrong_addresses_are_found_suppressed_and_let_go(admin_page: Page, live_server: LiveServer) -> None:
    _fill()
    page = admin_page
    page.goto(f"{live_server.url}/admin/precise-mail-cleanups/new/")
    shot(page, "cleanup-begin")
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_text("Load the page again")).to_be_visible()
    look_on(Cleanup.objects.get().pk)
    page.reload()

    expect(page.get_by_text("bo@outlook.com")).to_be_visible()
    shot(page, "cleanup")
    page.get_by_label("Disposable mailbox").check()
    page.get_by_role("button", name="Suppress the chosen").click()
    expect(page.get_by_text("1 address is suppressed.")).to_be_visible()
    assert Suppression.objects.get().reason == "invalid"
    page.locator("main").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 suppressions lifted")).to_be_visible()
    assert not Suppression.objects.exists()


def test_inactive_contacts_are_counted_and_left_in_peace(admin_page: Page, live_server: LiveServer) -> None:
    _fill()
    page = admin_page
    page.goto(f"{live_server.url}/admin/precise-mail-sunsets/new/")
    page.get_by_label("mails without a reaction").fill("3")
    page.get_by_role("button", name="Count them").click()
    expect(page.locator("p[role=status]")).to_contain_text("18 contacts")
    shot(page, "sunset")
    page.get_by_role("button", name="Suppress them").click()

    expect(page.get_by_text("18 contacts are suppressed.")).to_be_visible()
    shot(page, "sunsets")
    assert Suppression.objects.filter(reason="sunset").count() == 18


def test_the_report_shows_growth_and_health(admin_page: Page, live_server: LiveServer) -> None:
    _fill()
    page = admin_page
    page.goto(f"{live_server.url}/admin/reports/precise-mail-list/")

    expect(page.get_by_role("row", name="Fair in Leipzig 2026")).to_contain_text("8")
    shot(page, "list-report")


def test_an_export_asks_what_for_and_gives_the_file(admin_page: Page, live_server: LiveServer) -> None:
    _fill()
    page = admin_page
    page.goto(f"{live_server.url}/admin/precise-mail-contacts/?q=outlok&export=csv")
    expect(page.get_by_role("heading", name="1 contact leaves the house")).to_be_visible()
    shot(page, "export")
    page.get_by_label("What for, and who gets the file?").fill("A letter to our dealers, Smith Printers")
    page.get_by_label("Purpose").select_option("mailing")
    with page.expect_download() as file:
        page.get_by_role("button", name="Log it and download").click()

    assert file.value.suggested_filename.endswith(".csv")
    assert ContactExport.objects.get().row_count == 1
    page.goto(f"{live_server.url}/admin/precise-mail-exports/")
    expect(page.get_by_text("Smith Printers")).to_be_visible()
    shot(page, "exports")
