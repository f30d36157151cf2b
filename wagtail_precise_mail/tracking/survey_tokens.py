"""The links of a survey's answers: each says which message, which block and which answer."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from wagtail_precise_mail.emails.blocks.survey import LINK
from wagtail_precise_mail.emails.personal_links import LinkPurpose, personal_links
from wagtail_precise_mail.exceptions import InvalidToken
from wagtail_precise_mail.signing import sign, unsign

_PURPOSE = "survey"
_FORMAT = struct.Struct(">QB")


@dataclass(frozen=True)
class SurveyToken:
    """What the link of an answer knows.

    Attributes:
        answer: the number of the answer, counted from 0.
    """

    message_id: int
    block_id: str
    answer: int


def make_survey_token(message_id: int, *, block_id: str, answer: int) -> str:
    """Return the token of one answer in one outbox message."""
    return sign(_PURPOSE, _FORMAT.pack(message_id, answer) + block_id.encode())


def read_survey_token(token: str) -> SurveyToken:
    """Return what the link of an answer knows.

    Raises:
        InvalidToken: damaged, changed, or not ours.
    """
    payload = unsign(_PURPOSE, token)
    try:
        message_id, answer = _FORMAT.unpack_from(payload)
        return SurveyToken(message_id, payload[_FORMAT.size :].decode(), answer)
    except (struct.error, UnicodeDecodeError):
        raise InvalidToken("This link is damaged.") from None


@personal_links.register(LINK)
def survey_answer(purpose: LinkPurpose) -> str:
    """Return the path of an answer."""
    token = make_survey_token(purpose.message_id, block_id=purpose.block_id, answer=int(purpose.argument))
    return purpose.path("survey", token)
