"""Quarantine: somebody has to look at a contact before mail goes there."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from wagtail_precise_mail.contacts.queries import ContactQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)


def quarantine(contacts: ContactQuerySet, *, reason: str, by: User | None = None, at: datetime | None = None) -> int:
    """Put contacts into quarantine; those who are in it keep their earlier moment and reason.

    Returns:
        How many are new in it.
    """
    at = at or timezone.now()
    free = contacts.filter(quarantined_at=None)
    count = free.update(quarantined_at=at, quarantine_reason=reason[:250], updated_at=at)
    logger.info("%s put %s contacts into quarantine: %s", by or "The system", count, reason)
    return count


def release(contacts: ContactQuerySet, *, by: User | None = None, at: datetime | None = None) -> int:
    """Let mail go to contacts in quarantine again, as far as consent and suppression allow.

    Returns:
        How many were in it.
    """
    held = contacts.filter(quarantined_at__isnull=False)
    count = held.update(quarantined_at=None, quarantine_reason="", updated_at=at or timezone.now())
    logger.info("%s released %s contacts from quarantine.", by or "The system", count)
    return count
