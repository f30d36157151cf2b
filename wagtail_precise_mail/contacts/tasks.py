"""Doors for the background."""

from __future__ import annotations

from wagtail_precise_mail.contacts import duplicates
from wagtail_precise_mail.contacts.hygiene import cleaning
from wagtail_precise_mail.contacts.importing import run, services


def go_on_with_import(batch_id: int) -> None:
    """Work at an import for a while."""
    run.go_on(batch_id)


def wake_imports() -> None:
    """Put imports and looks at addresses to work that a lost task left behind; runs every minute."""
    run.wake_imports()
    cleaning.wake_cleanups()


def forget_imports() -> None:
    """Remove what old imports kept for being undone; runs every day."""
    services.forget_imports()


def find_duplicates() -> None:
    """Look for contacts who may be one person; runs every night, and when somebody asks."""
    duplicates.find_duplicates()


def look_on(cleanup_id: int) -> None:
    """Look at addresses for a while."""
    cleaning.look_on(cleanup_id)
