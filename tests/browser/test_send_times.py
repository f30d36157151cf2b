"""The heat map of send times, and the panel of engagement, on a desk and on a telephone."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.admin import overflow
from tests.factories.contacts import make_contact, make_topic
from tests.factories.tracking import make_event, make_message, make_send
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.delivery.models import OutboxMessage
from wagtail_precise_mail.tracking.engaging import engage
from wagtail_precise_mail.tracking.models import MessageEvent

SIZES = [(1280, 1000), (390, 844)]


def make_week() -> Contact:
    """Mails of some hours: of one of them enough to judge by."""
    dice, send = random.Random(1), make_send(topic=None)
    for hours, count in ((1, 130), (25, 40), (49, 12), (30, 7)):
        moment = timezone.now() - timedelta(hours=hours)
        contacts = Contact.objects.bulk_create(
            [
                Contact(email=f"r{hours}-{number}@example.com", address_hash=f"{hours}-{number}")
                for number in range(count)
            ]
        )
        messages = OutboxMessage.objects.bulk_create(
            [
                OutboxMessage(
                    send=send, contact=one, address=one.email, recipient_key=one.address_hash, state="accepted",
                    created_at=moment, handed_off_at=moment, finished_at=moment,
                )
                for one in contacts
            ]
        )  # fmt: skip
        MessageEvent.objects.bulk_create(
            [
                MessageEvent(message=one, send=send, contact=one.contact, kind="click", happened_at=moment)
                for one in messages
                if dice.random() < 0.2
            ]
        )
    return make_contact(first_name="Ann", last_name="Whitcombe")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_heat_map_fits_the_screen(admin_page: Page, live_server: LiveServer, width: int, height: int) -> None:
    make_week()
    admin_page.set_viewport_size({"width": width, "height": height})
    admin_page.goto(f"{live_server.url}/admin/reports/precise-mail-send-times/?days=90")
    expect(admin_page.get_by_role("heading", name="Clicked by hour and weekday")).to_be_visible()
    _keep(admin_page, f"send-times-{width}")
    assert not overflow(admin_page)


def test_the_panel_says_why(admin_page: Page, live_server: LiveServer) -> None:
    ann = make_contact(first_name="Ann", last_name="Whitcombe", time_zone="UTC")
    sent_at = timezone.now() - timedelta(days=20)
    message = make_message(make_send(topic=make_topic()), ann, handed_off_at=sent_at, created_at=sent_at)
    for number in range(5):
        make_event(message, "click", happened_at=(sent_at + timedelta(days=number)).replace(hour=21))
    engage()
    admin_page.goto(live_server.url + reverse("precise-mail-contacts:inspect", args=[ann.pk]))
    expect(admin_page.get_by_text("21:00: when this contact clicks and orders most")).to_be_visible(timeout=20_000)
    _keep(admin_page, "profile-engagement")


def _keep(page: Page, name: str) -> None:
    if folder := os.environ.get("PRECISE_MAIL_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
