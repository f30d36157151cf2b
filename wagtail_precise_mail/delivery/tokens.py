"""The tokens of pages that belong to one message: its web version, copies of it for others, passing it on, joining."""

from __future__ import annotations

import struct
from enum import StrEnum

from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign, unsign

_FORMAT = struct.Struct(">Q")


class Purpose(StrEnum):
    """What a token opens. One for the owner's page opens no copy, and the other way round."""

    OWN = "web_version"
    SHARED = "shared_copy"
    FORWARD = "forward"
    JOIN = "join"


def make_message_token(purpose: Purpose, message_id: int, argument: str = "") -> str:
    """Return a token for one outbox message.

    Args:
        argument: a word that it carries beside, such as the network to share in.
    """
    return sign(purpose, _FORMAT.pack(message_id) + argument.encode())


def read_message_token(purpose: Purpose, token: str) -> tuple[int, str]:
    """Return the message id and the argument of a token.

    Raises:
        InvalidToken: damaged, changed, made for another purpose, or not ours.
    """
    payload = unsign(purpose, token)
    try:
        (message_id,) = _FORMAT.unpack_from(payload)
        return int(message_id), payload[_FORMAT.size :].decode()
    except (struct.error, UnicodeDecodeError):
        raise InvalidToken("This link is damaged.") from None
