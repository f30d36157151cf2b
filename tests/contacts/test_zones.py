"""A contact's own time: explicit, else by country, else the site's."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.zones import zone_of


@pytest.mark.parametrize(
    ("facts", "zone", "basis"),
    [
        ({"time_zone": "Asia/Tokyo", "country": "DE"}, "Asia/Tokyo", "explicit"),
        ({"country": "GB"}, "Europe/London", "country"),
        # Two zones whose clocks agree are one.
        ({"country": "de"}, "Europe/Berlin", "country"),
        ({"country": "MY"}, "Asia/Kuala_Lumpur", "country"),
        ({"country": "US", "city": "los angeles"}, "America/Los_Angeles", "city"),
        ({"country": "AU", "city": "Perth"}, "Australia/Perth", "city"),
        ({"country": "US", "city": "Springfield"}, "America/New_York", "most_people"),
        ({"country": "US"}, "America/New_York", "most_people"),
        ({"country": "CN"}, "Asia/Shanghai", "most_people"),
        ({"country": "AQ"}, "Europe/Paris", "site"),
        ({"country": "ZZ"}, "Europe/Paris", "site"),
        ({}, "Europe/Paris", "site"),
        ({"time_zone": "Europe/Atlantis", "country": "GB"}, "Europe/London", "country"),
        ({"time_zone": "../etc/passwd"}, "Europe/Paris", "site"),
    ],
)
def test_the_zone_of_a_contact(facts: dict[str, str], zone: str, basis: str) -> None:
    found = zone_of(Contact(**facts), ZoneInfo("Europe/Paris"))
    assert (str(found.zone), found.basis) == (zone, basis)


def test_where_nothing_is_known_the_projects_zone_holds(settings) -> None:
    settings.TIME_ZONE = "Pacific/Auckland"
    assert str(zone_of(Contact()).zone) == "Pacific/Auckland"
