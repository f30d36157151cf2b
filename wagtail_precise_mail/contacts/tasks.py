"""Doors for the background: each takes ids and calls one service."""

from __future__ import annotations

from wagtail.models import Site

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts import duplicates
from wagtail_precise_mail.contacts.hygiene import cleaning
from wagtail_precise_mail.contacts.importing import run, services
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.preferences import send_link
from wagtail_precise_mail.contacts.retention import apply_rules


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


def send_preference_link(contact_id: int, site_id: int) -> None:
    """Send a contact the link to their own data; nothing, where one of both is gone by now."""
    contact, site = Contact.objects.filter(pk=contact_id).first(), Site.objects.filter(pk=site_id).first()
    if contact and site:
        send_link(contact, site=site)


def apply_retention() -> None:
    """Let go what the retention rules say, for a while; the next run goes on."""
    apply_rules(seconds=options().task_seconds)
