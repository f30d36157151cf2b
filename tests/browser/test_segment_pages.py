"""The pages of a segment, in a real browser: what is fetched late arrives, and nothing is wider than the screen."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from tests.factories.commerce import make_category
from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.segments import make_rules, make_segment
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.services import save_segment
from wagtail_precise_mail.segments.sizes import SegmentSize

GERMANS = {"country": {"countries": ["DE"]}}
NAME = "wagtailsnippets_wagtail_precise_mail_segment"


def _fill() -> list[tuple[str, str]]:
    topic = make_topic(name="Newsletter")
    for number in range(30):
        contact = make_contact(
            country=["DE", "FR", "GB"][number % 3], first_name="Ada", last_name=f"Number {number}", gender="f"
        )
        if number % 2:
            grant(contact, topic)
    make_category(name="Tea")
    women = {"contact_field": {"field": "gender", "operator": "is", "values": ["f"]}}
    exclusion = {"in_segment": {"segments": ["germans"]}}
    germans = save_segment("germans", name="Germans", rules=make_rules(GERMANS), description="Who reads German mail.")
    data = {"rules": [women, {"any": [{"reachable": {}}, {"random_share": {"percent": 20}}]}], "except": [exclusion]}
    rest = save_segment("rest", name="The rest of Europe", rules=Rules.from_json(data))
    everybody = make_segment(name="Everybody")
    for ago in range(60):
        SegmentSize.objects.create(
            segment=germans,
            measured_on=timezone.localdate() - timedelta(days=ago),
            contact_count=None if ago == 20 else 100 - ago + ago % 7,
            problem="counting took longer than 20 seconds" if ago == 20 else "",
            measured_at=datetime.now(UTC),
        )
    chosen = "&".join(f"segment={one.pk}" for one in (germans, rest, everybody))
    return [
        ("list", reverse(f"{NAME}:list")),
        ("overview", reverse(f"{NAME}:inspect", args=[germans.pk])),
        ("overview-rest", reverse(f"{NAME}:inspect", args=[rest.pk])),
        ("templates", reverse(f"{NAME}:templates")),
        ("overlap", f"{reverse(f'{NAME}:overlap')}?{chosen}"),
        ("upload", reverse(f"{NAME}:upload")),
        ("hashed", reverse(f"{NAME}:hashed", args=[germans.pk])),
        ("edit", reverse(f"{NAME}:edit", args=[rest.pk])),
    ]


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_fits_its_screen_and_the_count_arrives(
    house: Site, live_server: LiveServer, sign_in: Callable[[User], Page], width: int
) -> None:
    page = sign_in(User.objects.create_superuser("root"))
    page.set_viewport_size({"width": width, "height": 900})
    # For people who want to look: PRECISE_MAIL_PICTURES=folder.
    pictures = os.environ.get("PRECISE_MAIL_PICTURES")
    for name, address in _fill():
        page.goto(live_server.url + address)
        if name.startswith("overview"):
            expect(page.locator(".wpm-segment-members")).to_contain_text("contacts belong")
        if pictures:
            page.screenshot(path=Path(pictures) / f"{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
