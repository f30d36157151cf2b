"""Through all states of a campaign, by the buttons, as somebody does it whose group may send."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from tests.browser.admin import choose, overflow
from tests.browser.turnstile import Turnstile, Worker
from tests.factories.campaigns import make_campaign, make_email, make_readers, make_segment, make_sender
from tests.factories.contacts import make_contact, make_topic
from tests.tracking.hits import count_now
from wagtail_precise_mail.campaigns import services, tasks
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.delivery.channels import Envelope
from wagtail_precise_mail.delivery.models import OutboxMessage

READERS = 8
EVERYBODY = READERS + 1
BUTTON = "To the shop"


@pytest.fixture(autouse=True)
def _ready(house: Site, live_server: LiveServer, settings: Settings) -> None:
    """An approved email, a segment of everybody, and a topic that all but one of them agreed to."""
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "claim_size": 1, "handoff_size": 1}
    button = {"type": "button", "value": {"label": BUTTON, "url": f"{live_server.url}/"}}
    make_email(name="Spring letter", body=[{"type": "heading", "value": {"title": "New in the shop"}}, button])
    make_segment(name="All of them")
    make_readers(make_topic(name="Newsletter"), READERS)
    make_contact(email="never-asked@example.com")


@pytest.mark.journey
def test_campaign_goes_through_all_of_its_states(
    sender_page: Page, live_server: LiveServer, turnstile: Turnstile
) -> None:
    page = sender_page
    write(page, live_server, "Spring")
    expect(stage(page)).to_have_text("Draft")
    expect(page.get_by_text(f"{READERS} of {EVERYBODY} in the audience")).to_be_visible()
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("“Spring” starts now.")).to_be_visible()
    expect(stage(page)).to_have_text("Scheduled")

    tasks.pump()
    worker = Worker(Campaign.objects.get().send_id)
    # By itself: other buttons belong to the new state.
    expect(stage(page)).to_have_text("Sending")
    expect(page.locator("[data-wpm-poll-state-value='sending-running']")).to_be_visible()
    # One never agreed to the topic: nothing is left to do about them.
    expect(done(page)).to_have_text(f"1 of {EVERYBODY} done")
    page.evaluate("window.isTheSamePage = true")
    turnstile.let_through(3)
    turnstile.wait_for_next()
    expect(done(page)).to_have_text(f"4 of {EVERYBODY} done")
    assert page.evaluate("window.isTheSamePage"), "progress comes without a new page"

    page.locator("summary", has_text="Pause").click()
    page.get_by_label("Why? Colleagues read it.").fill("Wrong price")
    page.get_by_role("button", name="Pause now").click()
    expect(page.get_by_role("status").filter(has_text="Wrong price")).to_be_visible()
    turnstile.let_through(READERS)
    worker.join()
    page.reload()
    # Only the message that was at the door already has left.
    expect(done(page)).to_have_text(f"5 of {EVERYBODY} done")

    page.get_by_role("button", name="Resume").click()
    expect(stage(page)).to_have_text("Sending")
    Worker(Campaign.objects.get().send_id).join()
    expect(stage(page)).to_have_text("Sent")
    assert len({envelope.recipient for envelope in turnstile.outbox}) == len(turnstile.outbox) == READERS
    expect(figure(page, "Accepted")).to_have_text(str(READERS))

    follow_link(page, turnstile.outbox[0])
    count_now()
    page.reload()
    expect(figure(page, "Opened")).to_have_text("1")
    expect(figure(page, "Clicked")).to_have_text("1")
    expect(page.get_by_role("region", name="Links").get_by_role("row", name=BUTTON)).to_be_visible()

    page.get_by_label("Worth knowing next time").fill("Prices first")
    page.get_by_role("button", name="Mark as evaluated").click()
    expect(stage(page)).to_have_count(0)
    expect(page.get_by_role("region", name="What we learned")).to_contain_text("Prices first")
    assert Campaign.objects.get().state == Campaign.State.EVALUATED


def test_scheduled_campaign_is_cancelled_before_anybody_gets_it(
    sender_page: Page, live_server: LiveServer, turnstile: Turnstile
) -> None:
    page = sender_page
    write(page, live_server, "Summer")
    tomorrow = timezone.now() + timedelta(days=1)
    page.get_by_label("Date and time").fill(tomorrow.strftime("%Y-%m-%dT09:30"))
    page.get_by_role("button", name="Schedule", exact=True).click()
    expect(stage(page)).to_have_text("Scheduled")
    expect(page.get_by_text(f"{tomorrow:%a} {tomorrow.day} {tomorrow:%b %Y}, 09:30")).to_be_visible()

    page.locator("summary", has_text="Cancel").click()
    page.get_by_role("button", name="Cancel this campaign").click()
    expect(stage(page)).to_have_text("Cancelled")
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)
    tasks.pump()
    assert not OutboxMessage.objects.exists()


def test_campaign_that_is_sending_is_cancelled_for_those_who_wait(
    sender_page: Page, live_server: LiveServer, turnstile: Turnstile
) -> None:
    page = sender_page
    write(page, live_server, "Autumn")
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_text("“Autumn” starts now.")).to_be_visible()
    tasks.pump()
    turnstile.let_through(2)
    worker = Worker(Campaign.objects.get().send_id)
    turnstile.wait_for_next()
    page.reload()
    page.locator("summary", has_text="Cancel").click()
    page.get_by_role("button", name="Cancel this campaign").click()
    expect(stage(page)).to_have_text("Cancelled")
    turnstile.let_through(READERS)
    worker.join()
    assert len(turnstile.outbox) == 3


def test_campaign_page_fits_a_phone(sender_page: Page, live_server: LiveServer, turnstile: Turnstile) -> None:
    page = sender_page
    page.set_viewport_size({"width": 390, "height": 844})
    draft = make_campaign(name="A rather long name of a campaign about very long_words_without_any_space_in_them")
    page.goto(f"{live_server.url}{reverse('precise-mail-campaigns:inspect', args=[draft.pk])}")
    expect(stage(page)).to_have_text("Draft")
    assert overflow(page) == []

    turnstile.let_through(READERS)
    services.schedule(draft, scheduled_at=(now := timezone.now()), by=make_sender(is_superuser=True), at=now)
    tasks.pump()
    Worker(Campaign.objects.get().send_id).join()
    page.reload()
    expect(stage(page)).to_have_text("Sent")
    assert overflow(page) == []


def write(page: Page, live_server: LiveServer, name: str) -> None:
    """Make a draft by the form; the campaign page follows."""
    page.goto(f"{live_server.url}/admin/precise-mail-campaigns/")
    page.get_by_role("link", name="Add campaign").first.click()
    page.locator("#id_name").fill(name)
    choose(page, "Choose email", "Spring letter")
    choose(page, "Choose segment", "All of them")
    page.locator("footer [type=submit], nav [type=submit]").first.click()
    expect(page.get_by_role("heading", name="Before it goes out")).to_be_visible()


def stage(page: Page) -> Locator:
    """Where the campaign stands, as its page shows it."""
    return page.get_by_role("list", name="Progress of the campaign").locator("[aria-current=step]")


def done(page: Page) -> Locator:
    """The sentence above the bar."""
    return page.locator(".wpm-big")


def figure(page: Page, label: str) -> Locator:
    """One of the big numbers."""
    figures = page.get_by_role("region", name="Figures").locator(".wpm-figure")
    return figures.filter(has=page.get_by_text(label, exact=True)).locator("strong")


def follow_link(page: Page, envelope: Envelope) -> None:
    """Open a mail and follow its button, as its reader does."""
    mail = message_from_bytes(envelope.content, policy=policy.default)
    html = mail.get_body(["html"]).get_content()
    reader = page.context.new_page()
    reader.set_content(html)
    with reader.expect_popup() as opened:
        reader.get_by_role("link", name=BUTTON).click()
    expect(opened.value.get_by_role("heading", name="Tea", exact=True)).to_be_visible()
