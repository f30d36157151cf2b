"""From a click to the page behind it: an address of our own says for some minutes from which message somebody comes."""

from __future__ import annotations

from functools import cached_property, lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from wagtail.models import Site

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.tracking.tokens import make_visit_token

MIDDLEWARE = "wagtail_precise_mail.tracking.middleware.VisitorMiddleware"

PARAMETER = "wpm"
"""The name in the query; the middleware takes it off before anybody sees it."""

VISIT_SECONDS = 600
"""How long the address of a click is worth something: long enough for a slow line, too short to be passed on."""

_PORTS = {None, 80, 443}
_Host = tuple[str, int | None]


def is_middleware_installed() -> bool:
    """Whether the site takes the parameter off again, and so may get it."""
    return MIDDLEWARE in settings.MIDDLEWARE


class OwnPages:
    """Which addresses are on sites of ours; asks for the sites once. For a batch of messages."""

    def __contains__(self, url: str) -> bool:
        return _host(url) in self._hosts

    @cached_property
    def _hosts(self) -> frozenset[_Host]:
        roots = [root.root_url for root in Site.get_site_root_paths()]
        return frozenset(_host(url) for url in [*roots, options().base_url] if url)


def as_visit(url: str, message_id: int) -> str:
    """Return the address of a click on a link to a page of ours with who comes, where the site takes that off again."""
    if not is_middleware_installed():
        return url
    return with_parameter(url, make_visit_token(message_id, timezone.now()))


def with_parameter(url: str, token: str) -> str:
    """Return an address with our parameter at the end of its query; the rest of it stays as it was, byte by byte."""
    address, hash_mark, fragment = url.partition("#")
    path, _question_mark, query = address.partition("?")
    kept = _without(query)
    query = f"{kept}&{PARAMETER}={token}" if kept else f"{PARAMETER}={token}"
    return f"{path}?{query}{hash_mark}{fragment}"


def take_off(query: str) -> tuple[str, str | None]:
    """Return a query without our parameter, the rest as it was, and what the parameter said; None when it has none."""
    found = [part for part in query.split("&") if _is_ours(part)]
    return (_without(query), found[-1].partition("=")[2]) if found else (query, None)


def _without(query: str) -> str:
    return "&".join(part for part in query.split("&") if not _is_ours(part))


def _is_ours(part: str) -> bool:
    return part == PARAMETER or part.startswith(f"{PARAMETER}=")


@lru_cache(maxsize=5000)
def _host(url: str) -> _Host:
    parts = urlsplit(url)
    # Behind a proxy that speaks HTTPS, Wagtail's site may say port 80 all the same.
    return (parts.hostname or "").lower(), None if parts.port in _PORTS else parts.port
