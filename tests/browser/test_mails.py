"""A mail as browsers paint it: at the widths of a phone and of a desktop, in light and in dark mode."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page

from tests.emails.conftest import fill
from tests.emails.test_newsletter import make_newsletter


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
