"""Addresses that are two on paper and one in truth: of one mailbox, or made to look alike."""

from __future__ import annotations

import unicodedata

# Providers that deliver what comes after a plus to the same mailbox, by the domain that stands for all of theirs.
_PLUS = {
    "gmail.com": "gmail.com",
    "googlemail.com": "gmail.com",
    "outlook.com": "outlook.com",
    "hotmail.com": "hotmail.com",
    "live.com": "live.com",
    "icloud.com": "icloud.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "proton.me": "proton.me",
    "protonmail.com": "proton.me",
    "pm.me": "proton.me",
    "fastmail.com": "fastmail.com",
}
# And those that do not look at dots.
_DOTLESS = {"gmail.com"}

MAILBOX_DOMAINS = tuple(_PLUS)

# Letters of other alphabets that no reader tells from Latin ones; the common part of Unicode's confusables.
_LOOKALIKE = str.maketrans(
    "аеорсухіјѕһԁԛԝӏьωοαρνικχυт",
    "aeopcyxijshdqwlbwoapvikxut",
)


def mailbox_of(normalized: str) -> str:
    """Return the address under which a provider keeps the mailbox; "" for providers whose rules we do not know."""
    local, _at, domain = normalized.rpartition("@")
    if domain not in _PLUS:
        return ""
    local = local.partition("+")[0]
    if _PLUS[domain] in _DOTLESS:
        local = local.replace(".", "")
    return f"{local}@{_PLUS[domain]}"


def skeleton_of(normalized: str) -> str:
    """Return what an address looks like in Latin letters. Two addresses with one skeleton look alike."""
    return unicodedata.normalize("NFKC", normalized).lower().translate(_LOOKALIKE)
