"""A contact's own time: their zone, else what their country says, else the site's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import get_global
from django.utils import timezone

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact


class ZoneBasis(StrEnum):
    """Why a zone was taken for a contact's."""

    EXPLICIT = "explicit"
    COUNTRY = "country"
    CITY = "city"
    MOST_PEOPLE = "most_people"
    SITE = "site"


@dataclass(frozen=True)
class LocalZone:
    """A contact's time zone, and how well it is known."""

    zone: tzinfo
    basis: ZoneBasis


# Of the countries whose clocks differ, the zone that most of their people live in. Others fall back to the site's.
_MOST_PEOPLE = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "FM": "Pacific/Pohnpei",
    "GL": "America/Nuuk",
    "ID": "Asia/Jakarta",
    "KI": "Pacific/Tarawa",
    "KZ": "Asia/Almaty",
    "MH": "Pacific/Majuro",
    "MN": "Asia/Ulaanbaatar",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PF": "Pacific/Tahiti",
    "PG": "Pacific/Port_Moresby",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
    "UZ": "Asia/Tashkent",
}


def zone_of(contact: Contact, site_zone: tzinfo | None = None) -> LocalZone:
    """Return the time zone that a contact lives in, as far as one can tell.

    Their own zone comes first. Else their country: when all its clocks agree, that time. Where they differ, a city by
    which a zone is named (Perth, Los Angeles) decides, and else the zone in which most people of the country live.

    Args:
        site_zone: what holds where nothing is known; the project's ``TIME_ZONE``, when left out.

    Source: zones of a territory from Unicode CLDR, as Babel ships it.
    """
    if contact.time_zone and (zone := find_zone(contact.time_zone)):
        return LocalZone(zone, ZoneBasis.EXPLICIT)
    country = contact.country.upper()
    if zone := _only_zone(country):
        return LocalZone(zone, ZoneBasis.COUNTRY)
    if zone := _cities(country).get(_plain(contact.city)):
        return LocalZone(zone, ZoneBasis.CITY)
    if zone := find_zone(_MOST_PEOPLE.get(country, "")):
        return LocalZone(zone, ZoneBasis.MOST_PEOPLE)
    return LocalZone(site_zone or timezone.get_default_timezone(), ZoneBasis.SITE)


def find_zone(name: str) -> ZoneInfo | None:
    """Return the zone of a name such as "Europe/Berlin", or None."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown; no key at all; a folder such as "Europe"
        return None


def zone_of_country(country: str) -> ZoneInfo | None:
    """Return the zone in which people of a country live whose city tells nothing; None where nobody knows."""
    return _only_zone(country) or find_zone(_MOST_PEOPLE.get(country, ""))


def cities_of(country: str) -> dict[str, ZoneInfo]:
    """Return the zones of a country by the city they are named by, in lower case; none where one zone holds for all."""
    return {} if _only_zone(country) else _cities(country)


@cache
def _zones(country: str) -> tuple[ZoneInfo, ...]:
    names = get_global("territory_zones").get(country, ()) if len(country) == 2 and country != "ZZ" else ()
    return tuple(zone for name in names if (zone := find_zone(name)))


@cache
def _only_zone(country: str) -> ZoneInfo | None:
    zones = _zones(country)
    year = datetime.now(UTC).year
    moments = [datetime(year, month, 15, tzinfo=UTC) for month in range(1, 13)]
    clocks = {tuple(moment.astimezone(zone).utcoffset() for moment in moments) for zone in zones}
    # Of zones that agree the most populous, for its name is what people recognize.
    known = find_zone(_MOST_PEOPLE.get(country, ""))
    return (known or zones[0]) if len(clocks) == 1 else None


@cache
def _cities(country: str) -> dict[str, ZoneInfo]:
    return {_plain(zone.key.rpartition("/")[2]): zone for zone in _zones(country)}


def _plain(city: str) -> str:
    return city.replace("_", " ").strip().casefold()
