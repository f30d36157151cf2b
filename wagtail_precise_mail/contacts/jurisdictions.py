"""Jurisdictions: what the law of a place asks of mail, as data. No legal advice: see docs/explanation/jurisdictions.md.

Each profile says what it was taken from. Projects add theirs, or replace one under its key.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import IntEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.registry import Registry


class ConsentKind(IntEnum):
    """How much of a yes is needed before mail about topics; the higher, the stricter."""

    OPT_OUT = 1
    """None, as long as leaving is easy and respected."""

    OPT_IN = 2
    """A yes before the first mail."""

    PROVEN = 3
    """A yes before the first mail, which the sender can prove."""


@dataclass(frozen=True)
class Deadline:
    """How soon a request about one's data must be answered, in days or in working days (Monday to Friday)."""

    days: int
    is_working_days: bool = False

    def after(self, received_at: datetime) -> datetime:
        """Return when the answer is due."""
        if not self.is_working_days:
            return received_at + timedelta(days=self.days)
        due, left = received_at, self.days
        while left:
            due += timedelta(days=1)
            left -= due.weekday() < 5
        return due


@dataclass(frozen=True)
class Jurisdiction:
    """What one law, or a few of one place, ask for.

    Attributes:
        countries: ISO codes of those whom it protects.
        consent: before mail about topics.
        needs_postal_address, needs_contact: what the footer must say beside the sender's name.
        subject_labels: what subjects must begin with, by language; under "" for all others. Empty: nothing.
        needs_opt_out_of_profiling: content chosen by what people did needs an easy way to refuse it.
        quiet_hours: mail about topics is not sent between these, on the campaign's clocks; None: whenever.
        deadline: for answers to requests.
        sources: laws with their articles, for people who check.
    """

    label: str | Promise
    countries: frozenset[str]
    consent: ConsentKind
    deadline: Deadline
    sources: tuple[str, ...]
    needs_postal_address: bool = True
    needs_contact: bool = False
    subject_labels: Mapping[str, str] = field(default_factory=dict)
    needs_opt_out_of_profiling: bool = False
    quiet_hours: tuple[time, time] | None = None

    def label_for(self, language: str) -> str:
        """Return what a subject in a language must begin with, or ""."""
        code = language.lower().replace("_", "-")
        labels = self.subject_labels
        return labels.get(code) or labels.get(code.partition("-")[0]) or labels.get("", "")

    def is_labelled(self, subject: str) -> bool:
        """Whether a subject begins with one of the labels, in brackets or not."""
        words = [re.escape(label.strip(_BRACKETS)) for label in self.subject_labels.values()]
        # "AD" in capitals and as a word of its own: "Adam" is none.
        return bool(words) and bool(re.match(rf"[\s【（(\[]*(?:{'|'.join(words)})(?![A-Za-z])", subject))


jurisdictions: Registry[Jurisdiction] = Registry("jurisdiction")

_BRACKETS = "【】[]（）() "

FALLBACK = "gdpr"
"""What holds for contacts of whom nobody knows a country, where the site says nothing."""

# The 27 of the European Union, the other three of the EEA, and the United Kingdom, whose UK GDPR says the same here.
_EUROPE = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO GB"


def _register(key: str, jurisdiction: Jurisdiction) -> None:
    jurisdictions.register(key)(jurisdiction)


_register(
    "gdpr",
    Jurisdiction(
        label=_("European Union and United Kingdom (GDPR)"),
        countries=frozenset(_EUROPE.split()),
        consent=ConsentKind.PROVEN,
        needs_contact=True,
        needs_opt_out_of_profiling=True,
        deadline=Deadline(30),
        sources=(
            "Regulation (EU) 2016/679 (GDPR), articles 6, 7, 12(3), 15 to 17, 21 and 22",
            "Directive 2002/58/EC (ePrivacy), article 13",
            "Directive 2000/31/EC (E-Commerce), articles 5 and 6",
        ),
    ),
)
_register(
    "pipl",
    Jurisdiction(
        label=_("China (PIPL and others)"),
        countries=frozenset({"CN"}),
        consent=ConsentKind.PROVEN,
        needs_contact=True,
        # Both words are allowed; readers of Chinese see the Chinese one.
        subject_labels={"zh": "【广告】", "": "[AD] "},
        needs_opt_out_of_profiling=True,
        deadline=Deadline(15, is_working_days=True),
        sources=(
            "Personal Information Protection Law (2021), articles 13 to 15, 24, 44 to 47 and 50",
            "E-commerce Law (2018), article 18",
            "Measures for the Administration of Internet Email Services (2006), article 13",
            "Advertising Law (2021), article 43",
            "Method for identifying illegal collection by apps (2019), section 6, for the 15 working days",
        ),
    ),
)
_register(
    "can_spam",
    Jurisdiction(
        label=_("United States (CAN-SPAM)"),
        countries=frozenset({"US"}),
        consent=ConsentKind.OPT_OUT,
        deadline=Deadline(45),
        sources=(
            "15 U.S.C. chapter 103 (CAN-SPAM), section 7704",
            "California Civil Code 1798.130 (CCPA), for requests",
        ),
    ),
)
_register(
    "casl",
    Jurisdiction(
        label=_("Canada (CASL)"),
        countries=frozenset({"CA"}),
        consent=ConsentKind.PROVEN,
        needs_contact=True,
        deadline=Deadline(30),
        sources=(
            "S.C. 2010, c. 23 (CASL), sections 6, 10, 11 and 13",
            "PIPEDA, schedule 1, and section 8, for requests",
        ),
    ),
)


def key_of(country: str, *, default: str) -> str:
    """Return the key of the jurisdiction that protects people of a country.

    Args:
        country: ISO code, or "".
        default: the site's, for countries of which no profile speaks.
    """
    code = country.upper()
    keys = [key for key, one in jurisdictions.items() if code and code in one.countries]
    return keys[0] if keys else (default if default in jurisdictions else FALLBACK)


def by_country(countries: Collection[str], *, default: str) -> dict[str, str]:
    """Return the key of the jurisdiction for each of some countries."""
    return {country: key_of(country, default=default) for country in countries}


@dataclass(frozen=True)
class Demands:
    """What all jurisdictions of an audience ask for together: the strictest of each.

    Attributes:
        keys: of the jurisdictions.
        quiet_hours: all of theirs.
    """

    keys: tuple[str, ...]
    consent: ConsentKind
    needs_postal_address: bool
    needs_contact: bool
    needs_opt_out_of_profiling: bool
    quiet_hours: tuple[tuple[time, time], ...]
    deadline: Deadline


def strictest(keys: Iterable[str]) -> Demands:
    """Return what some jurisdictions ask for together.

    Raises:
        UnknownKey: one of them is not registered.
        ValueError: there is none.
    """
    unique = tuple(dict.fromkeys(keys))
    found = [jurisdictions.get(key) for key in unique]
    # Any two moments compare deadlines of days with those of working days; a Monday is the fairest.
    monday = datetime.combine(date(2026, 3, 2), time(12))
    return Demands(
        keys=unique,
        consent=max(one.consent for one in found),
        needs_postal_address=any(one.needs_postal_address for one in found),
        needs_contact=any(one.needs_contact for one in found),
        needs_opt_out_of_profiling=any(one.needs_opt_out_of_profiling for one in found),
        quiet_hours=tuple(dict.fromkeys(one.quiet_hours for one in found if one.quiet_hours)),
        deadline=min((one.deadline for one in found), key=lambda deadline: deadline.after(monday)),
    )


def is_quiet(moment: time, hours: tuple[time, time]) -> bool:
    """Whether a time of day lies in quiet hours, which may pass midnight."""
    start, end = hours
    return start <= moment < end if start <= end else moment >= start or moment < end
