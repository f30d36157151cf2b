"""Days and moments as a language writes them."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from babel.dates import format_date, format_datetime, format_time, match_skeleton
from django.utils import timezone

from wagtail_precise_mail.emails.languages import babel_locale

_WEEKDAY, _MONTH = re.compile(r"E+|c+"), re.compile(r"(?<!M)M{3}(?!M)")
_END_OF_DAY = time(23, 59)


def long_date(day: date, language: str) -> str:
    """Return a day with its year: "14 June 2026"."""
    return format_date(day, "long", locale=babel_locale(language))


def weekday_and_day(moment: datetime, language: str) -> str:
    """Return the day of a moment in this time zone, without its year: "Sunday, 14 June"."""
    locale = babel_locale(language)
    at = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    skeleton = match_skeleton("MMMMEEEEd", locale.datetime_skeletons)
    if skeleton is None:
        return format_date(at, "full", locale=locale)
    pattern = locale.datetime_skeletons[skeleton].pattern
    # CLDR has patterns with short names for more languages than with long ones; the order is the same.
    written = _MONTH.sub("MMMM", _WEEKDAY.sub("EEEE", pattern))
    return format_datetime(at, written, locale=locale)


def moment_of(moment: datetime, language: str) -> str:
    """Return a moment as people say it: without a time at the end of a day."""
    at = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    day = weekday_and_day(moment, language)
    return day if at.time() >= _END_OF_DAY else f"{day}, {format_time(at, 'short', locale=babel_locale(language))}"
