"""Doors for the background."""

from __future__ import annotations

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.segments import measuring, moving


def measure_sizes() -> int:
    """Count every published segment, once a day."""
    return measuring.measure_sizes()


def announce_movements() -> int:
    """Tell of movements that a process which died left unsaid; runs every minute."""
    return moving.announce_left(seconds=options().task_seconds)
