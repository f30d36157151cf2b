"""To whom a domain belongs: the part that somebody registered. Needs the extra ``deliverability``.

Source: RFC 7489, 3.2 (the organizational domain), by the public suffix list that the package ``publicsuffixlist``
brings along, so that nothing is downloaded. Of the packages with that list it is the one that is released every week.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from wagtail_precise_mail.delivery.domains.dns import NEEDS
from wagtail_precise_mail.exceptions import MissingExtra


def organization_of(domain: str) -> str:
    """Return the organizational domain of a domain in ASCII: of "mail.shop.example.co.uk", "example.co.uk".

    Raises:
        MissingExtra: the list is not installed.
    """
    return _suffixes().privatesuffix(domain) or domain


def is_aligned(domain: str, other: str, *, is_strict: bool = False) -> bool:
    """Whether two domains count as one: they are the same, or, unless strict, of one organization (RFC 7489, 3.1)."""
    return domain == other or (not is_strict and organization_of(domain) == organization_of(other))


@cache
def _suffixes() -> Any:
    try:
        from publicsuffixlist import PublicSuffixList  # an extra
    except ImportError as error:
        raise MissingExtra(NEEDS) from error
    return PublicSuffixList()
