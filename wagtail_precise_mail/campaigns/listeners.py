"""What campaigns hear: their sends stop or finish, and tables were migrated."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from wagtail_precise_mail.background import is_installed, sync_schedules
from wagtail_precise_mail.campaigns.models import Campaign
from wagtail_precise_mail.campaigns.schedules import RECURRING
from wagtail_precise_mail.campaigns.starting import ORIGIN_KIND, follow
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.delivery.signals import send_finished, send_paused

State = Campaign.State


@receiver(send_finished, sender=Send)
def close_campaign(send: Send, **kwargs: Any) -> None:
    """Everybody got it: the campaign is sent."""
    _follow(send, [State.SENDING, State.PAUSED], State.SENT)


@receiver(send_paused, sender=Send)
def hold_campaign(send: Send, **kwargs: Any) -> None:
    """The server is away, or somebody paused the send below us."""
    _follow(send, [State.SENDING], State.PAUSED)


def _follow(send: Send, states: list[Campaign.State], becomes: Campaign.State) -> None:
    if send.origin_kind != ORIGIN_KIND:
        return
    for campaign in Campaign.objects.filter(send=send, state__in=states).select_related("send"):
        follow(campaign, becomes)


@receiver(post_migrate)
def declare_schedules(app_config: AppConfig, using: str, **kwargs: Any) -> None:
    """Make the pump known to the cluster as soon as its tables are there."""
    if app_config.label in ("wagtail_precise_mail", "django_q") and is_installed(using):
        sync_schedules(RECURRING)
