"""From the link in a mail to the goal of a landing page, and what a stranger sees at the same address."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from tests.browser.admin import overflow
from tests.browser.conftest import HUMAN, SignIn
from tests.factories.campaigns import make_campaign
from tests.factories.contacts import make_contact, make_list
from tests.factories.emails import make_email, raw_block
from tests.factories.landing import goal_block, make_landing_page, send_mail
from tests.factories.segments import make_segment
from wagtail_precise_mail.campaigns.landing.models import LandingPage
from wagtail_precise_mail.delivery.channels import MemoryChannel
from wagtail_precise_mail.tracking.models import MessageEvent

BUTTON = "Get a tasting packet"


@pytest.fixture
def landing_page(house: Site, live_server: LiveServer, settings: Settings) -> Iterator[LandingPage]:
    """A landing page to which the mail led that Ada got, who loves tea."""
    settings.WAGTAIL_PRECISE_MAIL = {**settings.WAGTAIL_PRECISE_MAIL, "channel": "memory"}
    Site.objects.filter(pk=house.pk).update(hostname="localhost", port=int(live_server.url.rpartition(":")[2]))
    Site.clear_site_root_paths_cache()
    ada = make_contact(first_name="Ada")
    lovers = make_segment({"in_list": {"lists": [make_list(ada).slug]}}, name="Tea lovers")
    variant = {
        "segments": [{"type": "item", "value": lovers.pk, "id": "s"}],
        "content": [raw_block("heading", title="For tea lovers", level="1")],
    }
    default = [raw_block("heading", title="For everybody", level="1")]
    parts = raw_block("variants", variants=[{"type": "item", "value": variant, "id": "v"}], default=default)
    greeting = raw_block("rich_text", content='<p>Dear {{ contact.first_name | default: "friend" }}, have a cup.</p>')
    page = make_landing_page(parts, greeting, goal_block(label="Save me a place", url="/"), title="Tasting")
    email = make_email(parts, greeting, raw_block("button", label=BUTTON, page=page.pk, url=""))
    campaign = make_campaign(email=email, name="Spring")
    page.campaign = campaign
    page.save()
    send_mail(campaign, email, ada, base_url=live_server.url)
    yield page
    MemoryChannel.outbox.clear()


def test_reader_goes_on_from_the_mail_and_a_stranger_does_not(
    page: Page, chromium: Browser, landing_page: LandingPage, live_server: LiveServer, sign_in: SignIn
) -> None:
    mail = message_from_bytes(MemoryChannel.outbox[0].content, policy=policy.default)
    page.set_content(mail.get_body(["html"]).get_content())
    with page.expect_popup() as opened:
        page.get_by_role("link", name=BUTTON).click()
    landing = opened.value
    address = f"{live_server.url}{landing_page.url_path.removeprefix('/house')}"
    expect(landing).to_have_url(address)
    expect(landing.get_by_role("heading", name="For tea lovers")).to_be_visible()
    expect(landing.get_by_text("Dear Ada, have a cup.")).to_be_visible()
    landing.set_viewport_size({"width": 390, "height": 844})
    assert overflow(landing) == []

    context = chromium.new_context(user_agent=HUMAN)
    stranger = context.new_page()
    stranger.goto(address)
    expect(stranger.get_by_role("heading", name="For everybody")).to_be_visible()
    expect(stranger.get_by_text("Dear friend, have a cup.")).to_be_visible()
    stranger.get_by_role("button", name="Save me a place").click()
    expect(stranger).to_have_url(f"{live_server.url}/")
    assert not MessageEvent.objects.filter(kind="goal").exists()
    context.close()

    landing.get_by_role("button", name="Save me a place").click()
    expect(landing).to_have_url(f"{live_server.url}/")
    assert MessageEvent.objects.get(kind="goal").contact.first_name == "Ada"

    admin = sign_in(User.objects.create_superuser("root"))
    admin.goto(f"{live_server.url}{reverse('precise-mail-campaigns:inspect', args=[landing_page.campaign_id])}")
    card = admin.get_by_role("region", name="Landing page")
    expect(card).to_contain_text("1 contact came by a click; 1 reached the goal.")


def test_editor_makes_a_landing_page_from_a_campaign(house: Site, live_server: LiveServer, sign_in: SignIn) -> None:
    email = make_email(
        raw_block("heading", title="A quiet morning", level="1"),
        raw_block("button", label=BUTTON, page=None, url="/"),
        {"type": "survey", "id": "tea", "value": {"question": "Which tea?", "kind": "stars"}},
    )
    campaign = make_campaign(email=email, name="Spring")
    page = sign_in(User.objects.create_superuser("root"))
    page.goto(f"{live_server.url}{reverse('precise-mail-campaigns:inspect', args=[campaign.pk])}")
    page.get_by_role("link", name="Create landing page").click()
    page.get_by_role("button", name="Make the page").click()
    expect(page.get_by_text("1 block works in mails only and was left out: Survey.")).to_be_visible()
    expect(page.get_by_text(f"The button “{BUTTON}” is the goal button here.")).to_be_visible()
    expect(page.locator("#id_title")).to_have_value("News from the garden")
    page.get_by_role("button", name="Toggle preview").click()
    preview = page.frame_locator("#w-preview-iframe")
    expect(preview.get_by_role("button", name=BUTTON)).to_be_visible()
    assert LandingPage.objects.get().live is False
