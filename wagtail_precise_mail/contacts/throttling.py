"""How often somebody may sign up, counted in the cache: by address, by IP address and by site.

List bombing enters one address into thousands of forms, or thousands of addresses into one.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import timedelta

from django.core.cache import cache

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.exceptions import TooManySignUps

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_DOTLESS = ("gmail.com", "googlemail.com")


def check_place(*, ip_address: str, site_id: int | None) -> None:
    """Count a sign-up from a place.

    Raises:
        TooManySignUps: there were too many from it in this hour, or on this site.
    """
    by_ip = not ip_address or _count("ip", _network(ip_address), options().sign_ups_per_ip_and_hour, _HOUR)
    if not by_ip or not _count("site", str(site_id or 0), options().sign_ups_per_site_and_hour, _HOUR):
        raise TooManySignUps("Too many people signed up from there within the hour.")


def may_mail(normalized: str) -> bool:
    """Count a mail to an address, and return whether it may be sent: plus parts and dots make no new mailbox."""
    return _count("address", _mailbox(normalized), options().sign_up_mails_per_day, _DAY)


def _count(kind: str, what: str, limit: int, length: timedelta) -> bool:
    # The cache may be shared with others, and so keeps no address that somebody could read.
    key = f"wpm_sign_up_{kind}_{hashlib.sha256(what.encode()).hexdigest()[:32]}"
    if cache.add(key, 1, timeout=length.total_seconds()):
        return limit >= 1
    try:
        return int(cache.incr(key)) <= limit
    except ValueError:  # it ran out between the two calls
        cache.add(key, 1, timeout=length.total_seconds())
        return True


def _network(ip_address: str) -> str:
    """Return whom an IP address stands for: a household has a whole /64 of IPv6."""
    try:
        address = ipaddress.ip_address(ip_address)
    except ValueError:
        return ip_address
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def _mailbox(normalized: str) -> str:
    local, _at, domain = normalized.rpartition("@")
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '') if domain in _DOTLESS else local}@{domain}"
