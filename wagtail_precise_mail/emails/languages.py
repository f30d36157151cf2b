"""The language of a mail: of the email itself, and which of its translations a contact gets."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

from babel import Locale as BabelLocale
from babel import UnknownLocaleError
from django.conf.locale import LANG_INFO
from wagtail.models import Locale, Site

from wagtail_precise_mail.conf import options


@cache
def babel_locale(code: str) -> BabelLocale:
    """Return Babel's locale for a language code such as "en" or "zh-hans"; English when it knows none."""
    for candidate in [code, code.split("-")[0]]:
        try:
            return BabelLocale.parse(candidate.replace("_", "-"), sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return BabelLocale("en")


def direction(code: str) -> str:
    """Return "rtl" for a language that is written from right to left, else "ltr"."""
    return "rtl" if babel_locale(code).text_direction == "rtl" else "ltr"


def site_language(site: Site) -> str:
    """Return the code of the language that a site is written in."""
    return str(site.root_page.locale.language_code)


def language_of(email: Any, site: Site) -> str:
    """Return the code of the language that an email is written in; the site's for what has none, such as a draft."""
    has_locale = getattr(email, "locale_id", None) is not None
    return str(email.locale.language_code) if has_locale else site_language(site)


def translation_of(thing: Any, language: str) -> Any:
    """Return the published translation of a page or a saved block into a language, else the thing itself."""
    live = thing.get_translations(inclusive=True).filter(locale__language_code=language, live=True)
    return live.first() or thing


def locale_id_of(language: str) -> int | None:
    """Return the id of Wagtail's locale for a language, or None when the site has none."""
    return Locale.objects.filter(language_code=language).values_list("pk", flat=True).first()


def choose_language(wanted: str, available: Collection[str], *, default: str) -> str:
    """Return the language, among those that an email exists in, that a reader of ``wanted`` understands best.

    The wanted one itself, then its shorter forms ("zh-hans-cn", "zh-hans", "zh") and what Django knows as the same
    ("zh-tw" is "zh-hant"), then the option ``language_fallbacks``, then any other form of the same language.

    Args:
        wanted: as contacts have it, in any spelling ("pt_BR"); "" knows nothing.
        default: what the others are translations of.
    """
    given = wanted.strip().lower().replace("_", "-")
    if not given:
        return default
    by_code = {code.lower(): code for code in available}
    known = next((by_code[code] for code in _chain(given) if code in by_code), None)
    if known is None:
        root = given.split("-")[0]
        # The original first, where both "pt" and "pt-br" would do.
        known = next((code for code in [default, *sorted(by_code.values())] if _root(code) == root), None)
    return known or default


def _chain(code: str) -> Iterator[str]:
    shorter = [code]
    while "-" in shorter[-1]:
        shorter.append(shorter[-1].rpartition("-")[0])
    fallbacks = {key.lower(): codes for key, codes in options().language_fallbacks.items()}
    for form in shorter:
        yield form
        # Not for "en-gb" what holds for "en": the longer form has said its own already.
        yield from LANG_INFO.get(form, {}).get("fallback", ())
    for form in shorter:
        yield from (one.lower() for one in fallbacks.get(form, ()))
        for same in LANG_INFO.get(form, {}).get("fallback", ()):
            yield from (one.lower() for one in fallbacks.get(same, ()))


def _root(code: str) -> str:
    return code.lower().split("-")[0]
