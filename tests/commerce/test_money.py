"""Amounts as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import translation

from wagtail_precise_mail.commerce.money import format_money


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        ("2.5500", "GBP", "en", "£2.55"),
        ("2", "GBP", "en", "£2.00"),
        ("0.0012", "GBP", "en", "£0.0012"),
        ("-27.5", "GBP", "en", "-£27.50"),
        ("1234567.891", "USD", "en", "$1,234,567.891"),
        ("1000", "JPY", "en", "¥1,000"),
        ("1234.5", "EUR", "de", "1.234,50\xa0€"),
        ("1234.5", "CNY", "zh-hans", "¥1,234.50"),
        ("-0.0000", "GBP", "en", "£0.00"),
        ("5", "XQQ", "en", "5 XQQ"),
        ("5", "", "en", "5"),
    ],
)
def test_an_amount_reads_as_its_language_writes_it(amount: str, currency: str, locale: str, text: str) -> None:
    assert format_money(Decimal(amount), currency, locale=locale) == text


def test_the_active_language_is_the_default() -> None:
    with translation.override("de"):
        assert format_money(Decimal("1.5"), "EUR") == "1,50\xa0€"


def test_no_amount_is_no_text() -> None:
    assert format_money(None, "GBP") == ""
