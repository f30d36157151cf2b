"""A mail as browsers paint it: at the widths of a phone and of a desktop, in light and in dark mode."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page

from tests.emails.conftest import fill
from tests.emails.test_newsletter import make_newsletter
from tests.factories.commerce import make_product
from tests.factories.emails import make_brand, make_email, raw_block
from wagtail_precise_mail.emails.models import Email


@pytest.mark.django_db
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 640])
def test_mail_fits_phones_and_desktops_and_can_be_read(
    width: int, scheme: Literal["light", "dark"], chromium: Browser, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    cache.clear()
    html = fill(make_newsletter(), first_name="Ada").html
    page = chromium.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.route("**/*", lambda route: route.abort())
    page.set_content(html)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert worst_contrast(page) >= 4.5
    page.close()


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["light", "dark", "outlook.com"])
@pytest.mark.parametrize("theme", ["paper", "clean", "bold", "seed_packet"])
@pytest.mark.parametrize("primary", ["#1f5a48", "#ffd400", "#0b0b0b"])
def test_every_theme_can_be_read_on_every_ground(
    theme: str, mode: str, primary: str, chromium: Browser, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    cache.clear()
    email = make_grounds()
    make_brand(theme=theme, primary_color=primary, logo=None, reason="You asked for it.")
    html = fill(email).html
    scheme: Literal["light", "dark"] = "dark" if mode == "dark" else "light"
    page = chromium.new_page(viewport={"width": 640, "height": 800}, color_scheme=scheme)
    page.route("**/*", lambda route: route.abort())
    page.set_content(html)
    if mode == "outlook.com":
        # What it writes above the mail when it turns colors dark.
        page.evaluate("document.documentElement.dataset.ogsc = document.documentElement.dataset.ogsb = ''")
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") != "rgb(34, 48, 44)"
    assert worst_contrast(page) >= 4.5
    page.close()


def make_grounds() -> Email:
    """An email with headings, text, links, buttons, products and a menu on every ground that a block can have."""
    make_brand()
    product = make_product(name="Teapot", price=Decimal("38"), url="/shop/teapot/")
    blocks = []
    for ground in ("", "tint", "primary", "dark"):
        blocks += [
            raw_block("heading", title="A quiet morning", level="1", background=ground),
            raw_block("rich_text", content='<p>See <a href="/shop/">the shop</a>.</p>', background=ground),
            raw_block("button", label="Go", url="https://example.org/", background=ground),
            raw_block("button", label="Look", url="https://example.org/", style="outline", background=ground),
            raw_block("product", product=product.pk, show_price=True, background=ground),
        ]
    return make_email(raw_block("header", links=[{"label": "Teas", "url": "/teas/", "page": None}]), *blocks)


def worst_contrast(page: Page) -> float:
    """The least contrast of any text with the nearest ground below it, as the browser paints them."""
    return float(page.evaluate(CONTRAST))


CONTRAST = """() => {
  const light = c => { const v = c / 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const numbers = css => css.match(/[\\d.]+/g).map(Number);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const c = numbers(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  let worst = 21;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const ink = luminance(numbers(getComputedStyle(element).color).slice(0, 3));
    const paper = luminance(ground(element));
    worst = Math.min(worst, (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
  }
  return worst;
}"""
