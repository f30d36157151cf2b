"""Leaving by the link in a mail, on a telephone."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.admin import overflow
from tests.factories.contacts import make_contact
from wagtail_precise_mail.contacts.models import Suppression
from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token


@pytest.mark.journey
def test_reader_unsubscribes_on_a_telephone(page: Page, live_server: LiveServer) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    contact = make_contact(email="ada.lovelace.of.the.analytical.engine@a-long-domain.example.com")
    path = reverse("wagtail_precise_mail:unsubscribe", args=[make_unsubscribe_token(contact.pk, 0)])
    page.goto(live_server.url + path)
    expect(page.get_by_role("heading", name="Leave our mailing list?")).to_be_visible()
    assert overflow(page) == []
    assert not Suppression.objects.exists(), "looking changes nothing"

    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    assert overflow(page) == []
    assert Suppression.objects.get().address_hash == contact.address_hash
