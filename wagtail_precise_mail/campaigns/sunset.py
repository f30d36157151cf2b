"""Tables of the sunset policy: who has not reacted for long, was asked once more, and is left in peace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.models import Site

from wagtail_precise_mail.contacts.models import Contact, Topic
from wagtail_precise_mail.delivery.models import Send
from wagtail_precise_mail.emails.models import Email
from wagtail_precise_mail.segments.models import Segment

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


def _number(label: StrPromise, **options: Any) -> models.PositiveIntegerField:
    """A number of the policy: at least 1."""
    return models.PositiveIntegerField(label, validators=[MinValueValidator(1)], **options)


class Sunset(models.Model):
    """One run of the policy."""

    class State(models.TextChoices):
        ASKING = "asking", _("waiting for a sign")
        FINISHED = "finished", _("finished")
        UNDONE = "undone", _("undone")

    mails = _number(_("mails without a reaction"), default=5, help_text=_("At least so many."))
    days = _number(_("days without a reaction"), default=180, help_text=_("Within so many days."))
    exempt = models.ForeignKey(
        Segment,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("leave out"),
        help_text=_("A segment that is spared, such as the best buyers."),
    )
    email = models.ForeignKey(
        Email,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("last-chance email"),
        help_text=_("Sent first; who opens, clicks or buys stays. Empty: they are suppressed at once."),
    )
    topic = models.ForeignKey(
        Topic,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("topic of that email"),
        help_text=_("Only who agreed to it gets the email."),
    )
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    wait_days = _number(_("days to react to it"), default=14)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ASKING)
    send = models.ForeignKey(Send, models.SET_NULL, null=True, related_name="+")
    member_count = models.PositiveIntegerField(_("contacts"), default=0)
    suppressed_count = models.PositiveIntegerField(_("suppressed"), default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("begun"))
    due_at = models.DateTimeField(_("ends"), null=True)

    class Meta:
        verbose_name = _("search for inactive contacts")
        verbose_name_plural = _("searches for inactive contacts")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d}: {self.mails}/{self.days}"


class SunsetMember(models.Model):
    """One contact of a run."""

    sunset = models.ForeignKey(Sunset, models.CASCADE, related_name="members")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="sunset_members")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sunset", "contact"], name="wpm_sunset_member_once")]

    def __str__(self) -> str:
        return f"{self.sunset_id}: {self.contact_id}"
