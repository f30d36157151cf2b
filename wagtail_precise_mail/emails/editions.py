"""Editions of one email: the mail itself, its web page for the one who got it, copies for others, landing pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

from wagtail_precise_mail.emails.marks import Part


class Edition(StrEnum):
    """Where an email is read. The values are stored in compiled emails."""

    MAIL = "mail"
    """In the mail program."""

    WEB = "web"
    """On the web, by the one who got it."""

    SHARED = "shared"
    """On the web, by whoever was shown it."""

    PUBLIC = "public"
    """On the web, by anybody."""

    LANDING = "landing"
    """On a landing page, by whoever comes."""


OWN = (Edition.MAIL, Edition.WEB)
"""Editions that only the one who got the email reads."""


def for_edition(parts: Sequence[Part], edition: Edition) -> list[Part]:
    """Return the parts that an edition shows; what is meant for no other edition is there without its region."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, str) or "parts" not in part:
            found.append(part)
        elif "only" not in part:
            found.append({**part, "parts": for_edition(part["parts"], edition)})
        elif edition in part["only"]:
            found += for_edition(part["parts"], edition)
    return found


def only_in(editions: Collection[Edition]) -> dict[str, list[str]]:
    """Return the hole of a region for some editions."""
    return {"only": sorted(edition.value for edition in editions)}
