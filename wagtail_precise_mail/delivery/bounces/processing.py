"""Going through a mailbox: each mail is kept, committed, and only then put away."""

from __future__ import annotations

import imaplib
import logging
import time
from collections import Counter
from collections.abc import Callable

from django.db import transaction

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.delivery.bounces.mailboxes import Incoming, Mailbox, open_mailbox
from wagtail_precise_mail.delivery.bounces.services import Outcome, process_mail

logger = logging.getLogger(__name__)

FAILED = "failed"
"""What a mail counts as that could not be processed; it waits where it is."""


def process_mailbox(
    mailbox: Mailbox, *, seconds: float | None = None, on_mail: Callable[[Incoming, str], None] | None = None
) -> Counter[str]:
    """Process the mails of a mailbox, and count what became of them, by :class:`.Outcome`.

    A run that ends in the middle is begun again: what is put away is done, and what is done twice counts once.

    Args:
        seconds: after which it ends; None when all is done.
        on_mail: called with each mail and what became of it.
    """
    deadline = time.monotonic() + seconds if seconds else None
    counts: Counter[str] = Counter()
    for mail in mailbox.mails():
        result = _process(mailbox, mail)
        counts[result] += 1
        if on_mail:
            on_mail(mail, result)
        if deadline and time.monotonic() >= deadline:
            break
    return counts


def _process(mailbox: Mailbox, mail: Incoming) -> str:
    """Process one mail; whatever goes wrong concerns this one alone, and leaves it where it is."""
    try:
        with transaction.atomic():
            outcome = process_mail(mail.raw)
    except Exception:  # a mail that anybody may send must not stop those behind it
        logger.exception("Mail %s of the bounce mailbox waits.", mail.name)
        return FAILED
    try:
        mailbox.settle(mail, is_recognized=outcome != Outcome.UNRECOGNIZED)
    except (OSError, imaplib.IMAP4.error) as error:  # processed, and seen again by the next run
        logger.warning("Mail %s cannot be put away: %s", mail.name, error)
    return outcome


def process_configured_mailbox() -> Counter[str]:
    """Process the mailbox of the option ``bounce_mailbox`` for ``task_seconds`` at the most; without one, nothing."""
    place = options().bounce_mailbox
    if not place:
        return Counter()
    with open_mailbox(place) as mailbox:
        return process_mailbox(mailbox, seconds=options().task_seconds)
