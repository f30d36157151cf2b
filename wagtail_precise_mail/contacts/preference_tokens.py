"""The token of a magic link: whose settings it opens, how far, and until when. No row is needed to read it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.exceptions import ExpiredToken, InvalidToken
from wagtail_precise_mail.signing import sign, unsign

_PURPOSE = "preferences"
_FORMAT = struct.Struct(">BQQQ")


class Reach(IntEnum):
    """How far a link opens. The values are stored in links."""

    SETTINGS = 1
    """From a mail: topics, pace, pause, language. Mails are forwarded, so nothing personal is shown."""

    DETAILS = 2
    """From a mail that shows some details itself: these can be confirmed and corrected, too."""

    DATA = 3
    """Asked for a moment ago by whoever reads the mailbox: also the contact's own data."""


@dataclass(frozen=True)
class PreferenceToken:
    """What a link knows.

    Attributes:
        contact_id: whose settings; 0 for nobody, as in a test mail to a colleague.
        message_id: the outbox message that carries the link, or 0.
    """

    reach: Reach
    contact_id: int
    message_id: int
    expires_at: datetime


def make_preference_token(contact_id: int, message_id: int = 0, *, reach: Reach, at: datetime) -> str:
    """Return the token of a link made at a moment; it lives as long as the options say for its reach."""
    lives = {
        Reach.SETTINGS: timedelta(days=options().preference_link_days),
        Reach.DETAILS: timedelta(days=options().details_link_days),
        Reach.DATA: timedelta(minutes=options().data_link_minutes),
    }
    ends = int((at + lives[reach]).timestamp())
    return sign(_PURPOSE, _FORMAT.pack(reach, contact_id, message_id, ends))


def read_preference_token(token: str, *, at: datetime) -> PreferenceToken:
    """Return what a link knows.

    Raises:
        InvalidToken: damaged, changed, or not ours; ExpiredToken when it was ours and its time is over.
    """
    try:
        reach, contact_id, message_id, ends = _FORMAT.unpack(unsign(_PURPOSE, token))
        known = PreferenceToken(Reach(reach), contact_id, message_id, datetime.fromtimestamp(ends, UTC))
    except (struct.error, ValueError, OverflowError):
        raise InvalidToken("This link is damaged.") from None
    if at >= known.expires_at:
        raise ExpiredToken("This link has expired.")
    return known
