"""Values of further fields: read by the type of their field, and shown in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.fields import ContactField, FieldKind
from wagtail_precise_mail.exceptions import InvalidValue

# Strings, not JSON's own true and false: databases and merge fields show those in ways of their own.
YES, NO = "yes", "no"
_YES = {"yes", "true", "1", "on", "y"}
_NO = {"no", "false", "0", "off", "n"}
TEXT_LENGTH = 1000


def read_value(field: ContactField, given: Any) -> Any:
    """Return what is stored for a value that came from a form, a file or a survey; None for nothing.

    Texts, choices and dates (ISO 8601) are stored as text, yes and no as these words, several choices as a list.

    Raises:
        InvalidValue: it does not fit the type of the field; the message says what would.
    """
    if given is None or (isinstance(given, str) and not given.strip()) or given == []:
        return None
    return _READERS[FieldKind(field.kind)](field, given)


def _text(field: ContactField, given: Any) -> str:
    text = str(given).strip()
    if len(text) > TEXT_LENGTH or "\0" in text:
        raise _wrong(field, given, _("a text of at most %(limit)s characters") % {"limit": TEXT_LENGTH})
    return text


def _number(field: ContactField, given: Any) -> int | float:
    try:
        # A comma alone is how half of the world writes decimals.
        number = Decimal(str(given).strip().replace(",", ".")) if not isinstance(given, bool) else Decimal("NaN")
        # What the conditions of segments can compare.
        if not number.is_finite() or abs(number) >= 10**15 or number != round(number, 4):
            raise InvalidOperation
    except InvalidOperation:
        raise _wrong(field, given, _("a number with at most four decimals, such as 42 or 4.5")) from None
    return int(number) if number == number.to_integral_value() else float(number)


def _date(field: ContactField, given: Any) -> str:
    if isinstance(given, date):
        return (given.date() if isinstance(given, datetime) else given).isoformat()
    try:
        return date.fromisoformat(str(given).strip()[:10]).isoformat()
    except ValueError:
        raise _wrong(field, given, _("a date such as 2026-01-31")) from None


def _yes_no(field: ContactField, given: Any) -> str:
    word = str(given).strip().lower()
    if word in _YES | _NO:
        return YES if word in _YES else NO
    raise _wrong(field, given, _("yes or no"))


def _choice(field: ContactField, given: Any) -> str:
    known = {choice.lower(): choice for choice in field.choice_list}
    word = str(given).strip().lower()
    if word in known:
        return known[word]
    raise _wrong(field, given, _("one of: %(choices)s") % {"choices": ", ".join(field.choice_list[:20])})


def _choices(field: ContactField, given: Any) -> list[str]:
    entries = given if isinstance(given, list | tuple | set) else str(given).replace(";", ",").split(",")
    chosen = {_choice(field, entry) for entry in entries if str(entry).strip()}
    return [choice for choice in field.choice_list if choice in chosen]


_READERS = {
    FieldKind.TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _date,
    FieldKind.YES_NO: _yes_no,
    FieldKind.CHOICE: _choice,
    FieldKind.CHOICES: _choices,
}


def _wrong(field: ContactField, given: Any, wanted: str) -> InvalidValue:
    words = {"field": field.label, "value": str(given)[:60], "wanted": wanted}
    return InvalidValue(_("“%(value)s” does not fit the field “%(field)s”, which wants %(wanted)s.") % words)


def show_value(field: ContactField | None, value: Any) -> str:
    """Return a stored value in words, in the language of the screen. What does not fit is shown as it stands."""
    if isinstance(value, bool) or (field and field.kind == FieldKind.YES_NO):
        return _("yes") if value in (True, YES) else _("no")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if field and field.kind == FieldKind.DATE:
        try:
            return date_format(date.fromisoformat(str(value)), "DATE_FORMAT")
        except ValueError:
            return str(value)
    if isinstance(value, int | float):
        return number_format(value, use_l10n=True, force_grouping=field is not None)
    return str(value)


def labeled_values(attributes: Any) -> list[tuple[str, str, ContactField | None]]:
    """Return the further fields of a contact as label, value in words and description; described ones first."""
    held = attributes if isinstance(attributes, dict) else {}
    fields: Iterable[ContactField] = ContactField.objects.filter(key__in=list(held)) if held else ()
    known = {field.key: field for field in fields}
    described = [(field.label, show_value(field, held[key]), field) for key, field in known.items()]
    others = [(key, show_value(None, value), None) for key, value in held.items() if key not in known]
    return [entry for entry in [*described, *others] if entry[1] != ""]
