"""Addresses: one spelling per mailbox, so that one person is found under one key."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from wagtail_precise_mail.contacts.address_keys import keyed, require_fitting_keys
from wagtail_precise_mail.exceptions import InvalidAddress

# What nearly all addresses look like; only their domain needs the whole of the rules, and domains come again.
_PLAIN = re.compile(r"([a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*)@([a-z0-9.-]+)\Z", re.ASCII)


def normalize_address(address: str) -> str:
    """Return the spelling under which an address is matched: lower case, NFC, the domain in Unicode.

    Only rules that are safe with every provider apply: dots and plus parts stay. (RFC 5321 lets a server tell upper
    from lower case in the local part; none that matters does, and people type both.)

    Raises:
        InvalidAddress: no mail could be sent there; the message says why.
    """
    plain = _PLAIN.match(address.strip().lower())
    if plain and len(plain[1]) <= 64 and len(plain[0]) <= 254 and (domain := _normalize_domain(plain[2])):
        return f"{plain[1]}@{domain}"
    try:
        checked = validate_email(address.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidAddress(f"{address[:100]!r} is not an email address: {error}") from error
    return checked.normalized.lower()


@lru_cache(65_536)
def _normalize_domain(domain: str) -> str:
    """Return a domain in Unicode, or "" when it is none."""
    try:
        checked = validate_email(f"a@{domain}", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return ""
    return checked.domain.lower()


def address_hash(normalized: str) -> str:
    """Return the key of a normalized address. It outlives the address itself in suppressions.

    SHA-256 in hex; with ``address_keys``, an HMAC of that with each key in turn (RFC 2104), so that the keys of stored
    addresses can be renewed without the addresses, and nobody guesses an address from its key.

    Raises:
        ConfigurationError: stored addresses are under other ``address_keys``.
    """
    require_fitting_keys()
    return keyed(hashlib.sha256(normalized.encode()).hexdigest())


def domain_of(address: str) -> str:
    """Return the domain of an address as it is written, in lower case; "" of nothing."""
    return address.rpartition("@")[2].lower()


def mask_address(address: str) -> str:
    """Return an address as its owner recognizes it and nobody else reads it: a•••@example.com."""
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
