"""Names of countries to ISO 3166 codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from babel import Locale

# Names that files use and that Unicode's list of territories does not know. "" is no country.
ALIASES = {
    "EIRE": "IE",
    "REPUBLIC OF IRELAND": "IE",
    "UK": "GB",
    "GREAT BRITAIN": "GB",
    "ENGLAND": "GB",
    "SCOTLAND": "GB",
    "WALES": "GB",
    "NORTHERN IRELAND": "GB",
    "USA": "US",
    "UNITED STATES OF AMERICA": "US",
    "UAE": "AE",
    "RSA": "ZA",
    "CZECH REPUBLIC": "CZ",
    "HOLLAND": "NL",
    "THE NETHERLANDS": "NL",
    "HONG KONG": "HK",
    "MACAU": "MO",
    "TURKEY": "TR",
    "KOREA": "KR",
    "RUSSIAN FEDERATION": "RU",
    "VIET NAM": "VN",
    "UNSPECIFIED": "",
    "UNKNOWN": "",
    "N/A": "",
    "EUROPEAN COMMUNITY": "",
    "EUROPEAN UNION": "",
}

# In Unicode's list, but no countries: made-up, grouped and reserved codes.
_NOT_ISO = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}


@cache
def _territories() -> dict[str, str]:
    names = {name: code for code, name in Locale("en").territories.items() if re.fullmatch("[A-Z]{2}", code)}
    known = {name.upper(): code for name, code in names.items() if code not in _NOT_ISO}
    return {**known, **{code: code for code in known.values()}, **ALIASES}


def country_code(name: str, aliases: Mapping[str, str] | None = None) -> str | None:
    """Return the ISO 3166 alpha-2 code of an English name or a code, "" for no country, None when unknown.

    Args:
        aliases: further spellings in upper case; they win.
    """
    key = " ".join(name.split()).upper()
    if not key:
        return ""
    if aliases and key in aliases:
        return aliases[key]
    return _territories().get(key)
