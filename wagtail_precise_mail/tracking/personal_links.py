"""What merge tags wrote into the addresses of links about their reader."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from wagtail_precise_mail.contacts.models import Contact

# Shorter ones stand in half of all addresses by chance.
_LEAST_LENGTH = 3


def words_about(contact: Contact) -> list[str]:
    """Return the words, in lower case, that an address must not have to be about nobody."""
    return [word.lower() for word in _values(contact) if len(word) >= _LEAST_LENGTH]


def without_words(url: str, words: list[str]) -> str:
    """Return where a link led, without the words: only its path, or "" when they stand in there, too."""
    for shown in (url, url.partition("?")[0].partition("#")[0]):
        if not any(word in unquote(shown).lower() for word in words):
            return shown
    return ""


def _values(contact: Contact) -> Iterator[str]:
    yield from (contact.email, contact.first_name, contact.last_name, contact.address_hash)
    if isinstance(contact.attributes, dict):
        yield from (str(value) for value in contact.attributes.values())
