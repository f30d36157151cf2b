"""Who may be tracked at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wagtail_precise_mail.conf import options

if TYPE_CHECKING:
    from wagtail_precise_mail.contacts.models import Contact


def is_tracked(contact: Contact) -> bool:
    """Whether opens and clicks of a contact are anybody's business."""
    return options().is_tracking_enabled and contact.is_tracking_allowed
