"""Telling people from machines: proxies that prefetch and scanners that follow every link."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.http import HttpRequest

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.visits import client_ip
from wagtail_precise_mail.tracking.networks import is_in_scanner_network

NO_USER_AGENT = "(none)"
"""What a request without the header is kept as. Every browser and mail program sends one."""

# Words in the User-Agent of what is no person. CUBOT makes telephones.
_MACHINE_WORDS = re.compile(
    r"""
    (?<!cu)bot\b | crawl | spider | slurp | scanner | urlscan | headless | phantomjs | preview
    | curl | wget | python | libwww | java/ | go-http | okhttp | httpclient | http_client | axios | node-fetch | ruby
    | barracuda | mimecast | proofpoint | symantec | messagelabs | fortinet | fortiguard | sophos | trend\ ?micro
    | kaspersky | bitdefender | ironport | checkpoint | zscaler | forcepoint | cloudmark | safelinks
    | facebookexternalhit | whatsapp | skypeuri | validator | monitor
    """,
    re.IGNORECASE | re.VERBOSE,
)

# These load pictures for a person who opens the mail, and now and then ahead of them.
_PROXIES = re.compile(r"GoogleImageProxy|YahooMailProxy", re.IGNORECASE)
_PREFETCH = timedelta(seconds=10)
_PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")


def is_machine_agent(user_agent: str) -> bool:
    """Whether a User-Agent names itself as no person. An unknown one ("") is given the benefit of the doubt."""
    return user_agent == NO_USER_AGENT or bool(_MACHINE_WORDS.search(user_agent))


def agent_of(request: HttpRequest) -> str:
    """Return the User-Agent of a request."""
    return request.META.get("HTTP_USER_AGENT", "").strip() or NO_USER_AGENT


def is_prefetch(request: HttpRequest) -> bool:
    """Whether the headers of a request say that nobody looks yet."""
    # Not by request.headers, which makes a new mapping of all of them for each request.
    words = [request.META[name] for name in _PURPOSES if name in request.META]
    return any("prefetch" in word or "preview" in word for word in words)


def is_machine_place(request: HttpRequest, user_agent: str) -> bool:
    """Whether a request comes from a network of machines. Proxies of mail programs load there for people."""
    if not options().scanner_networks:
        return False
    return is_in_scanner_network(client_ip(request)) and not _PROXIES.search(user_agent)


def is_machine_open(user_agent: str, *, handed_off_at: datetime | None, at: datetime) -> bool:
    """Whether an open is no person's.

    Apple's Mail Privacy Protection loads every picture of every mail and calls itself "Mozilla/5.0" and no more. The
    proxies of Gmail and Yahoo load when a person opens; only what they load within seconds of sending is a prefetch.
    """
    if is_machine_agent(user_agent) or user_agent.strip() == "Mozilla/5.0":
        return True
    is_quick = handed_off_at is not None and at - handed_off_at < _PREFETCH
    return is_quick and bool(_PROXIES.search(user_agent))


def find_burst(clicks: Sequence[tuple[int, datetime, int | None]], *, count: int, seconds: int) -> set[int]:
    """Return the clicks that belong to a scanner's burst: many different links of one mail in a moment.

    Args:
        clicks: id, moment and link index of the clicks on one message, by moment.
        count: that many different links make a burst ...
        seconds: ... when they are clicked within this time.
    """
    window = timedelta(seconds=seconds)
    found: set[int] = set()
    for _pk, end, _link in clicks:
        within = [click for click in clicks if end - window <= click[1] <= end]
        if len({link for _pk, _at, link in within}) >= count:
            found.update(pk for pk, _at, _link in within)
    return found
