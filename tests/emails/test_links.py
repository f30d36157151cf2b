"""Addresses in mails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagtail_precise_mail.emails.links import absolute, relative_addresses

BASE = "https://shop.example.com"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("/sale", "https://shop.example.com/sale"),
        ("sale", "https://shop.example.com/sale"),
        ("//cdn.example.com/x", "https://cdn.example.com/x"),
        ("https://example.org/a b?q=ü", "https://example.org/a%20b?q=%C3%BC"),
        ("https://example.org/%20?a=%26", "https://example.org/%20?a=%26"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("mailto:hello@example.com?subject=Hi", "mailto:hello@example.com?subject=Hi"),
        ("tel:+49", "tel:+49"),
        ("#top", "#top"),
        ("", ""),
    ],
)
def test_address_works_in_a_mail(written: str, expected: str) -> None:
    assert absolute(written, BASE) == expected


@pytest.mark.parametrize(
    "written",
    [
        "javascript:alert(1)",
        " javascript:x",
        "java\tscript:x",
        "\x01javascript:x",
        "JAVASCRIPT:x",
        "data:x",
        "ftp://x",
        "http://",
        "https://[::1",
        "view-source:https://x",
        "\u200bjavascript:x",
    ],
)
def test_address_that_must_not_stand_in_a_mail_is_nothing(written: str) -> None:
    assert absolute(written, BASE) == ""


@given(st.text(max_size=80))
def test_any_address_is_ascii_and_of_a_harmless_scheme(written: str) -> None:
    result = absolute(written, BASE)
    assert result.isascii()
    assert not set(result) & set(' \n\r\t"<>')
    assert not result or result.startswith(("https://", "http://", "mailto:", "tel:", "#"))


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<a href="/teas/">', ["/teas/"]),
        ('<img src="fern.png">', ["fern.png"]),
        ('<a href="">', [""]),
        ('<p style="background:url(/back.png)">', ["/back.png"]),
        ('<!--[if mso]><v:fill src="back.png"><![endif]-->', ["back.png"]),
        ('<a href="https://example.org/">', []),
        ('<a href="mailto:a@b.example"><a href="tel:1"><a href="#top">', []),
        ('<a href="MARK"><img src="MARK">', []),
        ('<html xmlns="http://www.w3.org/1999/xhtml">', []),
    ],
)
def test_addresses_that_lead_nowhere_from_a_mail_are_found(html: str, found: list[str]) -> None:
    assert list(relative_addresses(html, lambda url: [url] if url == "MARK" else [])) == found
