"""Checks of emails measure mails with tracked links without knowing tracking: their guess must hold."""

from __future__ import annotations

import uuid

import pytest

from tests.factories.contacts import make_contact
from tests.factories.delivery import make_message, make_send
from wagtail_precise_mail.emails.checks.facts import _PIXEL, UNSUBSCRIBE, as_long_as_tracked
from wagtail_precise_mail.emails.personalize import LinkInfo
from wagtail_precise_mail.tracking.processors import TrackingProcessor

pytestmark = pytest.mark.django_db

BASE = "https://shop.example.com"


@pytest.mark.parametrize("length", [20, 100, 700])
def test_tracked_link_is_as_long_as_checks_think(length: int) -> None:
    message, contact = make_message(make_send()), make_contact()
    link = LinkInfo(3, "https://example.org/".ljust(length, "a"), str(uuid.uuid4()), "x")
    real = len(TrackingProcessor().rewrite_link(message, contact, link, BASE))
    guessed = len(as_long_as_tracked(link, BASE))
    assert 0 <= guessed - real <= 12


def test_other_links_keep_their_length() -> None:
    link = LinkInfo(0, "mailto:a@example.org", "", "")
    assert as_long_as_tracked(link, BASE) == link.url


def test_pixel_is_as_long_as_checks_think() -> None:
    real = TrackingProcessor().html_tail(make_message(make_send()), make_contact(), BASE)
    assert -10 <= len(_PIXEL) - len(real) <= 40


def test_unsubscribe_link_is_as_long_as_checks_think() -> None:
    from django.urls import reverse

    from wagtail_precise_mail.contacts.tokens import make_unsubscribe_token

    real = BASE + reverse("wagtail_precise_mail:unsubscribe", args=[make_unsubscribe_token(12_345, 67_890)])
    assert abs(len(UNSUBSCRIBE) - len(real)) <= 20
