"""Doors for the background."""

from __future__ import annotations

from django.utils import timezone

from wagtail_precise_mail.campaigns import starting, sunsetting
from wagtail_precise_mail.delivery import services as delivery


def start_campaign(campaign_id: int) -> None:
    """Start one campaign whose time has come, or go on with one that was interrupted."""
    at = timezone.now()
    if not starting.start(campaign_id, at=at):
        starting.gather(campaign_id, at=at)


def pump() -> None:
    """Wake whatever a lost task left behind; runs every minute."""
    at = timezone.now()
    # First, because freezing a large audience takes longer than looking after the sends that run already.
    delivery.sweep(at)
    starting.start_due(at)
    sunsetting.finish_due_sunsets(at=at)
