"""Doors for the background."""

from __future__ import annotations

from wagtail_precise_mail.contacts.hygiene import cleaning
from wagtail_precise_mail.contacts.importing import run, searching, services


def go_on_with_import(batch_id: int) -> None:
    """Work at an import for a while."""
    run.go_on(batch_id)


def index_imported(batch_id: int, after: int = 0) -> None:
    """Make what an import wrote findable."""
    searching.index_imported(batch_id, after)


def wake_imports() -> None:
    """Put imports and looks at addresses to work that a lost task left behind; runs every minute."""
    run.wake_imports()
    cleaning.wake_cleanups()


def forget_imports() -> None:
    """Remove what old imports kept for being undone; runs every day."""
    services.forget_imports()


def look_on(cleanup_id: int) -> None:
    """Look at addresses for a while."""
    cleaning.look_on(cleanup_id)
