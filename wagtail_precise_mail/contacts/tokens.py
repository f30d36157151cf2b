"""The token in unsubscribe links: two ids, signed, so that no row is needed to read it."""

from __future__ import annotations

import struct

from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign, unsign

_PURPOSE = "unsubscribe"
_FORMAT = struct.Struct(">QQ")


def make_unsubscribe_token(contact_id: int, message_id: int) -> str:
    """Return the token of the unsubscribe link in one outbox message.

    Args:
        contact_id: whom the link unsubscribes; 0 for nobody, as in a test mail to a colleague.
        message_id: the outbox message that carries the link, or 0.
    """
    return sign(_PURPOSE, _FORMAT.pack(contact_id, message_id))


def read_unsubscribe_token(token: str) -> tuple[int, int]:
    """Return the contact id and the outbox message id of a token.

    Raises:
        InvalidToken: damaged, changed, or not ours.
    """
    try:
        contact_id, message_id = _FORMAT.unpack(unsign(_PURPOSE, token))
    except struct.error:
        raise InvalidToken("This link is damaged.") from None
    return contact_id, message_id
