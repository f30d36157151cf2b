"""The table of what providers told."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.delivery.models import OutboxMessage


class ProviderEvent(models.Model):
    """One event of one message, as its provider told it, in our words. What it means is kept where it belongs:

    bounces, complaints and unsubscriptions with bounces, opens and clicks with tracking. This says that it came, once.
    """

    class Kind(models.TextChoices):
        DELIVERED = "delivered", _("delivered")
        DEFERRED = "deferred", _("delayed")
        BOUNCED = "bounced", _("came back")
        REJECTED = "rejected", _("refused by the provider")
        COMPLAINED = "complained", _("called spam")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
        ANSWERED = "answered", _("answered by a program")
        OPENED = "opened", _("opened")
        CLICKED = "clicked", _("clicked")

    message = models.ForeignKey(OutboxMessage, models.CASCADE, related_name="provider_events")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    # The name of the event with its provider, hashed: whatever it tells twice counts once.
    key = models.CharField(max_length=64, unique=True)
    happened_at = models.DateTimeField(_("when"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("event of a provider")
        verbose_name_plural = _("events of providers")
        indexes = [
            models.Index(fields=["message", "kind", "happened_at"], name="wpm_provider_event"),
            models.Index(fields=["happened_at"], name="wpm_provider_event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.happened_at:%Y-%m-%d %H:%M}"
