"""What emails hear: one was published, which approves what it shows."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils import timezone
from wagtail.models import Revision
from wagtail.signals import published

from wagtail_precise_mail.emails import pins
from wagtail_precise_mail.emails.models import Email


@receiver(published, sender=Email)
def keep_approved_content(instance: Email, revision: Revision, **kwargs: Any) -> None:
    """Keep what the email shows; a publishing that is only planned tells us, too, and again when it happens."""
    at = timezone.now()
    if instance.live and not (instance.go_live_at and instance.go_live_at > at):
        pins.pin(instance, instance.body, revision_id=revision.pk, at=at)
