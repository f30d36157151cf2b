"""Doors for the background."""

from __future__ import annotations

from django.utils import timezone

from wagtail_precise_mail.background import enqueue
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.reports import day_counting, ranking


def count_days() -> None:
    """Add up what customers did by day after each nightly run of figures; each piece wakes the next."""
    if day_counting.begin(timezone.now()) and not day_counting.go_on(seconds=options().task_seconds):
        enqueue(count_days)


def rank_prospects() -> None:
    """Rank potential customers; runs every day."""
    ranking.rank_prospects()
