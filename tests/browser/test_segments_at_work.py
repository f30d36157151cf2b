"""The ways to a segment that an editor goes: from a template, a figure of a report, a cluster, and a file."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from tests.browser.admin import press_in_menu, wait_until_watched
from tests.factories.commerce import make_order
from tests.factories.contacts import make_contact
from wagtail_precise_mail.commerce.figuring.refreshing import refresh_everybody
from wagtail_precise_mail.commerce.models import Cluster, ClusterRun
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.services import save_segment

NAME = "wagtailsnippets_wagtail_precise_mail_segment"


def make_buyers(*order_counts: int) -> None:
    """One customer for each number, with so many orders of late."""
    for count in order_counts:
        contact = make_contact()
        for days in range(count):
            make_order(contact, [("MUG-1", 1, 9)], placed_at=timezone.now() - timedelta(days=days + 1))


def preview(page: Page) -> Locator:
    wait_until_watched(page)
    page.get_by_role("button", name="Toggle preview").click()
    return page.frame_locator("#w-preview-iframe").locator("body")


@pytest.mark.usefixtures("no_autosave")
def test_a_template_becomes_a_segment_whose_count_follows_its_rules(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    make_buyers(1, 2, 3)
    page.goto(live_server.url + reverse(f"{NAME}:templates"))
    heading = page.get_by_role("heading", name="Repeat buyers", exact=True)
    page.locator(".wpm-templates li").filter(has=heading).get_by_role("button").click()
    expect(page.get_by_text("The draft is there.")).to_be_visible()

    seen = preview(page)
    expect(seen.get_by_role("heading", name="2 contacts belong")).to_be_visible()
    at_least = page.locator("[data-contentpath=rules]").first.get_by_label("At least")
    at_least.fill("3")
    expect(seen.get_by_role("heading", name="1 contact belongs")).to_be_visible()

    press_in_menu(page, "Publish")
    expect(page.get_by_text("Segment 'Repeat buyers' updated and published.")).to_be_visible()
    assert members(Segment.objects.get(name="Repeat buyers", live=True)).count() == 1


@pytest.mark.usefixtures("no_autosave")
def test_a_figure_of_the_rfm_grid_leads_to_a_segment_of_its_customers(
    sender_page: Page, live_server: LiveServer
) -> None:
    page = sender_page
    make_buyers(*[1] * 18, *[4] * 6)
    refresh_everybody(at=timezone.now())
    page.goto(live_server.url + reverse("precise_mail_customer_report"))
    cell = page.locator("#rfm-grid .wpm-grid__cell a").first
    count = int(cell.inner_text())
    cell.click()

    expect(page.locator("#id_name")).to_have_value(re.compile(r"^Recency \d, frequency \d$"))
    name = page.locator("#id_name").input_value()
    belong = "contact belongs" if count == 1 else "contacts belong"
    expect(preview(page).get_by_role("heading", name=f"{count} {belong}")).to_be_visible()
    assert not Segment.objects.filter(name=name).exists()
    press_in_menu(page, "Publish")
    expect(page.get_by_text(f"Segment '{name}' created and published.")).to_be_visible()
    assert members(Segment.objects.get(name=name)).count() == count


def test_a_cluster_is_saved_as_a_segment(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    make_buyers(1, 3)
    run = ClusterRun.objects.create(state=ClusterRun.State.DONE, finished_at=timezone.now(), contact_count=2)
    rules = {"rules": [{"order_count": {"min": 2}}]}
    Cluster.objects.create(
        run=run, number=1, contact_count=1, rules=rules, precision=1, recall=1, rule_count=1,
        figures={"share": 0.5, "orders": 3, "days": 1, "average": 9.0},
    )  # fmt: skip
    page.goto(live_server.url + reverse("precise_mail_clusters"))
    page.get_by_label("Name of the segment").fill("Who comes back")
    page.get_by_role("button", name="Save as segment").click()

    expect(page.get_by_text("Segment “Who comes back” saved.")).to_be_visible()
    page.get_by_role("link", name="Saved as “Who comes back”").click()
    expect(page.locator("#id_name")).to_have_value("Who comes back")
    assert members(Segment.objects.get(name="Who comes back")).count() == 1


def test_rules_leave_as_a_file_and_come_back_as_a_draft(
    house: Site, sender_page: Page, live_server: LiveServer, tmp_path: Path
) -> None:
    page, file = sender_page, tmp_path / "loyal.json"
    rules = {"rules": [{"order_count": {"min": 2}}, {"none": [{"country": {"countries": ["FR"]}}]}]}
    segment = save_segment("loyal", name="Loyal", rules=Rules.from_json(rules))
    page.goto(live_server.url + reverse(f"{NAME}:inspect", args=[segment.pk]))
    page.get_by_role("button", name="Actions").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as JSON").click()
    download.value.save_as(file)
    assert json.loads(file.read_text()) == {"name": "Loyal", **rules}

    page.goto(live_server.url + reverse(f"{NAME}:upload"))
    page.get_by_label("Name").fill("Loyal once more")
    page.get_by_label("JSON file").set_input_files(file)
    page.get_by_role("button", name="Make a draft").click()
    expect(page.get_by_text("The draft is there.")).to_be_visible()
    draft = Segment.objects.get(name="Loyal once more")
    assert not draft.live
    assert draft.read_rules().to_json() == segment.read_rules().to_json()
