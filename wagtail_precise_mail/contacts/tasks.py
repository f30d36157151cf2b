"""Doors for the background."""

from __future__ import annotations

from wagtail_precise_mail.contacts import duplicates


def find_duplicates() -> None:
    """Look for contacts who may be one person; runs every night, and when somebody asks."""
    duplicates.find_duplicates()
