"""Old mails keep working when the secret key changes, and nothing that was changed does."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from tests.factories.tracking import make_message
from tests.tracking.hits import count_now
from wagtail_precise_mail.emails.personalize import LinkInfo
from wagtail_precise_mail.tracking.models import MessageEvent
from wagtail_precise_mail.tracking.processors import TrackingProcessor

pytestmark = pytest.mark.django_db

BASE = "https://shop.example.com"
URL = "https://elsewhere.example/tea/"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@pytest.fixture
def paths() -> list[str]:
    """The link and the pixel of a mail that left before the key changed."""
    message, processor = make_message(), TrackingProcessor()
    link = processor.rewrite_link(message, message.contact, LinkInfo(0, URL, "", ""), BASE)
    tail = BeautifulSoup(processor.html_tail(message, message.contact, BASE), "html.parser")
    return [link.removeprefix(BASE), str(tail.img["src"]).removeprefix(BASE)]  # type: ignore[index]


def test_links_and_pixels_signed_by_an_old_key_work_and_count(paths: list[str], settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS = ["another", settings.SECRET_KEY]
    settings.SECRET_KEY = "the new key"
    answers = [Client(headers=BROWSER).get(path) for path in paths]
    assert [(answers[0].status_code, answers[0]["Location"]), answers[1].status_code] == [(302, URL), 200]
    count_now()
    assert set(MessageEvent.objects.values_list("kind", flat=True)) == {"click", "open"}


def test_once_the_old_key_is_forgotten_they_are_refused(paths: list[str], settings: Any) -> None:
    settings.SECRET_KEY = "the new key"
    assert [Client(headers=BROWSER).get(path).status_code for path in paths] == [400, 400]
    assert count_now() == 0


def test_a_changed_character_anywhere_is_refused(paths: list[str]) -> None:
    for path in paths:
        start, end = path.index("/mail/") + 8, len(path.removesuffix(".gif"))
        for place in range(start, end, 5):
            other = "A" if path[place] != "A" else "B"
            changed = path[:place] + other + path[place + 1 :]
            assert Client(headers=BROWSER).get(changed).status_code == 400, changed
    assert count_now() == 0
