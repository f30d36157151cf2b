"""The link that confirms a sign-up, and the door by which the mail with it leaves."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.registry import Registry
from wagtail_precise_mail.signing import sign, unsign

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.sign_ups import SignUp

_PURPOSE = "sign-up"
_FORMAT = struct.Struct(">Q")


class ConfirmationMailer(ABC):
    """Writes to somebody who signed up. The room of delivery registers "outbox"; the option chooses another."""

    @abstractmethod
    def send(self, sign_up: SignUp) -> None:
        """Send the mail with the link; called after commit.

        Raises:
            PreciseMailError: it cannot be written. The sign-up stays, and signing up again tries again.
        """


confirmation_mailers: Registry[type[ConfirmationMailer]] = Registry("confirmation mailer")


def make_sign_up_token(sign_up_id: int) -> str:
    """Return the token of the link that confirms one sign-up; 0 is nobody's, as in a test mail."""
    return sign(_PURPOSE, _FORMAT.pack(sign_up_id))


def read_sign_up_token(token: str) -> int:
    """Return the id of the sign-up that a link confirms.

    Raises:
        InvalidToken: damaged, changed, or not ours.
    """
    try:
        (sign_up_id,) = _FORMAT.unpack(unsign(_PURPOSE, token))
    except struct.error:
        raise InvalidToken("This link is damaged.") from None
    return int(sign_up_id)
