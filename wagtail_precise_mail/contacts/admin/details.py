"""The facts about a contact, with what speaks for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from babel import Locale, UnknownLocaleError
from django.contrib.admin.utils import label_for_field
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, to_locale
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.fields import Classification, ContactField
from wagtail_precise_mail.contacts.models import Cadence, Contact
from wagtail_precise_mail.contacts.values import labeled_values
from wagtail_precise_mail.contacts.zones import LocalZone, ZoneBasis

_PLAIN = ["first_name", "last_name", "gender", "birthday_on", "organization", "job_title", "job_level"]
_BASES = {
    ZoneBasis.EXPLICIT: _("said by the contact, or written down"),
    ZoneBasis.COUNTRY: _("by the country"),
    ZoneBasis.CITY: _("by the city"),
    ZoneBasis.MOST_PEOPLE: _("where most people of the country live"),
    ZoneBasis.SITE: _("of the site: nothing else is known"),
}


@dataclass(frozen=True)
class Detail:
    """One fact; ``note`` says how we know, or how to handle it."""

    label: str
    value: str
    note: str = ""
    is_sensitive: bool = False


def details_of(contact: Contact, zone: LocalZone) -> list[Detail]:
    """Return what is filled in, in the order of a visiting card."""
    plain = [Detail(_label(name), _shown(contact, name)) for name in _PLAIN]
    further = [
        Detail(label, value, note=_note(field), is_sensitive=_is_sensitive(field))
        for label, value, field in labeled_values(contact.attributes)
    ]
    found = [*plain, *_place(contact), *_time(zone), *_settings(contact), *further, *_origin(contact)]
    return [detail for detail in found if detail.value]


def _place(contact: Contact) -> list[Detail]:
    place = ", ".join(filter(None, [contact.city, contact.region, _country(contact.country)]))
    return [Detail(gettext("Lives in"), place), Detail(_label("locale"), contact.locale)]


def _time(zone: LocalZone) -> list[Detail]:
    return [Detail(_label("time_zone"), str(zone.zone), note=str(_BASES[zone.basis]))]


def _settings(contact: Contact) -> list[Detail]:
    refused = gettext("not allowed")
    return [
        Detail(_label("cadence"), "" if contact.cadence == Cadence.EVERY else contact.get_cadence_display()),
        Detail(gettext("Tracking of opens and clicks"), "" if contact.is_tracking_allowed else refused),
        Detail(gettext("Content by what they did"), "" if contact.is_profiling_allowed else refused),
    ]


def _origin(contact: Contact) -> list[Detail]:
    account = contact.user.get_username() if contact.user else ""
    day = date_format(localtime(contact.created_at), "DATE_FORMAT")
    source = contact.source or gettext("unknown")
    return [Detail(_label("user"), account), Detail(gettext("Came from"), source, note=day)]


def _note(field: ContactField | None) -> str:
    return field.purpose if field else ""


def _is_sensitive(field: ContactField | None) -> bool:
    return field is not None and field.classification == Classification.SENSITIVE


def _label(name: str) -> str:
    return capfirst(str(label_for_field(name, Contact)))


def _shown(contact: Contact, name: str) -> str:
    value: Any = contact.get_job_level_display() if name == "job_level" else getattr(contact, name)
    return date_format(value, "DATE_FORMAT") if name == "birthday_on" and value else str(value or "")


def _country(code: str) -> str:
    try:
        names = Locale.parse(to_locale(get_language() or "en")).territories
    except (UnknownLocaleError, ValueError):
        return code
    return str(names.get(code, code))
