"""Return paths that name their message (VERP): whatever comes back to one says by its address what it is about.

The token is that of :mod:`.signing` in base32, for some servers write local parts in lower case.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign, unsign

_PURPOSE = "return-path"
_TOKEN = re.compile(r"\+([a-z2-7]{2,13}-[a-z2-7]{26})@", re.IGNORECASE)


def make_return_path(message_pk: int, from_address: str) -> str:
    """Return the sender of the envelope of an outbox message; without ``bounce_address`` that is ``from_address``."""
    mailbox = options().bounce_address
    if not mailbox:
        return from_address
    local, _at, domain = mailbox.rpartition("@")
    payload, _dot, signature = sign(_PURPOSE, struct.pack(">q", message_pk).lstrip(bytes(1))).partition(".")
    return f"{local}+{_folded(payload)}-{_folded(signature)}@{domain}"


def read_return_path(address: str) -> int:
    """Return the primary key of the outbox message that a return path names.

    Raises:
        InvalidToken: it is not one of ours.
    """
    found = _TOKEN.search(address)
    if not found:
        raise InvalidToken("This address names no message.")
    payload, _dash, signature = found.group(1).partition("-")
    raw = unsign(_PURPOSE, f"{_unfolded(payload)}.{_unfolded(signature)}")
    if len(raw) > 8:
        raise InvalidToken("This address names no message.")
    return int.from_bytes(raw, "big")


def _folded(part: str) -> str:
    raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _unfolded(part: str) -> str:
    try:
        raw = base64.b32decode(part.upper() + "=" * (-len(part) % 8))
    except binascii.Error:
        raise InvalidToken("This address is damaged.") from None
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
