"""Addresses in mails: absolute, of a harmless scheme, and in ASCII."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit, urlunsplit

from django.utils.encoding import iri_to_uri
from wagtail.models import Page

from wagtail_precise_mail.emails.merge import Tag, parse

# Browsers read "java\nscript:" as they read it without the line break.
_IGNORED_BY_BROWSERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST_IS_WRITTEN = re.compile(r"https?://[^/?#\s]+[/?#]")
UNTRACKED = ("mailto", "tel")
_WORKS = re.compile(r"https?://|mailto:|tel:|#|cid:", re.IGNORECASE)
_IN_HTML = re.compile(r"""\b(?:href|src|background|poster)="([^"]*)"|url\(\s*['"]?([^'")]+)""", re.IGNORECASE)


def absolute(url: str, base_url: str) -> str:
    """Return an address that works in a mail, or "" for one that must not be in it, such as ``javascript:``."""
    url = _IGNORED_BY_BROWSERS.sub("", url).strip()
    url = f"https:{url}" if url.startswith("//") else url
    scheme = match[1].lower() if (match := _SCHEME.match(url)) else ""
    if not url or url.startswith("#") or scheme in UNTRACKED:
        return _ascii(url)
    if scheme not in ("", "http", "https"):
        return ""
    try:
        # With a scheme it must name its host itself: urljoin would lend it ours.
        target = urlsplit(url if scheme else urljoin(f"{base_url.rstrip('/')}/", url))
        netloc = target.netloc if target.netloc.isascii() else target.netloc.encode("idna").decode()
    except ValueError:  # not an address at all; UnicodeError of a host is one, too
        return ""
    return _ascii(urlunsplit(target._replace(netloc=netloc))) if netloc else ""


def with_tags(url: str, base_url: str) -> list[str | Tag]:
    """Return an editor's address as parts; merge tags may stand behind the host only.

    Raises:
        ValidationError: a merge tag is wrong.
    """
    parts = parse(url)
    if not any(isinstance(part, Tag) for part in parts):
        return [target] if (target := absolute(url, base_url)) else []
    first, *rest = parts
    start = absolute(first, base_url) if isinstance(first, str) else ""
    # A value must never become the scheme or the host.
    if not _HOST_IS_WRITTEN.match(start):
        return []
    return [start, *(_ascii(part) if isinstance(part, str) else part for part in rest)]


def relative_addresses(html: str, find_marks: Callable[[str], list[str]]) -> Iterator[str]:
    """Return the addresses in HTML, and in its comments for Outlook, that lead nowhere from a mail.

    Args:
        find_marks: returns the marks in a text, which hold the place of addresses.
    """
    for match in _IN_HTML.finditer(html):
        url = unescape(match[1] if match[2] is None else match[2])
        if not (_WORKS.match(url) or find_marks(url)):
            yield url


def page_url(page: Page, base_url: str, site_id: int) -> str:
    """Return the address of a page: below ``base_url`` when it belongs to the site that sends, "" without any site."""
    if not (parts := page.get_url_parts()):
        return ""
    owner, root_url, path = parts
    return f"{base_url}{path}" if owner == site_id else f"{root_url}{path}"


def _ascii(url: str) -> str:
    return iri_to_uri(url.encode("utf-8", "replace").decode()).replace(" ", "%20")
