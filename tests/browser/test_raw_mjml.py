"""Raw MJML and a block that is gone, in the editor of somebody who may not write the one."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.admin import wait_until_watched
from tests.browser.conftest import SignIn
from tests.factories.emails import make_email, raw_block
from wagtail_precise_mail.emails.models import Email

EMAILS = "wagtailsnippets_wagtail_precise_mail_email"
GONE = raw_block("recipe", dish="Plum cake")
RAW = raw_block("raw_mjml", mjml="<mj-text>As it is</mj-text>")


def offered(page: Page) -> list[str]:
    """The blocks in the picker of the body."""
    page.locator("[data-contentpath=body]").get_by_role("button", name="Insert a block").last.click()
    names = page.get_by_role("option").all_inner_texts()
    page.keyboard.press("Escape")
    return [name.strip() for name in names]


@pytest.mark.usefixtures("no_autosave")
def test_person_without_the_permission_sees_raw_mjml_and_keeps_it(sender_page: Page, live_server: LiveServer) -> None:
    page = sender_page
    email = make_email(RAW, GONE)
    page.goto(live_server.url + reverse(f"{EMAILS}:edit", args=[email.pk]))
    wait_until_watched(page)
    source = page.locator("#body-0-value-mjml")
    expect(source).to_have_value("<mj-text>As it is</mj-text>")
    expect(source).not_to_be_editable()
    expect(page.locator("#body-1-value-content")).to_have_value(re.compile("Plum cake"))
    expect(page.locator("#body-1-value-content")).not_to_be_editable()
    names = offered(page)
    assert "Text" in names
    assert not {"Raw MJML", "Block that is gone"} & set(names)
    page.locator("#id_subject").fill("News")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text(f"Email '{email.name}' updated.")).to_be_visible()
    saved = Email.objects.get().get_latest_revision_as_object()
    stored = saved.body.stream_block.get_prep_value(saved.body)
    assert [(child["type"], child["id"]) for child in stored] == [("raw_mjml", RAW["id"]), ("recipe", GONE["id"])]
    assert stored[0]["value"]["mjml"] == RAW["value"]["mjml"]
    assert stored[1]["value"] == GONE["value"]


@pytest.mark.usefixtures("no_autosave")
def test_person_with_the_permission_writes_raw_mjml(sign_in: SignIn, live_server: LiveServer) -> None:
    sender = User.objects.get(username="sender")
    sender.user_permissions.add(Permission.objects.get(codename="use_raw_mjml"))
    page = sign_in(sender)
    page.goto(live_server.url + reverse(f"{EMAILS}:edit", args=[make_email(RAW).pk]))
    wait_until_watched(page)
    assert "Raw MJML" in offered(page)
    page.locator("#body-0-value-mjml").fill("<mj-text>\n<b>half</mj-text>")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.locator(".error-message").get_by_text("Line 2: <b> is not closed.")).to_be_visible()
