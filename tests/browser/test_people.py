"""The listing, the profile and the comparison of contacts in a browser, on a desk and on a telephone."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.admin import overflow
from tests.factories.commerce import make_order
from tests.factories.contacts import grant, make_contact, make_field, make_list, make_note, make_tag, make_topic
from tests.factories.delivery import make_message, make_send
from tests.factories.segments import make_segment
from tests.factories.tracking import make_event
from wagtail_precise_mail.contacts.duplicates import find_duplicates
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.services import withdraw

SIZES = [(1280, 1000), (390, 844)]


@pytest.fixture
def ann() -> Contact:
    """Somebody about whom a good deal is known."""
    make_field("shoe_size", label="Shoe size", kind="number", purpose="to offer shoes that fit")
    make_field("diet", label="Diet", classification="sensitive", purpose="to plan the tasting")
    ann = make_contact(
        email="ann.whitcombe@gmail.com", first_name="Ann", last_name="Whitcombe", country="GB", city="Leeds",
        locale="en", job_title="Buyer", job_level="head", organization="Whitcombe & Daughters", source="Spring fair",
        attributes={"shoe_size": 38, "diet": "vegan"}, is_profiling_allowed=False,
    )  # fmt: skip
    news, offers = make_topic(name="Newsletter"), make_topic(name="Offers")
    make_topic(name="Events")
    grant(ann, news)
    grant(ann, offers)
    withdraw(ann, offers, source="preference page", evidence="Too many of them")
    make_tag(ann, name="VIP")
    make_tag(ann, name="Tea lover")
    make_list(ann, name="Tasters")
    make_segment({"country": {"countries": ["GB"]}}, name="Britons")
    make_segment({"job_level": {"levels": ["head", "director", "executive"]}}, name="Decision makers")
    now = timezone.now()
    for days, sum_ in ((3, "42.50"), (40, "19.90"), (90, "120")):
        make_order(contact=ann, lines=[(f"KETTLE{days}", 1, sum_)], placed_at=now - timedelta(days=days))
    message = make_message(make_send(), ann, state="accepted", finished_at=now - timedelta(days=2))
    make_event(message, "open", happened_at=now - timedelta(days=2))
    make_event(
        message, "click", link_index=0, url="https://shop.example.com/kettles/", happened_at=now - timedelta(days=2)
    )
    make_note(ann, subject="Asked about glaze", body="Will call again on Monday.", at=now - timedelta(days=1))
    return ann


@pytest.mark.parametrize("size", SIZES, ids=["desk", "phone"])
def test_the_profile_can_be_read(
    admin_page: Page, live_server: LiveServer, ann: Contact, size: tuple[int, int]
) -> None:
    admin_page.set_viewport_size({"width": size[0], "height": size[1]})
    admin_page.goto(live_server.url + reverse("precise-mail-contacts:inspect", args=[ann.pk]))
    expect(admin_page.get_by_text("Mail may go there")).to_be_visible()
    expect(admin_page.get_by_text("Decision makers")).to_be_visible()
    assert overflow(admin_page) == []
    shoot(admin_page, f"profile-{size[0]}")
    admin_page.get_by_role("link", name="Service", exact=True).click()
    expect(admin_page.get_by_text("Asked about glaze")).to_be_visible()
    expect(admin_page.get_by_text("Lost the tag")).to_have_count(0)


def test_a_tag_is_put_on_and_taken_away(admin_page: Page, live_server: LiveServer, ann: Contact) -> None:
    admin_page.goto(live_server.url + reverse("precise-mail-contacts:inspect", args=[ann.pk]))
    admin_page.get_by_label("Add a tag").fill("Wholesale")
    admin_page.get_by_role("button", name="Add", exact=True).click()
    expect(admin_page.get_by_role("button", name="Take the tag Wholesale away")).to_be_visible()
    admin_page.get_by_role("button", name="Take the tag VIP away").click()
    expect(admin_page.get_by_role("button", name="Take the tag VIP away")).to_have_count(0)


@pytest.mark.parametrize("size", SIZES, ids=["desk", "phone"])
def test_all_that_a_filter_leaves_are_tagged(
    admin_page: Page, live_server: LiveServer, ann: Contact, size: tuple[int, int]
) -> None:
    make_contact(email="bob@example.org", first_name="Bob", country="FR")
    admin_page.set_viewport_size({"width": size[0], "height": size[1]})
    admin_page.goto(live_server.url + reverse("precise-mail-contacts:index"))
    assert overflow(admin_page) == []
    shoot(admin_page, f"listing-{size[0]}")
    admin_page.goto(live_server.url + reverse("precise-mail-contacts:index") + "?country=GB")
    admin_page.get_by_role("checkbox", name="Select all").first.check()
    expect(admin_page.get_by_role("link", name="Add a tag to the selected contacts")).to_be_visible()
    admin_page.wait_for_timeout(600)
    shoot(admin_page, f"listing-chosen-{size[0]}")
    admin_page.get_by_role("link", name="Add a tag to the selected contacts").click()
    admin_page.get_by_label("Tag").fill("British")
    shoot(admin_page, f"bulk-{size[0]}")
    admin_page.get_by_role("button", name="Add tag").click()
    expect(admin_page.get_by_text("1 contact changed")).to_be_visible()
    assert list(Contact.objects.filter(tags__name="British")) == [ann]


@pytest.mark.parametrize("size", SIZES, ids=["desk", "phone"])
def test_two_are_merged_and_are_two_again(
    admin_page: Page, live_server: LiveServer, ann: Contact, size: tuple[int, int]
) -> None:
    make_contact(
        email="annwhitcombe+shop@gmail.com", first_name="Anne", last_name="Whitcombe", city="York", country="GB"
    )
    find_duplicates()
    admin_page.set_viewport_size({"width": size[0], "height": size[1]})
    admin_page.goto(live_server.url + reverse("precise-mail-duplicates:index"))
    assert overflow(admin_page) == []
    shoot(admin_page, f"duplicates-{size[0]}")
    admin_page.get_by_role("link", name="Compare").click()
    expect(admin_page.get_by_role("radio", name="York")).to_be_visible()
    assert overflow(admin_page) == []
    shoot(admin_page, f"compare-{size[0]}")
    admin_page.get_by_role("radio", name="York").check()
    admin_page.get_by_role("button", name="Merge", exact=True).click()
    expect(admin_page.get_by_text("was merged into this one")).to_be_visible()
    assert Contact.objects.get().city == "York"
    admin_page.get_by_role("link", name="To undo it").click()
    shoot(admin_page, f"merged-{size[0]}")
    admin_page.get_by_role("button", name="Undo").click()
    expect(admin_page.get_by_text("They are several contacts again")).to_be_visible()
    ann.refresh_from_db()
    assert ann.city == "Leeds"


@pytest.mark.parametrize("size", SIZES, ids=["desk", "phone"])
def test_the_forms_can_be_read(admin_page: Page, live_server: LiveServer, ann: Contact, size: tuple[int, int]) -> None:
    admin_page.set_viewport_size({"width": size[0], "height": size[1]})
    for name, url in {
        "form": reverse("precise-mail-contacts:edit", args=[ann.pk]),
        "write": reverse("precise_mail_write", args=[ann.pk]),
        "fields": reverse("precise-mail-contact-fields:index"),
        "usage": reverse("precise-mail-contact-fields:usage"),
    }.items():
        admin_page.goto(live_server.url + url)
        assert overflow(admin_page) == [], name
        shoot(admin_page, f"{name}-{size[0]}")
    assert User.objects.exists()


def shoot(page: Page, name: str) -> None:
    """Keep a picture where somebody asked for it."""
    if folder := os.environ.get("PRECISE_MAIL_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
