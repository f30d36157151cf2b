"""The token in the link of a confirmation: which sender, which address of it, and when it was asked for."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign, unsign

_PURPOSE = "sender"
_FORMAT = struct.Struct(">QQ16s")


@dataclass(frozen=True)
class SenderToken:
    """What a token says.

    Attributes:
        sent_at: when the confirmation left, to the second.
        fingerprint: of the address that it went to.
    """

    sender_id: int
    sent_at: datetime
    fingerprint: bytes

    def is_for(self, address: str) -> bool:
        """Whether it went to this address."""
        return self.fingerprint == _fingerprint(address)


def make_sender_token(sender_id: int, address: str, *, sent_at: datetime) -> str:
    """Return the token that whoever reads the mail of an address proves it with."""
    return sign(_PURPOSE, _FORMAT.pack(sender_id, int(sent_at.timestamp()), _fingerprint(address)))


def read_sender_token(token: str) -> SenderToken:
    """Return what a token says.

    Raises:
        InvalidToken: damaged, changed, or not ours.
    """
    try:
        sender_id, seconds, fingerprint = _FORMAT.unpack(unsign(_PURPOSE, token))
    except struct.error:
        raise InvalidToken("This link is damaged.") from None
    return SenderToken(sender_id, datetime.fromtimestamp(seconds, UTC), fingerprint)


def _fingerprint(address: str) -> bytes:
    return hashlib.sha256(address.encode()).digest()[:16]
