"""The table of how contacts react to mail."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact


class EngagementStage(models.TextChoices):
    """How a contact reacts: machine opens and clicks never count."""

    ENGAGED = "engaged", _("engaged")
    COOLING = "cooling", _("cooling")
    DORMANT = "dormant", _("dormant")
    LOST = "lost", _("lost")


class Sign(models.TextChoices):
    """What was heard last of a contact. Nothing that machines did is a sign of life."""

    CLICK = "click", _("click in a mail")
    OPEN = "open", _("open of a mail")
    ORDER = "order", _("order")
    ANSWER = "answer", _("answer to a survey")
    VISIT = "visit", _("visit of the site")
    SIGN_UP = "sign_up", _("agreed to a topic")


class ContactEngagement(models.Model):
    """The reactions of a contact, added up by the last nightly run.

    Who was never written to has no row, nor who may not be tracked: their silence says nothing.
    """

    contact = models.OneToOneField(Contact, models.CASCADE, primary_key=True, related_name="engagement")
    stage = models.CharField(_("engagement"), max_length=10, choices=EngagementStage.choices, blank=True)
    stage_since = models.DateTimeField(null=True)
    # By a person, not by a machine.
    last_open_at = models.DateTimeField(_("last open"), null=True)
    last_click_at = models.DateTimeField(_("last click"), null=True)
    clicks_90_days = models.PositiveIntegerField(_("clicks in 90 days"), default=0)
    mails_90_days = models.PositiveIntegerField(_("mails in 90 days"), default=0)
    # The last sign of life, and what it was; before any, the first mail.
    silent_since = models.DateTimeField(_("silent since"), null=True)
    last_sign = models.CharField(_("last sign of life"), max_length=10, choices=Sign.choices, blank=True)
    # Mails since then.
    unanswered_count = models.PositiveIntegerField(_("mails without a reaction"), default=0)
    # Of clicks and orders, in the time zone of the contact or else of the site; Monday is 0 (C008).
    preferred_hour = models.PositiveSmallIntegerField(_("preferred hour"), null=True)
    preferred_weekday = models.PositiveSmallIntegerField(_("preferred weekday"), null=True)
    hour_evidence_count = models.PositiveIntegerField(default=0)
    computed_at = models.DateTimeField(_("worked out"))

    class Meta:
        verbose_name = _("engagement of a contact")
        verbose_name_plural = _("engagement of contacts")
        indexes = [models.Index(fields=["stage"], name="wpm_engagement_stage")]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.stage}"
