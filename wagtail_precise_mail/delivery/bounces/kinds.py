"""The kinds of what comes back, and what to do about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


class Kind(models.TextChoices):
    """Why a mail came back, or what came instead."""

    HARD = "hard", _("address does not exist")
    SOFT = "soft", _("trouble that may pass")
    BLOCK = "block", _("sender blocked")
    QUOTA = "quota", _("mailbox full")
    CONTENT = "content", _("content refused")
    POLICY = "policy", _("against the rules of the server")
    CHALLENGE = "challenge", _("asks the sender to prove to be a person")
    VACATION = "vacation", _("out of office")
    AUTO_REPLY = "auto_reply", _("automatic reply")
    COMPLAINT = "complaint", _("complaint")
    UNSUBSCRIBE = "unsubscribe", _("unsubscription by mail")
    UNKNOWN = "unknown", _("came back without a reason")


BOUNCES = (Kind.HARD, Kind.SOFT, Kind.BLOCK, Kind.QUOTA, Kind.CONTENT, Kind.POLICY, Kind.UNKNOWN)
"""A server did not deliver the message. The other kinds prove that it did."""

COUNTED = (Kind.SOFT, Kind.UNKNOWN)
"""Bounces that suppress an address when there are many of them lately; full mailboxes have a limit of their own."""

ADVICE: dict[str, StrPromise] = {
    Kind.HARD: _(
        "Nobody reads mail there, so the address is not written to any more. Ask the contact for another one."
    ),
    Kind.SOFT: _("Nothing to do: the next mail may arrive. After too many of these, the address is suppressed."),
    Kind.BLOCK: _(
        "The server does not want mail from us, or not so much of it. Look whether our server is on a blocklist, send "
        "more slowly, and write to those first who read our mail."
    ),
    Kind.QUOTA: _("The mailbox is full. If that lasts over several mails and days, the address is suppressed."),
    Kind.CONTENT: _("The server did not like the mail itself: look at its size, links, attachments and words."),
    Kind.POLICY: _(
        "The mail broke a rule of the server. Look at SPF, DKIM and DMARC of the sender's domain, and at the reply."
    ),
    Kind.CHALLENGE: _(
        "The contact lets unknown senders prove that they are people. Answer once by hand, or let it be."
    ),
    Kind.VACATION: _("The mail arrived. Nothing to do."),
    Kind.AUTO_REPLY: _("The mail arrived. Nothing to do."),
    Kind.COMPLAINT: _(
        "The contact called the mail spam, so they get none any more. Look at how they came on the list."
    ),
    Kind.UNSUBSCRIBE: _("The contact asked to get no more mail, and gets none."),
    Kind.UNKNOWN: _("The mail came back, and nobody says why. After too many of these, the address is suppressed."),
}
"""A sentence for colleagues, by kind."""
