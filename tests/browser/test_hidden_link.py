"""The hidden link of a mail: nobody sees it, whatever the width, and with pictures off or styles taken away."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.factories.emails import compiled, make_brand, make_email, raw_block
from tests.factories.tracking import make_message
from wagtail_precise_mail.emails.personalize import Personalizer
from wagtail_precise_mail.tracking.processors import TrackingProcessor

pytestmark = pytest.mark.django_db

BASE = "https://shop.example.com"


@pytest.fixture
def mails() -> tuple[str, str]:
    """A mail as it leaves, and the same without its hidden link."""
    make_brand()
    email = make_email(raw_block("rich_text", content='<p>See <a href="/new/">what is new</a>.</p>'))
    message = make_message()
    html = (
        Personalizer(compiled(email))
        .fill(
            {},
            rewrite_link=lambda link: link.url,
            system={
                "unsubscribe_url": f"{BASE}/leave",
                "html_tail": TrackingProcessor().html_tail(message, message.contact, BASE),
            },
            personal_link=lambda name, block_id, argument: f"{BASE}/{name}",
        )
        .html
    )
    without, count = re.subn(r'<a [^>]*rel="nofollow" tabindex="-1"[^>]*></a>', "", html)
    assert count == 1
    return html, without


@pytest.fixture
def offline_page(chromium: Browser) -> Iterator[Page]:
    """A page that loads no picture."""
    context = chromium.new_context(offline=True)
    yield context.new_page()
    context.close()


def picture(page: Page, html: str) -> bytes:
    page.set_content(html, wait_until="domcontentloaded")
    return page.screenshot(full_page=True)


@pytest.mark.parametrize("width", [700, 380])
def test_it_changes_no_pixel(mails: tuple[str, str], offline_page: Page, width: int) -> None:
    offline_page.set_viewport_size({"width": width, "height": 900})
    with_it, without = (picture(offline_page, html) for html in mails)
    assert with_it == without


def test_it_changes_no_pixel_where_styles_are_taken_away(mails: tuple[str, str], offline_page: Page) -> None:
    offline_page.set_viewport_size({"width": 380, "height": 900})
    plain = [re.sub(r'style="[^"]*"|<style.*?</style>', "", html, flags=re.DOTALL) for html in mails]
    with_it, without = (picture(offline_page, html) for html in plain)
    assert with_it == without


def test_keys_and_screen_readers_do_not_find_it(mails: tuple[str, str], offline_page: Page) -> None:
    reached = []
    for html in mails:
        offline_page.set_content(html, wait_until="domcontentloaded")
        seen = []
        for _press in range(12):
            offline_page.keyboard.press("Tab")
            seen.append(offline_page.evaluate("document.activeElement.textContent.trim().slice(0, 40)"))
        reached.append((seen, offline_page.get_by_role("link").count()))
    assert reached[0] == reached[1]
