"""Networks that no person clicks from: data centers, by the list of the site (``scanner_networks``)."""

from __future__ import annotations

import ipaddress
import logging
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any

from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from wagtail_precise_mail.conf import SETTING, options
from wagtail_precise_mail.exceptions import ConfigurationError

logger = logging.getLogger(__name__)

_MAPPED = 0xFFFF << 32
"""IPv4 as IPv6 writes it (RFC 4291, 2.5.5.2): one list serves both."""


def is_in_scanner_network(ip_address: str) -> bool:
    """Whether an IP address belongs to a network of the list; "" and what is no address belong to none."""
    return bool(options().scanner_networks) and _is_listed(ip_address)


@lru_cache(maxsize=2000)
def _is_listed(ip_address: str) -> bool:
    try:
        number = _number(ipaddress.ip_address(ip_address))
    except ValueError:
        return False
    starts, ends = _ranges()
    place = bisect_right(starts, number) - 1
    return place >= 0 and number <= ends[place]


@cache
def _ranges() -> tuple[list[int], list[int]]:
    """Return the first and the last addresses of the networks, by the first; read once by each process."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted((_number(net[0]), _number(net[-1])) for net in _networks()):
        if ends and start <= ends[-1] + 1:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends


def _networks() -> Iterator[Any]:
    for one in options().scanner_networks:
        listed: Iterable[str] = [one] if "/" in one or ":" in one or one[0].isdigit() else _call(one)
        for network in listed:
            try:
                yield ipaddress.ip_network(network.strip())
            except ValueError:  # one bad line of somebody else's list
                logger.warning("%r is no network; scanner_networks goes on without it.", network)


def _call(path: str) -> list[str]:
    try:
        return list(import_string(path)())
    except ImportError as error:
        raise ConfigurationError(f"{SETTING}['scanner_networks'] names {path!r}, which cannot be imported.") from error


def _number(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
    return int(address) | _MAPPED if address.version == 4 else int(address)


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting == SETTING:
        _is_listed.cache_clear()
        _ranges.cache_clear()


setting_changed.connect(_forget)
