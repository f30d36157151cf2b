"""Importing contacts from the upload to the result, with the error file and back again."""

from __future__ import annotations

import csv
import io
import threading
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.admin import overflow
from tests.factories.contacts import make_topic
from wagtail_precise_mail.contacts.importing.run import go_on
from wagtail_precise_mail.models import Consent, Contact, ImportBatch


def work() -> None:
    """Be the worker, in a thread of its own as the worker has a process."""

    def until_done() -> None:
        try:
            for pk in ImportBatch.objects.values_list("pk", flat=True):
                while go_on(pk):
                    pass
        finally:
            connections.close_all()

    worker = threading.Thread(target=until_done)
    worker.start()
    worker.join()


def shot(page: Page, name: str) -> None:
    """Keep pictures at both widths when somebody wants to look."""
    import os

    folder = os.environ.get("WPM_SHOTS")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert overflow(page) == [], (name, width)
        if folder:
            page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"), full_page=True)


@pytest.mark.journey
def test_a_file_comes_in_and_goes_out_again(admin_page: Page, live_server: LiveServer, tmp_path: Path) -> None:
    make_topic(name="Newsletter", slug="newsletter")
    page = admin_page
    page.goto(f"{live_server.url}/admin/precise-mail-imports/new/")
    shot(page, "upload")
    with page.expect_download() as sample:
        page.get_by_role("link", name="A sample file to try").click()
    path = tmp_path / "fair.csv"
    sample.value.save_as(path)
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_role("heading", name="What the columns become")).to_be_visible()
    expect(page.get_by_label("What “Status” becomes")).to_have_value("state")
    expect(page.get_by_label("What “Interest” becomes")).to_have_value("tags")
    shot(page, "columns")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("nobody is imported without a basis")).to_be_visible()
    page.get_by_label("Why may we write to them?").select_option("opt_in")
    page.get_by_label("What proves it?").fill("Paper forms of the fair in May 2026, binder 3.")
    page.get_by_label("Newsletter").check()
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", name="Checking the file")).to_be_visible()
    work()

    expect(page.get_by_text("Nothing was written yet.")).to_be_visible()
    assert not Contact.objects.exists()
    shot(page, "checked")
    page.get_by_role("button", name="Import now").click()
    work()

    expect(page.get_by_text("finished", exact=True)).to_be_visible()
    shot(page, "finished")
    assert Contact.objects.count() == 3
    assert set(Consent.objects.values_list("status", flat=True)) == {"granted", "withdrawn"}
    with page.expect_download() as errors:
        page.get_by_role("link", name="Error file with 1 row").click()
    rows = list(csv.reader(io.StringIO(Path(errors.value.path()).read_text("utf-8-sig"))))
    assert rows[1][0] == "5"
    assert "is not an email address" in rows[1][1]

    page.locator("summary", has_text="Undo").click()
    page.get_by_label("Why?").fill("The wrong file")
    page.get_by_role("button", name="Undo this import").click()
    work()

    expect(page.get_by_text("3 contacts removed")).to_be_visible()
    assert not Contact.objects.exists()
    shot(page, "undone")
    page.goto(f"{live_server.url}/admin/precise-mail-imports/")
    expect(page.locator("#listing-results").get_by_text("undone")).to_be_visible()
    shot(page, "imports")
