"""The search of contacts by parts of their names and addresses."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext

from wagtail_precise_mail.contacts.masking import may_see_addresses
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.encryption import is_encrypting
from wagtail_precise_mail.exceptions import InvalidAddress

_NAMES = ["first_name", "last_name"]
_EVERYBODY = 2**31


def search_contacts(contacts: Any, words: str, user: Any) -> Any:
    """Return the contacts with every word somewhere in name or address; the address counts for those who may see it.

    Encrypted, only a whole address finds its contact. On PostgreSQL a trigram index serves each word.
    """
    # Whoever sees masked addresses could otherwise guess them letter by letter.
    fields = [*_NAMES, "email"] if may_see_addresses(user) else _NAMES
    if is_encrypting():
        return _with_whole_address(contacts, words, user)
    matches = Q()
    for word in words.split():
        anywhere = Q()
        for field in fields:
            anywhere |= Q(**{f"{field}__icontains": word})
        matches &= anywhere
    if not matches:
        return contacts
    # The limit keeps PostgreSQL from walking all contacts, newest first, until it has met a page of a rare word
    # (measured with a million: 4.4 s against 20 ms by the index).
    return contacts.filter(pk__in=Contact.objects.filter(matches).order_by().values("pk")[:_EVERYBODY])


def search_hint(words: str) -> str:
    """Return why a search could not find what it asks for, or ""."""
    if not is_encrypting() or "@" in words:
        return ""
    return gettext("Names and addresses are encrypted here. Search for a whole address, such as ann@example.com.")


def _with_whole_address(contacts: Any, words: str, user: Any) -> Any:
    if not words.strip():
        return contacts
    try:
        found = contacts.with_address(words.strip())
    except InvalidAddress:
        return contacts.none()
    return found if may_see_addresses(user) else contacts.none()
