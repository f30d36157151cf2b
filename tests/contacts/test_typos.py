"""Hints at mistyped addresses: right where something is wrong, silent where nothing is."""

from __future__ import annotations

import pytest

from wagtail_precise_mail.contacts.typos import KNOWN_DOMAINS, suggest_address
from wagtail_precise_mail.exceptions import InvalidAddress


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ada@gmial.com", "ada@gmail.com"),
        ("ada@gmail.con", "ada@gmail.com"),
        ("ada@gamil.com", "ada@gmail.com"),
        ("ada@hotmial.com", "ada@hotmail.com"),
        ("ada@yaho.com", "ada@yahoo.com"),
        ("ada@outlok.com", "ada@outlook.com"),
        ("ada@shop-in-bath.cmo", "ada@shop-in-bath.com"),
        # Cyrillic a and i.
        ("ada@gm\u0430il.com", "ada@gmail.com"),
        ("ada@gma\u0456l.com", "ada@gmail.com"),
    ],
)
def test_what_looks_like_a_typo_gets_a_hint(typed: str, meant: str) -> None:
    assert suggest_address(typed) == meant


@pytest.mark.parametrize("domain", KNOWN_DOMAINS)
def test_no_large_provider_is_taken_for_another(domain: str) -> None:
    assert suggest_address(f"ada@{domain}") == ""


@pytest.mark.parametrize(
    "domain", ["shop.example.com", "uni-bremen.de", "kettle.co.uk", "b\u00fccher.de", "\u65b0\u95fb.cn"]
)
def test_other_domains_are_left_alone(domain: str) -> None:
    assert suggest_address(f"ada@{domain}") == ""


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(InvalidAddress):
        suggest_address("ada")
