"""What every write of a contact shares: one at a time, and told to others after commit."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

from wagtail_precise_mail.contacts.models import Contact


def lock_contact(contact: Contact) -> None:
    """Make two changes of one contact wait for each other (SQLite has one writer anyway)."""
    Contact.objects.select_for_update().filter(pk=contact.pk).values_list("pk").first()


def announce(signal: Signal, **arguments: Any) -> None:
    """Tell listeners after commit; what fails in one of them is logged by Django and stops nobody else."""
    transaction.on_commit(partial(signal.send_robust, sender=Contact, **arguments))
