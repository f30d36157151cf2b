"""A sender from its first line to the brand that has it: written, mailed, verified by the button, chosen."""

from __future__ import annotations

import re

from django.core import mail
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from tests.browser.admin import overflow, wait_until_watched
from tests.factories.emails import make_brand
from wagtail_precise_mail.emails.models import BrandSettings
from wagtail_precise_mail.emails.senders import SenderIdentity


def test_sender_is_verified_by_the_link_in_its_mail(admin_page: Page, house: Site, live_server: LiveServer) -> None:
    page = admin_page
    make_brand(sender=None)
    page.goto(f"{live_server.url}{reverse('precise-mail-senders:add')}")
    page.get_by_label("Name").fill("Ada from Fern & Kettle")
    page.get_by_label("Address").fill("Ada@Example.com")
    page.get_by_role("button", name="Create").click()

    expect(page.get_by_role("heading", name="Not verified")).to_be_visible()
    page.get_by_role("button", name="Send the confirmation").click()
    expect(page.get_by_role("heading", name="Confirmation sent")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert overflow(page) == []

    brand_url = reverse("wagtailsettings:edit", args=["wagtail_precise_mail", "brandsettings", house.pk])
    choice = page.get_by_role("combobox", name="Sender")
    page.goto(f"{live_server.url}{brand_url}#tab-company_and_sender")
    expect(choice.get_by_role("option", name="(confirmation sent)")).to_be_disabled()

    page.goto(link_in_mail(live_server))
    expect(page.get_by_text("ada@example.com").first).to_be_visible()
    assert not SenderIdentity.objects.get(address="ada@example.com").is_usable
    assert overflow(page) == []
    page.get_by_role("button", name="Yes, this address is mine").click()
    expect(page.get_by_role("heading", name="The address is verified")).to_be_visible()

    page.goto(f"{live_server.url}{brand_url}#tab-company_and_sender")
    wait_until_watched(page)
    choice.select_option(label="Ada from Fern & Kettle <ada@example.com>")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Email brand updated")).to_be_visible()
    assert BrandSettings.for_site(house).sender == SenderIdentity.objects.get(address="ada@example.com")


def link_in_mail(live_server: LiveServer) -> str:
    """Return the address in the mail that was sent to the sender."""
    (message,) = mail.outbox
    assert message.to == ["ada@example.com"]
    found = re.search(rf"{live_server.url}\S+", message.body)
    assert found, message.body
    return found[0]
