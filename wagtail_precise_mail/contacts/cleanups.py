"""Tables of cleaning: what a look at the addresses found, and what was done about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.hygiene.addresses import Flaw
from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.encryption import EncryptedCharField


class Cleanup(models.Model):
    """One look at every address that may be written to."""

    class State(models.TextChoices):
        LOOKING = "looking", _("looking")
        READY = "ready", _("found")
        APPLIED = "applied", _("cleaned")
        UNDONE = "undone", _("undone")

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.LOOKING)
    asks_domains = models.BooleanField(_("ask the domains"), default=False)
    position = models.BigIntegerField(default=0)
    checked_count = models.PositiveIntegerField(_("addresses"), default=0)
    applied_count = models.PositiveIntegerField(_("suppressed"), default=0)
    corrected_count = models.PositiveIntegerField(_("corrected"), default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("begun"))
    applied_at = models.DateTimeField(_("cleaned"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    class Meta:
        verbose_name = _("check of addresses")
        verbose_name_plural = _("checks of addresses")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


class CleanupFinding(models.Model):
    """One suspicious address, with its worst flaw."""

    class Outcome(models.TextChoices):
        FOUND = "found", _("found")
        SUPPRESSED = "suppressed", _("suppressed")
        CORRECTED = "corrected", _("corrected")
        UNDONE = "undone", _("undone")

    cleanup = models.ForeignKey(Cleanup, models.CASCADE, related_name="findings")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="cleanup_findings")
    flaw = models.CharField(_("flaw"), max_length=12, choices=Flaw.choices)
    detail = models.CharField(_("detail"), max_length=250, blank=True)
    suggestion = EncryptedCharField(_("meant"), max_length=254, blank=True)
    before = EncryptedCharField(max_length=254, blank=True)
    """The address before it was corrected."""
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.FOUND)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cleanup", "contact"], name="wpm_finding_once")]
        indexes = [models.Index(fields=["cleanup", "flaw", "outcome"], name="wpm_finding_flaw")]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.flaw}"
