"""Conditions on what is known about a contact: country, age, and any other field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from babel import Locale, UnknownLocaleError
from django.db.models import Q
from django.utils.translation import get_language, gettext_lazy, to_locale
from django.utils.translation import gettext as _
from wagtail.blocks import CharBlock

from wagtail_precise_mail.contacts.models import Contact, JobLevel
from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.conditions.base import Condition, conditions
from wagtail_precise_mail.segments.conditions.comparing import Comparison, comparable, is_comparable, stored_text
from wagtail_precise_mail.segments.conditions.parameters import Choice, Count, FurtherField, Text, shown
from wagtail_precise_mail.segments.conditions.references import References
from wagtail_precise_mail.segments.conditions.several import Several
from wagtail_precise_mail.segments.conditions.words import between, listed


def country_choices() -> list[tuple[str, str]]:
    """Return ISO 3166 codes with the names of the countries, by name, in the language of the screen."""
    try:
        names = Locale.parse(to_locale(get_language() or "en")).territories
    except (UnknownLocaleError, ValueError):
        names = Locale.parse("en").territories
    # CLDR also has regions (digits), exceptional reservations (EU, UN) and two for tests.
    codes = [code for code in names if re.fullmatch("[A-Z]{2}", code) and code not in _NO_COUNTRY]
    return sorted(((code, names[code]) for code in codes), key=lambda pair: pair[1])


_NO_COUNTRY = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}


class CountryCode(Choice):
    """A choice in the editor, and any spelling of case in a file."""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[A-Za-z]{2}$"}

    def read(self, value: Any, place: str, references: References) -> str:
        code = value.upper() if isinstance(value, str) else value
        if not isinstance(code, str) or code not in self.words():
            message = _("%(value)s is not the code of a country, such as GB") % {"value": shown(value)}
            raise InvalidRules(message, place=place)
        return code


@conditions.register("country")
@dataclass(frozen=True)
class Country(Condition):
    """Contacts who live in one of some countries."""

    label = gettext_lazy("Country")
    description = gettext_lazy("Where the contact lives. Several countries: in any of them.")
    icon = "globe"
    is_profiling = False

    countries: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Countries"),
            help_text=gettext_lazy("ISO 3166 codes, such as GB."),
            item=CountryCode(label=gettext_lazy("Country"), choices=country_choices),
        ),
    ]

    def as_q(self, at: datetime) -> Q:
        return Q(country__in=self.countries)

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        names = dict(country_choices())
        return _("live in %(countries)s") % {"countries": listed(names.get(code, code) for code in self.countries)}

    def explain(self, contact: Contact, at: datetime) -> str:
        return contact.country or _("country unknown")


@conditions.register("age")
@dataclass(frozen=True)
class Age(Condition):
    """Contacts of an age in full years, counted in UTC days."""

    label = gettext_lazy("Age")
    description = gettext_lazy("Full years since the birthday. Without a birthday there is no age.")
    icon = "calendar-alt"
    is_profiling = False

    min: Annotated[int | None, Count(label=gettext_lazy("At least"), maximum=150)] = None
    max: Annotated[int | None, Count(label=gettext_lazy("At most"), maximum=150)] = None

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from range_problems(self.min, self.max)

    def as_q(self, at: datetime) -> Q:
        today = at.astimezone(UTC).date()
        # isnull comes first so that the whole is false, not NULL, for a contact without a birthday.
        statement = Q(birthday_on__isnull=False)
        if self.min is not None:
            statement &= Q(birthday_on__lte=_years_before(today, self.min))
        if self.max is not None:
            statement &= Q(birthday_on__gt=_years_before(today, self.max + 1))
        return statement

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        return _("are %(years)s years old") % {"years": between(self.min, self.max)}

    def explain(self, contact: Contact, at: datetime) -> str:
        return str(contact.birthday_on or _("birthday unknown"))


def range_problems(low: Any, high: Any) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a pair ``min`` and ``max``."""
    if low is None and high is None:
        yield "", _("give min, max or both")
    elif low is not None and high is not None and low > high:
        yield "max", _("must not be below min")


def _years_before(day: date, years: int) -> date:
    year = max(day.year - years, 1)
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February: who was born on 1 March has not had the birthday yet
        return date(year, 2, 28)


@conditions.register("job_level")
@dataclass(frozen=True)
class OfJobLevel(Condition):
    """Contacts who decide at one of some levels (C036)."""

    label = gettext_lazy("Level in their organization")
    description = gettext_lazy("Who decides there. Several levels: any of them.")
    icon = "user"
    is_profiling = False

    levels: Annotated[
        tuple[str, ...],
        Several(
            label=gettext_lazy("Levels"),
            item=Choice(label=gettext_lazy("Level"), choices=list(JobLevel.choices)),
        ),
    ]

    def as_q(self, at: datetime) -> Q:
        return Q(job_level__in=self.levels)

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        return _("are %(levels)s in their organization") % {
            "levels": listed(str(JobLevel(level).label) for level in self.levels)
        }

    def explain(self, contact: Contact, at: datetime) -> str:
        return contact.get_job_level_display() or _("level unknown")


FIELDS = [
    ("region", gettext_lazy("Region")),
    ("city", gettext_lazy("City")),
    ("gender", gettext_lazy("Gender")),
    ("job_title", gettext_lazy("Job")),
    ("organization", gettext_lazy("Organization")),
    ("locale", gettext_lazy("Language")),
    ("source", gettext_lazy("Where the contact came from")),
    ("attribute", gettext_lazy("A further field ...")),
]

OPERATORS = {
    Comparison.IS: gettext_lazy("is"),
    Comparison.IS_NOT: gettext_lazy("is not"),
    Comparison.CONTAINS: gettext_lazy("contains"),
    Comparison.ONE_OF: gettext_lazy("is one of"),
    Comparison.GREATER: gettext_lazy("is greater than"),
    Comparison.LESS: gettext_lazy("is less than"),
    Comparison.IS_SET: gettext_lazy("is set"),
}


class _ValuesText(Several):
    """Several texts, entered on one line with commas between them."""

    def block(self) -> CharBlock:
        return CharBlock(label=self.label, help_text=self.help_text, required=False, max_length=1000)

    def from_block(self, value: Any) -> Any:
        return [one.strip() for one in (value or "").split(",") if one.strip()] or None

    def to_block(self, value: Any) -> Any:
        return ", ".join(value)


@conditions.register("contact_field")
@dataclass(frozen=True)
class ContactField(Condition):
    """Contacts of whom one field says something. Letters are compared without regard to case."""

    label = gettext_lazy("Field of the contact")
    description = gettext_lazy("Region, city, gender, job, organization, language, source, or a further field.")
    icon = "user"
    is_profiling = False

    field: Annotated[str, Choice(label=gettext_lazy("Field"), choices=FIELDS)]
    operator: Annotated[str, Choice(label=gettext_lazy("Comparison"), choices=list(OPERATORS.items()))]
    attribute: Annotated[
        str,
        FurtherField(
            label=gettext_lazy("Name of the further field"),
            help_text=gettext_lazy("Such as shoe_size. Only with: a further field."),
        ),
    ] = ""
    values: Annotated[
        tuple[str, ...],
        _ValuesText(
            label=gettext_lazy("Compared with"),
            help_text=gettext_lazy("Text, a number, or a date such as 2026-01-31. Several for: is one of."),
            item=Text(label=gettext_lazy("Value")),
        ),
    ] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from self._attribute_problems()
        if self.operator == Comparison.IS_SET:
            if self.values:
                yield "values", _('nothing is compared with "is set"')
        elif not self.values:
            yield "values", _("is missing")
        elif len(self.values) > 1 and self.operator != Comparison.ONE_OF:
            yield "values", _("only one_of takes several")
        elif self.operator in (Comparison.GREATER, Comparison.LESS) and not is_comparable(self.values[0]):
            yield "values", _("must be a number, or a date such as 2026-01-31")

    def _attribute_problems(self) -> Iterator[tuple[str, str]]:
        if self.field != "attribute" and self.attribute:
            yield "attribute", _('is only for the field "attribute"')
        elif self.field == "attribute" and not self.attribute:
            yield "attribute", _("is missing")
        elif self.attribute.isdigit():
            # In a JSON path a number means a place in a list.
            yield "attribute", _("must not be a number")
        elif set(self.attribute) & set('"\\'):
            # SQLite finds no key with them.
            yield "attribute", _("must not contain double quotes or backslashes")

    @classmethod
    def from_block(cls, value: Any) -> dict[str, Any]:
        entered = super().from_block(value)
        if entered.get("operator") not in (Comparison.ONE_OF, None) and "values" in entered:
            entered["values"] = [value["values"].strip()]  # a comma is a part of it
        return entered

    def as_q(self, at: datetime) -> Q:
        return comparable(stored_text(self.field, self.attribute), Comparison(self.operator), self.values)

    def as_negated_q(self, at: datetime) -> Q:
        return ~self.as_q(at)

    def sentence(self) -> str:
        name = self.attribute or str(dict(FIELDS)[self.field])
        comparison = OPERATORS[Comparison(self.operator)]
        return " ".join([_("have a field"), f"“{name}”", _("that"), str(comparison), listed(self.values)]).strip()

    def explain(self, contact: Contact, at: datetime) -> str:
        value = contact.attributes.get(self.attribute) if self.attribute else getattr(contact, self.field)
        return _("not set") if value in ("", None) else f"“{value}”"
