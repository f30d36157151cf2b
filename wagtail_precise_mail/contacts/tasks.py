"""Doors for the background: each takes ids and calls one service."""

from __future__ import annotations

from wagtail.models import Site

from wagtail_precise_mail.conf import options
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.contacts.preferences import send_link
from wagtail_precise_mail.contacts.retention import apply_rules


def send_preference_link(contact_id: int, site_id: int) -> None:
    """Send a contact the link to their own data; nothing, where one of both is gone by now."""
    contact, site = Contact.objects.filter(pk=contact_id).first(), Site.objects.filter(pk=site_id).first()
    if contact and site:
        send_link(contact, site=site)


def apply_retention() -> None:
    """Let go what the retention rules say, for a while; the next run goes on."""
    apply_rules(seconds=options().task_seconds)
