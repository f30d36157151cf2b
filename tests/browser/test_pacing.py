"""Limits, plans and alarms as a store admin sees them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.factories.campaigns import make_campaign, make_segment
from tests.factories.delivery import make_send
from tests.factories.pacing import limit, make_alarm, make_plan
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.delivery.pacing.models import Alarm, SendingLimit
from wagtail_precise_mail.delivery.pacing.slowing import slow_down
from wagtail_precise_mail.delivery.seeds.models import SeedAddress

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def look(page: Page, name: str) -> None:
    """Keep pictures for whoever judges the design, where ``PRECISE_MAIL_SHOTS`` names a folder."""
    if folder := os.environ.get("PRECISE_MAIL_SHOTS"):
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"), full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})


def test_a_limit_is_set_and_read_as_a_sentence(admin_page: Page, live_server: LiveServer) -> None:
    limit("outlook", 600, "minute")
    slow_down("outlook", reply="421 4.7.0 slower", at=timezone.now())
    admin_page.goto(f"{live_server.url}/admin/precise-mail-limits/new/")
    look(admin_page, "limit-form")
    admin_page.locator("select[name=target]").select_option("group:gmail")
    admin_page.locator("input[name=count]").fill("20000")
    admin_page.get_by_role("button", name="Create").click()
    expect(admin_page.get_by_text("Gmail: 20,000 mails per hour").first).to_be_visible()
    assert SendingLimit.objects.count() == 2
    look(admin_page, "limits")


def test_plans_and_seeds_can_be_read(admin_page: Page, live_server: LiveServer) -> None:
    make_plan([50, 100, 200])
    SeedAddress.objects.create(address="seed@gmail.com", mailbox="imaps://a:b@c.example/INBOX", problem="no login")
    admin_page.goto(f"{live_server.url}/admin/precise-mail-warm-ups/")
    expect(admin_page.get_by_text("50 of 50")).to_be_visible()
    look(admin_page, "plans")
    admin_page.goto(f"{live_server.url}/admin/precise-mail-warm-ups/new/")
    look(admin_page, "plan-form")
    admin_page.goto(f"{live_server.url}/admin/precise-mail-seeds/")
    look(admin_page, "seeds")
    admin_page.goto(f"{live_server.url}/admin/precise-mail-seeds/new/")
    look(admin_page, "seed-form")


def test_phones_show_what_seeds_and_plans_are_at(admin_page: Page, live_server: LiveServer) -> None:
    make_plan([50, 100, 200])
    SeedAddress.objects.create(address="seed@gmail.com", mailbox="imaps://a:b@c.example/INBOX", problem="no login")
    admin_page.set_viewport_size({"width": 390, "height": 844})
    admin_page.goto(f"{live_server.url}/admin/precise-mail-seeds/")
    expect(admin_page.locator("small", has_text="no login")).to_be_visible()
    expect(admin_page.locator("small", has_text="Gmail")).to_be_visible()
    admin_page.goto(f"{live_server.url}/admin/precise-mail-warm-ups/")
    expect(admin_page.locator("small", has_text="day 1 of 3")).to_be_visible()
    admin_page.set_viewport_size({"width": 1280, "height": 900})
    expect(admin_page.locator("small", has_text="day 1 of 3")).to_be_hidden()


def test_phones_keep_the_names_of_a_report_while_its_figures_scroll(admin_page: Page, live_server: LiveServer) -> None:
    send = make_send(state="finished")
    campaign = make_campaign(segment=make_segment(name="Tea drinkers"))
    Campaign.objects.filter(pk=campaign.pk).update(send=send, state=Campaign.State.SENT)
    admin_page.set_viewport_size({"width": 390, "height": 844})
    admin_page.goto(f"{live_server.url}/admin/reports/precise-mail-unsubscribes/")
    name = admin_page.get_by_role("cell", name="Tea drinkers")
    expect(name).to_be_in_viewport()
    admin_page.locator(".wpm-wide-report").evaluate("region => { region.scrollLeft = region.scrollWidth }")
    expect(admin_page.get_by_role("columnheader", name="No reason given")).to_be_in_viewport()
    expect(name).to_be_in_viewport()


def test_a_stopped_sender_is_seen_and_let_go_on(admin_page: Page, live_server: LiveServer) -> None:
    make_alarm(raised_at=timezone.now())
    make_alarm(raised_at=timezone.now(), domain="example.org", kind="bounces", level="warning", limit=2)
    make_alarm(raised_at=timezone.now(), ended_at=timezone.now(), kind="volume", event_count=52_000, limit=1200)
    admin_page.goto(f"{live_server.url}/admin/")
    look(admin_page, "home")
    admin_page.get_by_role("link", name="See what to do").first.click()
    look(admin_page, "alarms")
    admin_page.get_by_role("button", name="Let this sender go on").click()
    expect(admin_page.get_by_text("example.com may send again")).to_be_visible()
    assert Alarm.objects.filter(domain="example.com", ended_at=None).count() == 0
