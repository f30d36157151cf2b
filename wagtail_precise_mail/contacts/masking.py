"""Who reads whole addresses; everybody else reads a•••@example.com, which still tells two people apart."""

from __future__ import annotations

from typing import Any

from wagtail_precise_mail.contacts.addresses import mask_address

PERMISSION = "wagtail_precise_mail.view_contact_address"


def may_see_addresses(user: Any) -> bool:
    """Whether somebody may read whole addresses; nobody in particular (None) may not."""
    return bool(user is not None and user.is_active and user.has_perm(PERMISSION))


def shown_address(address: str, user: Any) -> str:
    """Return an address as somebody may read it."""
    return address if may_see_addresses(user) else mask_address(address)
