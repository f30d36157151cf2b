"""Doors for the background."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.tracking import engaging, services, waiting_hits


def engage(after: int = 0, moment: str = "") -> None:
    """Work out who reacts; runs every day, in pieces that each wake the next.

    Args:
        moment: ISO 8601, the same for all pieces of a night.
    """
    at = datetime.fromisoformat(moment) if moment else timezone.now()
    if (last := engaging.engage(at=at, after=after, seconds=options().task_seconds)) is not None:
        enqueue(engage, last, at.isoformat())


def correct_conversions() -> None:
    """Look for orders that changed without a word; runs every day."""
    services.correct_conversions()


def count_hits() -> None:
    """Count the opens and clicks that wait; runs every minute, and soon after some were written."""
    waiting_hits.count_waiting_hits(seconds=options().task_seconds)
