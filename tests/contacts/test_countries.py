"""Names of countries."""

from __future__ import annotations

import pytest

from wagtail_precise_mail.contacts.countries import country_code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("United Kingdom", "GB"),
        ("germany", "DE"),
        ("  Hong   Kong ", "HK"),
        ("EIRE", "IE"),
        ("RSA", "ZA"),
        ("USA", "US"),
        ("fr", "FR"),
        ("United Arab Emirates", "AE"),
        ("Czech Republic", "CZ"),
        ("", ""),
        ("Unspecified", ""),
        ("European Community", ""),
        ("Atlantis", None),
        ("ZZ", None),
        ("European Union", ""),
        ("Eurozone", None),
    ],
)
def test_a_name_or_code_becomes_its_iso_code(name: str, code: str | None) -> None:
    assert country_code(name) == code


def test_the_aliases_of_a_mapping_win() -> None:
    assert country_code("channel islands", {"CHANNEL ISLANDS": "JE"}) == "JE"
