"""The table of campaigns, with the moves their state allows."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.campaigns.ideas import Idea
from wagtail_precise_mail.contacts.models import Topic
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.emails.senders import SenderIdentity
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

    # From each state, where a campaign may go.
    MOVES: ClassVar[dict[str, frozenset[str]]] = {
        State.DRAFT: frozenset({State.SCHEDULED}),
        State.SCHEDULED: frozenset({State.SCHEDULED, State.DRAFT, State.SENDING, State.PAUSED, State.CANCELLED}),
        State.SENDING: frozenset({State.PAUSED, State.SENT, State.CANCELLED}),
        State.PAUSED: frozenset({State.SCHEDULED, State.DRAFT, State.SENDING, State.SENT, State.CANCELLED}),
        State.SENT: frozenset({State.EVALUATED}),
        State.EVALUATED: frozenset({State.EVALUATED}),
        State.CANCELLED: frozenset(),
    }

    name = models.CharField(_("name"), max_length=150)
    email = models.ForeignKey(Email, models.PROTECT, related_name="campaigns", verbose_name=_("email"))
    segment = models.ForeignKey(Segment, models.PROTECT, related_name="campaigns", verbose_name=_("audience"))
    excluded_segments = models.ManyToManyField(
        Segment, related_name="+", blank=True, verbose_name=_("but not to"), help_text=_("Members get no mail.")
    )
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="campaigns", verbose_name=_("topic"))
    idea = models.ForeignKey(
        Idea,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="campaigns",
        verbose_name=_("idea"),
        # "used" ones may be taken up again.
        limit_choices_to={"state__in": [Idea.State.OPEN, Idea.State.USED]},
    )
    # The site decides brand, links, and the sender where the campaign has none of its own.
    site = models.ForeignKey("wagtailcore.Site", models.PROTECT, related_name="+", verbose_name=_("site"))
    # Protected: without it, a scheduled campaign would quietly come from somebody else.
    sender = models.ForeignKey(
        SenderIdentity,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sender"),
        help_text=_("Empty: the sender of the site. Choose a person for a letter."),
    )
    asks_permission = models.BooleanField(
        _("asks for permission again"),
        default=False,
        help_text=_(
            "Goes only to those who heard nothing for so long that other campaigns skip them, and once. "
            "The email needs the block “Ask for permission again”."
        ),
    )
    scheduled_at = models.DateTimeField(_("send at"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=63, default="UTC")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    pause_reason = models.TextField(_("why it is paused"), blank=True)
    # The approved revision that scheduling took; later edits do not leak.
    email_revision_id = models.BigIntegerField(null=True, editable=False)
    # The same for its published translations: revision ids by language.
    translation_revisions = models.JSONField(default=dict, editable=False)
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    # When a worker claimed it; the audience is gathered as of this moment, also after an interruption.
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    send = models.OneToOneField(Send, models.PROTECT, null=True, editable=False, related_name="campaign")
    evaluation = models.TextField(_("what we learned"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-pk"]
        permissions = [("send_campaign", _("Can schedule, send, pause and cancel campaigns"))]
        indexes = [
            models.Index(fields=["scheduled_at"], name="wpm_campaign_due", condition=models.Q(state="scheduled")),
            models.Index(
                fields=["state"], name="wpm_campaign_open", condition=models.Q(state__in=["sending", "paused"])
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def may_become(self, state: str) -> bool:
        """Whether the table of moves allows it."""
        return state in self.MOVES[self.state]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the sending time was chosen."""
        return ZoneInfo(self.time_zone)

    @property
    def scheduled_locally_at(self) -> datetime | None:
        """The sending time on the clocks of the campaign's own time zone."""
        return self.scheduled_at and self.scheduled_at.astimezone(self.zone)

    @property
    def is_editable(self) -> bool:
        """Whether its parts may still change; after scheduling only its time may."""
        return self.state == self.State.DRAFT

    @property
    def has_frozen_audience(self) -> bool:
        """Whether somebody may have got it already."""
        return self.send_id is not None
