"""The language of a mail."""

from __future__ import annotations

from functools import cache

from babel import Locale, UnknownLocaleError
from wagtail.models import Site


@cache
def babel_locale(code: str) -> Locale:
    """Return Babel's locale for a language code such as "en" or "zh-hans"; English when it knows none."""
    for candidate in [code, code.split("-")[0]]:
        try:
            return Locale.parse(candidate.replace("_", "-"), sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def site_language(site: Site) -> str:
    """Return the code of the language that a site is written in."""
    return str(site.root_page.locale.language_code)


def start_side(code: str) -> str:
    """Return the side on which lines of a language begin: "left" or "right"."""
    return "right" if babel_locale(code).text_direction == "rtl" else "left"
