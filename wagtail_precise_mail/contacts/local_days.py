"""Which day it is where contacts live, as statements for the database: the same day that :func:`zones.zone_of` says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import available_timezones

from babel.core import get_global
from django.db.models import Q
from django.utils import timezone

from wagtail_precise_mail.contacts.zones import cities_of, find_zone, zone_of_country

_QUARTER = timedelta(minutes=15)


def days_elsewhere(at: datetime) -> dict[date, Q]:
    """Return the days that it is somewhere else than on the clock of the site, each with the contacts who live there.

    There are two at the most, the earlier first. Contacts in none of them, and those of whom no place is known, have
    the day of the site. Every part is true or false, never NULL, so that the statements can be negated.
    """
    # Clocks pass midnight, and change, at a quarter of an hour.
    quarter = at - (at - at.min.replace(tzinfo=at.tzinfo)) % _QUARTER
    return dict(_days_elsewhere(quarter, timezone.get_default_timezone()))


@lru_cache(maxsize=64)
def _days_elsewhere(at: datetime, site_zone: tzinfo) -> tuple[tuple[date, Q], ...]:
    today = at.astimezone(site_zone).date()
    names: dict[date, list[str]] = defaultdict(list)
    for name in _names():
        if zone := find_zone(name):
            names[at.astimezone(zone).date()].append(name)
    countries, cities = _places(at, today)
    found = []
    for day in sorted({*names, *countries, *cities} - {today}):
        by_country = Q(country__in=countries.get(day, [])) & ~_in_cities(countries.get(day, []), day, cities)
        lives_there = by_country | _in_cities(None, day, cities, is_there=True)
        found.append((day, Q(time_zone__in=names.get(day, [])) | Q(time_zone="") & lives_there))
    return tuple(found)


_Cities = dict[date, dict[str, list[str]]]


def _places(at: datetime, today: date) -> tuple[dict[date, list[str]], _Cities]:
    """Return the countries by their day, and the cities whose day is another one than their country's."""
    countries: dict[date, list[str]] = defaultdict(list)
    cities: _Cities = defaultdict(dict)
    for country in sorted(get_global("territory_zones")):
        zone = zone_of_country(country)
        day = at.astimezone(zone).date() if zone else today
        countries[day].append(country)
        for city, own in _cities(country):
            if (there := at.astimezone(own).date()) != day:
                cities[there].setdefault(country, []).append(city)
    return countries, cities


def _cities(country: str) -> Iterator[tuple[str, tzinfo]]:
    yield from sorted(cities_of(country).items(), key=lambda pair: pair[0])


def _in_cities(countries: list[str] | None, day: date, cities: _Cities, *, is_there: bool = False) -> Q:
    """Return who lives in a city with that day, or in a city of some countries with another one."""
    found = Q(pk__in=[])
    for there, by_country in cities.items():
        if (there == day) is not is_there:
            continue
        for country, names in by_country.items():
            if countries is None or country in countries:
                found |= Q(country=country) & _one_of(names)
    return found


def _one_of(names: list[str]) -> Q:
    found = Q()
    for name in names:
        found |= Q(city__iexact=name)
    return found


@lru_cache(maxsize=1)
def _names() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))
