"""The filters of merge tags, in one table: what each does, and which quoted texts it takes.

A filter gets text and gives text. What it cannot read, such as words where a date should be, counts as empty, so that
the fallback of the tag shows: a filter never raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from babel import Locale, UnknownLocaleError, dates, numbers
from django.utils.translation import gettext as _

from wagtail_precise_mail.emails.languages import babel_locale


class Kind(StrEnum):
    """What the text of a field holds."""

    TEXT = "text"
    DATE = "date"  # ISO 8601, with or without a time
    NUMBER = "number"  # plain: 1234.5
    COUNTRY = "country"  # ISO 3166 code
    LANGUAGE = "language"  # code such as "zh-hans"
    ANY = "any"  # known when it is filled only


@dataclass(frozen=True)
class Argument:
    """A quoted text that a filter takes.

    Attributes:
        problem: returns what is wrong with a text, in words for the editor, or "".
        is_optional: whether it may be left out; optional ones stand last.
    """

    problem: Callable[[str], str]
    is_optional: bool = False


@dataclass(frozen=True)
class Filter:
    """One filter.

    Attributes:
        apply: takes the value, the code of the email's language, and the arguments; returns the new value.
        example: how it is written.
        arguments: what it takes, in this order.
        reads: the kinds of fields that it writes out. Such a filter stands first; others work on any text.
        problem: what is wrong with the arguments together, or "".
        is_fallback: whether its arguments say what stands for an empty value, be it on purpose nothing.
    """

    apply: Callable[..., str]
    example: str
    arguments: tuple[Argument, ...] = ()
    reads: frozenset[Kind] = frozenset()
    problem: Callable[[Sequence[str]], str] | None = None
    is_fallback: bool = False

    def check(self, arguments: Sequence[str]) -> str:
        """Return what is wrong with arguments, in words for the editor, or ""."""
        least = sum(not argument.is_optional for argument in self.arguments)
        if arguments and not self.arguments:
            return _("takes no text")
        if len(arguments) > len(self.arguments):
            return _("takes %(count)s texts in quotes at the most") % {"count": len(self.arguments)}
        if len(arguments) < least:
            return _("needs two texts in quotes") if least == 2 else _("needs a text in quotes")
        for argument, text in zip(self.arguments, arguments, strict=False):
            if problem := argument.problem(text):
                return problem
        return self.problem(arguments) if self.problem else ""


DATE_SKELETONS = {"day-month": "MMMMd", "month-year": "yMMMM", "year": "y"}
_DATE_PATTERNS = {"weekday": "EEEE", "month": "LLLL"}
_DATE_LENGTHS = ("short", "medium", "long", "full")
DATE_FORMS = (*_DATE_LENGTHS, *DATE_SKELETONS, *_DATE_PATTERNS)
"""How a date can be written; the language of the email decides on order and words."""

# A number of more digits is none that somebody would read; and "1e999999" would write a million zeros.
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_PLURAL = re.compile(r"\s*(zero|one|two|few|many|other|[0-9]{1,6})\s*=\s*(.*)", re.DOTALL)
# The first letter of each word: also behind O' and D', but not the s of "it's".
_INITIAL = re.compile(r"(?:(?<=[\s(\[/-])|(?<=\b\w['’])(?=\w{3})|^)[^\W\d_]")
# In these, the capital of i has its dot.
_DOTTED = ("tr", "az")


def read_date(value: str) -> date | None:
    """Return the day of an ISO 8601 date or moment, or None."""
    text = value.strip()
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        return datetime.fromisoformat(text).date() if _DAY.match(text) else None
    except ValueError:
        return None


def read_number(value: str) -> Decimal | None:
    """Return a plain number, or None."""
    text = value.strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def plural_forms(arguments: Sequence[str]) -> dict[str, str]:
    """Return the texts of ``plural`` by number or CLDR category.

    One text is for every number; two are for one and for all others; more are written "few = # pots", each with the
    number or category that it is for.

    Raises:
        ValueError: they cannot be told apart, or none is for all other numbers; in words for the editor.
    """
    named = [(match[1], match[2]) for argument in arguments if (match := _PLURAL.fullmatch(argument))]
    if not named and len(arguments) <= 2:
        return dict(zip(["one", "other"][-len(arguments) :], arguments, strict=True))
    if len(named) < len(arguments):
        raise ValueError(_("takes one text, or two, or texts that all start with what they are for, such as “few = #”"))
    forms = dict(named)
    if len(forms) < len(named):
        raise ValueError(_("has two texts for the same number"))
    if "other" not in forms:
        raise ValueError(_("needs a text for all other numbers: “other = #”"))
    return forms


def _default(value: str, _locale: str, fallback: str) -> str:
    return value if value.strip() else fallback


def _phrase(value: str, _locale: str, known: str, unknown: str) -> str:
    return known.replace("#", value) if value.strip() else unknown


def _upper(value: str, locale: str) -> str:
    if _is_dotted(locale):
        value = value.replace("i", "İ")
    return value.upper()


def _lower(value: str, locale: str) -> str:
    if _is_dotted(locale):
        value = value.replace("I", "ı").replace("İ", "i")
    return value.lower()


def _title(value: str, locale: str) -> str:
    return _INITIAL.sub(lambda match: _upper(match.group(), locale), _lower(value, locale))


def _capitalize(value: str, locale: str) -> str:
    return _upper(value[:1], locale) + value[1:]


def _is_dotted(locale: str) -> bool:
    return locale.partition("-")[0] in _DOTTED


@lru_cache(maxsize=1024)
def _date(value: str, locale: str, form: str = "long") -> str:
    day, babel = read_date(value), babel_locale(locale)
    if day is None:
        return ""
    if form in DATE_SKELETONS:
        # As a moment: Babel writes no days by skeleton.
        at = datetime(day.year, day.month, day.day)  # noqa: DTZ001
        return dates.format_skeleton(DATE_SKELETONS[form], at, locale=babel)
    return dates.format_date(day, _DATE_PATTERNS.get(form, form), locale=babel)


@lru_cache(maxsize=1024)
def _number(value: str, locale: str, decimals: str = "") -> str:
    number, babel = read_number(value), babel_locale(locale)
    if number is None:
        return ""
    if not decimals:
        return numbers.format_decimal(number, locale=babel)
    pattern = numbers.parse_pattern(babel.decimal_formats[None].pattern)
    pattern.frac_prec = (int(decimals), int(decimals))
    return pattern.apply(number, babel)


@lru_cache(maxsize=1024)
def _money(value: str, locale: str, currency: str) -> str:
    number = read_number(value)
    return "" if number is None else numbers.format_currency(number, currency, locale=babel_locale(locale))


@lru_cache(maxsize=1024)
def _plural(value: str, locale: str, *arguments: str) -> str:
    number = read_number(value)
    if number is None:
        return ""
    forms, babel = plural_forms(arguments), babel_locale(locale)
    # CLDR says "1.0 points"; what is shown is 1.
    shown = f"{number.normalize():f}"
    text = forms.get(shown) or forms.get(babel.plural_form(abs(Decimal(shown)))) or forms["other"]
    return text.replace("#", numbers.format_decimal(number, locale=babel))


def _country(value: str, locale: str) -> str:
    return babel_locale(locale).territories.get(value.strip().upper()) or ""


def _language(value: str, locale: str) -> str:
    try:
        language = Locale.parse(value.strip().replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        return ""
    return language.get_display_name(babel_locale(locale)) or ""


def _words(text: str) -> str:
    return "" if text.strip() else _("needs words in its quotes")


def _any_text(_text: str) -> str:
    return ""


def _one_of(*choices: str) -> Callable[[str], str]:
    def problem(text: str) -> str:
        return "" if text in choices else _("takes one of %(choices)s") % {"choices": ", ".join(choices)}

    return problem


def _currency(text: str) -> str:
    # Babel's list has every currency of ISO 4217, and those of old.
    is_known = bool(_CURRENCY.fullmatch(text)) and numbers.is_currency(text)
    return "" if is_known else _("takes the three capitals of a currency, such as “EUR”")


def _plural_problem(arguments: Sequence[str]) -> str:
    try:
        plural_forms(arguments)
    except ValueError as error:
        return str(error)
    return ""


_NUMBERS = frozenset({Kind.NUMBER, Kind.ANY})
_PLURAL_TEXT = Argument(_any_text, is_optional=True)

FILTERS: dict[str, Filter] = {
    "default": Filter(_default, 'default: "friend"', (Argument(_any_text),)),
    "phrase": Filter(_phrase, 'phrase: "Dear #,", "Hello,"', (Argument(_words), Argument(_any_text)), is_fallback=True),
    "upper": Filter(_upper, "upper"),
    "lower": Filter(_lower, "lower"),
    "title": Filter(_title, "title"),
    "capitalize": Filter(_capitalize, "capitalize"),
    "date": Filter(
        _date,
        'date: "long"',
        (Argument(_one_of(*DATE_FORMS), is_optional=True),),
        frozenset({Kind.DATE, Kind.ANY}),
    ),
    "number": Filter(_number, "number", (Argument(_one_of("0", "1", "2", "3"), is_optional=True),), _NUMBERS),
    "money": Filter(_money, 'money: "EUR"', (Argument(_currency),), _NUMBERS),
    "plural": Filter(
        _plural,
        'plural: "# point", "# points"',
        # Six categories, and as many numbers with words of their own ("0 = no points").
        (Argument(_words), *[_PLURAL_TEXT] * 11),
        _NUMBERS,
        _plural_problem,
    ),
    "country": Filter(_country, "country", (), frozenset({Kind.COUNTRY, Kind.ANY})),
    "language": Filter(_language, "language", (), frozenset({Kind.LANGUAGE, Kind.ANY})),
}

IMPLIED: dict[Kind, tuple[str, ...]] = {
    Kind.DATE: ("date", "long"),
    Kind.NUMBER: ("number",),
    Kind.COUNTRY: ("country",),
    Kind.LANGUAGE: ("language",),
}
"""The filter that a field of a kind has where its tag names none that reads it: nobody wants to read 2026-05-12."""
