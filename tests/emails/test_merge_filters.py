"""What the filters of merge tags do, in the language of the email."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

import pytest
from babel import localedata
from hypothesis import given, settings
from hypothesis import strategies as st

from wagtail_precise_mail.emails.merge import Tag, parse_tag
from wagtail_precise_mail.emails.merge_filters import DATE_FORMS, FILTERS
from wagtail_precise_mail.emails.values import ESCAPES, clean, one_line

# Whether a further field is sensitive is asked of the database.
pytestmark = pytest.mark.django_db


def fill(filters: str, value: str, locale: str = "en") -> str:
    """What a further field shows with these filters."""
    return parse_tag(f'contact.attributes.x | {filters} | default: "fallback"').fill(value, locale)


@pytest.mark.parametrize(
    ("form", "locale", "shown"),
    [
        ("short", "en", "5/12/26"),
        ("short", "en-gb", "12/05/2026"),
        ("long", "en", "May 12, 2026"),
        ("long", "de", "12. Mai 2026"),
        ("long", "zh-hans", "2026年5月12日"),
        ("full", "fr", "mardi 12 mai 2026"),
        ("day-month", "de", "12. Mai"),
        ("month-year", "ja", "2026年5月"),
        ("weekday", "es", "martes"),
        ("month", "ru", "май"),
        ("year", "en", "2026"),
    ],
)
def test_date_is_written_in_the_language_of_the_email(form: str, locale: str, shown: str) -> None:
    assert fill(f'date: "{form}"', "2026-05-12", locale) == shown


@pytest.mark.parametrize("value", ["2026-05-12T23:30:00+00:00", "2026-05-12 08:00", " 2026-05-12 "])
def test_moment_shows_its_day(value: str) -> None:
    assert fill("date", value) == "May 12, 2026"


@pytest.mark.parametrize("value", ["soon", "2026-13-45", "12.5.2026", "2026-W20-2", "20260512", "٢٠٢٦-٠٥-١٢", "", "-"])
def test_what_is_no_date_shows_the_fallback(value: str) -> None:
    assert fill("date", value) == "fallback"


@pytest.mark.parametrize(
    ("filters", "value", "locale", "shown"),
    [
        ("number", "1234.5", "en", "1,234.5"),
        ("number", "1234.5", "de", "1.234,5"),
        ("number", "1234567", "en-in", "12,34,567"),
        ('number: "2"', "3", "fr", "3,00"),
        ('number: "0"', "-2.6", "en", "-3"),
        ('money: "GBP"', "1234.5", "en", "£1,234.50"),
        ('money: "GBP"', "1234.5", "de", "1.234,50\u00a0£"),
        ('money: "JPY"', "1234.5", "ja", "￥1,234"),
    ],
)
def test_number_is_written_in_the_language_of_the_email(filters: str, value: str, locale: str, shown: str) -> None:
    assert fill(filters, value, locale) == shown


@pytest.mark.parametrize("value", ["many", "1,5", "1e9", "9" * 16, "NaN", "inf", "0x1", "１２", "--1", ""])
@pytest.mark.parametrize("filters", ["number", 'money: "EUR"', 'plural: "# point"'])
def test_what_is_no_number_shows_the_fallback(filters: str, value: str) -> None:
    assert fill(filters, value) == "fallback"


@pytest.mark.parametrize(
    ("value", "locale", "shown"),
    [
        ("1", "en", "1 point"),
        ("1.0", "en", "1 point"),
        ("0", "en", "0 points"),
        ("2", "en", "2 points"),
        ("0", "fr", "0 point"),
        ("1200", "de", "1.200 points"),
    ],
)
def test_plural_of_two_texts_follows_the_language(value: str, locale: str, shown: str) -> None:
    assert fill('plural: "# point", "# points"', value, locale) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0", "brak"),
        ("1", "1 punkt"),
        ("3", "3 punkty"),
        ("5", "5 punktów"),
        ("22", "22 punkty"),
        ("1.5", "1,5 punktu"),
    ],
)
def test_plural_takes_a_text_for_each_category_and_for_numbers(value: str, shown: str) -> None:
    forms = ['"0 = brak"', '"one = # punkt"', '"few = # punkty"', '"many=# punktów"', '"other = # punktu"']
    assert fill(f"plural: {', '.join(forms)}", value, "pl") == shown


def test_plural_of_one_text_is_for_every_number() -> None:
    assert fill('plural: "# 点"', "1", "zh-hans") == "1 点"


@pytest.mark.parametrize(
    ("filters", "value", "locale", "shown"),
    [
        ("upper", "istanbul", "tr", "İSTANBUL"),
        ("upper", "istanbul", "en", "ISTANBUL"),
        ("lower", "ISPARTA İLİ", "tr", "ısparta ili"),
        ("capitalize", "izmir", "az", "İzmir"),
        ("title", "it's JEAN-luc o'neill (bath)", "en", "It's Jean-Luc O'Neill (Bath)"),
    ],
)
def test_case_follows_the_language(filters: str, value: str, locale: str, shown: str) -> None:
    assert fill(filters, value, locale) == shown


def test_codes_are_written_by_name() -> None:
    assert fill("country", "de", "fr") == "Allemagne"
    assert fill("country", "QQ") == "fallback"
    assert fill("language", "zh-hans", "en") == "Chinese (Simplified)"
    assert fill("language", "no language at all") == "fallback"


@pytest.mark.slow
@pytest.mark.parametrize("form", DATE_FORMS)
def test_every_date_form_exists_in_every_language(form: str) -> None:
    for locale in localedata.locale_identifiers():
        assert fill(f'date: "{form}"', "2026-05-12", locale.replace("_", "-")).strip()


HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ contact.email }} {% now %}",
    "Ada\r\nBcc: victim@example.com",
    "javascript:alert(1)",
    "\u202egnp.exe\u2066\u2069",
    "\ud800\udfff",
    "x" * 10_000,
    "9" * 10_000,
    "2026-05-12T" + "0" * 10_000,
    "1e999999999",
]
_BIDI_AND_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

_ARGUMENT_TEXTS = {
    "phrase": [(", #", ""), ("# <b>", "\u202e")],
    "default": [("friend",), ("<i>&\"'",)],
    "date": [(), *((form,) for form in DATE_FORMS)],
    "number": [(), ("2",)],
    "money": [("EUR",), ("JPY",)],
    "plural": [("# <b>",), ("# a", "# b"), ("few = \u202e#", "other = #")],
}
_FILTERS = st.sampled_from([(name, *texts) for name in FILTERS for texts in _ARGUMENT_TEXTS.get(name, [()])])
_TAGS = st.lists(_FILTERS, max_size=3).map(lambda filters: Tag("contact.attributes.x", tuple(filters)))
_VALUES = st.text(max_size=80) | st.sampled_from([*HOSTILE, "2026-05-12", "0001-01-01", "1234.5", "GB", "zh-hans"])
_LOCALES = st.sampled_from(["en", "tr", "ar", "fa", "he", "zh-hans", "pl", "de-at", "", "x-none", "\u202e"])


@given(_TAGS, _VALUES, _LOCALES)
@settings(deadline=None)
def test_no_value_and_no_filter_gets_out_of_its_place(tag: Tag, value: str, locale: str) -> None:
    # As an email is filled: clean, filter, clean, escape.
    shown = clean(tag.fill(clean(value), locale))
    assert len(shown) <= 300
    assert not _BIDI_AND_CONTROLS.search(shown)
    shown.encode()
    assert not re.search(r"[<>\"']", ESCAPES["html"](shown))
    assert html.unescape(ESCAPES["html"](shown)) == shown
    assert re.fullmatch(r"[A-Za-z0-9%._~-]*", ESCAPES["url"](shown))
    assert unquote(ESCAPES["url"](shown)) == shown
    for place in ("text", "header"):
        assert ESCAPES[place](shown).splitlines() in ([shown], [])


@given(_TAGS, st.text(max_size=80) | st.sampled_from(HOSTILE), _LOCALES)
@settings(deadline=None)
def test_filters_never_raise_whatever_they_get(tag: Tag, value: str, locale: str) -> None:
    assert isinstance(tag.fill(value, locale), str)


@pytest.mark.parametrize("sign", ["x", "9", "\u202e", " ", "i̇"])
@pytest.mark.parametrize("name", FILTERS)
def test_a_megabyte_is_filled_as_a_line(name: str, sign: str) -> None:
    tag = Tag("contact.attributes.x", ((name, *_ARGUMENT_TEXTS.get(name, [()])[-1]),))
    value = sign * 1_000_000
    assert len(clean(tag.fill(clean(value), "tr"))) <= 300
    assert isinstance(tag.fill(value, "tr"), str)


@given(st.text(max_size=40) | st.lists(st.sampled_from([" ", "\u00a0", "\t", "\u2003", "a", "\u202e"])).map("".join))
def test_one_line_has_no_spaces_to_spare_and_stays_as_it_is(text: str) -> None:
    line = one_line(text)
    assert not _BIDI_AND_CONTROLS.search(line)
    assert line == line.strip()
    assert not re.search(r"  |[^\S \u00a0\u2007\u202f]", line)
    assert one_line(line) == line
    assert [sign for sign in line if not sign.isspace()] == [
        sign for sign in text if not sign.isspace() and one_line(sign)
    ]


@pytest.mark.parametrize(("value", "shown"), [("Ada", "Welcome, Ada!"), ("", "Welcome!"), ("  ", "Welcome!")])
def test_phrase_goes_away_as_a_whole_where_that_is_said(value: str, shown: str) -> None:
    tag = parse_tag('contact.first_name | phrase: ", #", ""')
    assert f"Welcome{tag.fill(value, 'en')}!" == shown
