"""The table of campaigns, with the moves their state allows."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.segments.models import Segment


class Campaign(models.Model):
    """One email to one segment at one time."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SCHEDULED = "scheduled", _("scheduled")
        SENDING = "sending", _("sending")
        PAUSED = "paused", _("paused")
        SENT = "sent", _("sent")
        CANCELLED = "cancelled", _("cancelled")
        EVALUATED = "evaluated", _("evaluated")

    name = models.CharField(_("name"), max_length=150)
    email = models.ForeignKey(Email, models.PROTECT, related_name="campaigns", verbose_name=_("email"))
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="campaigns", verbose_name=_("audience"))
    excluded_segments = models.ManyToManyField(
        Segment, related_name="+", blank=True, verbose_name=_("but not to"), help_text=_("Members get no mail.")
    )
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="campaigns", verbose_name=_("topic"))
    # The site decides brand, sender and links.
    site = models.ForeignKey("wagtailcore.Site", models.PROTECT, related_name="+", verbose_name=_("site"))
    scheduled_at = models.DateTimeField(_("send at"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=63, default="UTC")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    pause_reason = models.TextField(_("why it is paused"), blank=True)
    # The approved revision that scheduling took; later edits do not leak.
    email_revision_id = models.BigIntegerField(null=True, editable=False)
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    send = models.OneToOneField(Send, models.PROTECT, null=True, editable=False, related_name="campaign")
    evaluation = models.TextField(_("what we learned"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-pk"]
        permissions = [("send_campaign", _("Can schedule, send, pause and cancel campaigns"))]
        indexes = [
            models.Index(fields=["scheduled_at"], name="wpm_campaign_due", condition=models.Q(state="scheduled"))
        ]

    def __str__(self) -> str:
        return self.name
