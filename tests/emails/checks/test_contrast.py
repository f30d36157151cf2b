"""Contrast: of the brand, and of every block as it goes out, in light and in dark."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.emails.checks import found, text
from tests.emails.checks.blocks import found_in
from tests.factories.emails import make_brand, raw_block
from wagtail_precise_mail.emails.brand import Brand
from wagtail_precise_mail.emails.checks import check_contrast
from wagtail_precise_mail.emails.checks.contrast import as_hex, dark_pairs

pytestmark = pytest.mark.django_db


def markup(html: str) -> dict[str, object]:
    return raw_block("own_markup", html=html)


def test_brand_that_is_hard_to_read_is_said_once() -> None:
    make_brand(text_color="#999999")
    findings = found("contrast", text("<p>Words.</p>"))
    assert {finding.field for finding in findings} == {"brand"}
    assert "2.8 to 1" in findings[0].message


def test_good_brand_is_none() -> None:
    assert found("contrast", text("<p>Words.</p>"), raw_block("divider", style="line")) == []
    assert list(check_contrast(Brand())) == []


@pytest.mark.parametrize(
    ("style", "is_bad"),
    [
        ("color:#aaaaaa", True),
        ("color:#bbb", True),
        ("color:rgb(170, 170, 170)", True),
        ("color:silver", True),
        ("color:#333333", False),
        ("color:#ffffff;background:#1f6f5c", False),
        ("color:#ffffff;background-color:#eeeeee", True),
        ("color:#888888;font-size:28px", False),
        ("color:#888888;font-size:20px;font-weight:bold", False),
        ("color:#888888;font-size:20px", True),
        ("color:#aaaaaa;display:none", False),
        ("color:#ffffff;background:url(x.png) #ffffff", False),
    ],
)
def test_words_in_a_block(style: str, is_bad: bool) -> None:
    raw = markup(f'<p style="{style}">Small words</p>')
    findings = found_in("contrast", raw)
    assert bool(findings) == is_bad
    if is_bad:
        assert "Small words" in findings[0].message


def test_same_colors_are_said_once_and_few_are_said() -> None:
    colors = ["#aaaaaa", "#aaaaaa", "#bbbbbb", "#cccccc", "#dddddd", "#eeeeee"]
    html = "".join(f'<p style="color:{color}">Words {number}</p>' for number, color in enumerate(colors))
    assert len(found_in("contrast", markup(html))) == 3


def test_dark_brand_is_readable_and_a_bad_one_is_found() -> None:
    assert all(pair.is_readable for pair in dark_pairs(Brand()))

    class Dim(Brand):
        @property
        def dark(self) -> dict[str, str]:
            return {**super().dark, "text": "#444444"}

    messages = [finding.message for finding in check_contrast(Dim())]
    assert any("in dark mode" in message for message in messages)
    assert replace(Brand(), primary_color="#000000").dark


@pytest.mark.parametrize(
    ("html", "is_bad"),
    [
        ('<span style="color:#222222">Words</span>', True),
        ('<span style="color:#222222;background:#ffffff">Words</span>', False),
        ('<div style="background:#ffffff"><span style="color:#222222">Words</span></div>', False),
        ('<span style="color:#e0e0e0">Words</span>', False),
        ('<h2 style="color:#222222">Words</h2>', False),
        ('<span style="color:#222222"></span>', False),
    ],
)
def test_color_that_a_block_fixes_in_dark_mode(html: str, is_bad: bool) -> None:
    raw = markup(html)
    findings = found_in("contrast_dark", raw)
    assert bool(findings) == is_bad
    if is_bad:
        assert findings[0].block_id == raw["id"]


def test_colors_that_css_can_write() -> None:
    assert as_hex("#ABC") == "#aabbcc"
    assert as_hex("url(x) no-repeat #AABBCC") == "#aabbcc"
    assert as_hex("rgb(300, 0, 10)") == "#ff000a"
    assert as_hex("var(--x)") == ""
