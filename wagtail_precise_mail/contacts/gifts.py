"""What people get for signing up, as our page tells them that says thank you. Rooms above bring it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from wagtail_precise_mail.registry import Registry

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.sign_ups import SignUp


@dataclass(frozen=True)
class Gift:
    """Something with a code.

    Attributes:
        title: what it gives.
        code: "" as long as there is none: then it comes by mail.
        terms: small print, or "".
        url: where it is redeemed; "" is the site.
    """

    title: str
    code: str
    terms: str = ""
    expires_at: datetime | None = None
    url: str = ""


gifts: Registry[Callable[[SignUp], Gift | None]] = Registry("gift for signing up")
"""Each returns what a sign-up that was confirmed brought, or None. Looking gives nothing away."""


def gifts_of(sign_up: SignUp) -> list[Gift]:
    """Return what a sign-up brought."""
    found = (find(sign_up) for _key, find in gifts.items())
    return [gift for gift in found if gift is not None]
