"""Headers by which providers tell our mails apart: complaints by campaign, and messages about different orders."""

from __future__ import annotations

import re

from wagtail_precise_mail.contacts.addresses import domain_of
from wagtail_precise_mail.delivery.models import Send

_SENDER_LENGTH = (5, 15)


def telling_headers(send: Send, reference: str, feedback: str) -> dict[str, str]:
    """Return the headers of one message of a send.

    Gmail shows transactional mails of one subject as one conversation, the older ones folded away, unless each names
    a matter of its own.

    Args:
        reference: of the message, such as the local part of its Message-ID.
        feedback: the :func:`feedback_id` of the send.
    """
    if send.is_test:
        return {}
    headers = {"Feedback-ID": feedback}
    return headers if send.is_marketing else {**headers, "X-Entity-Ref-ID": reference}


def feedback_id(send: Send) -> str:
    """Return what Gmail's Postmaster Tools count complaints by: campaign, topic, kind of mail and sender.

    Nothing in it may name one person, and the last part must be the same in all mail of a sender.

    Source: https://support.google.com/mail/answer/6254652
    """
    is_to_many = send.origin_kind in ("campaign", Send.DIGEST)
    campaign = f"{send.origin_kind}-{send.origin_id}" if is_to_many and send.origin_id else ""
    topic = f"topic-{send.topic_id}" if send.topic_id else ""
    return ":".join([campaign, topic, send.origin_kind, _sender_of(send.from_address)])


def _sender_of(address: str) -> str:
    least, most = _SENDER_LENGTH
    domain = re.sub(r"[^a-z0-9]", "", domain_of(address))
    return domain[-most:].ljust(least, "x")
