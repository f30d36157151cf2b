"""The log of exports: who took which contacts out of the house, when, how many, and what for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """What exported personal data is for; it may be used for nothing else."""

    MAILING = "mailing", _("A mailing by another system")
    ANALYSIS = "analysis", _("An analysis")
    SERVICE = "service", _("Customer service")
    REQUEST = "request", _("A request of the person or of an authority")
    BACKUP = "backup", _("A backup, or moving to another system")
    ADVERTISING = "ads", _("Advertising at another service")
    OTHER = "other", _("Something else")


class ContactExport(models.Model):
    """One export."""

    class Kind(models.TextChoices):
        CONTACTS = "contacts", _("contacts")
        LEDGER = "ledger", _("consent ledger")
        HASHED = "hashed", _("hashed addresses")

    class Format(models.TextChoices):
        CSV = "csv", _("CSV")
        XLSX = "xlsx", _("Excel (.xlsx)")

    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices, default=Kind.CONTACTS)
    format = models.CharField(_("format"), max_length=4, choices=Format.choices, default=Format.CSV)
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    explanation = models.CharField(_("what for"), max_length=500)
    filters = models.CharField(_("filters"), max_length=1000, blank=True)
    row_count = models.PositiveIntegerField(_("contacts"), default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("export of contacts")
        verbose_name_plural = _("exports of contacts")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d} {self.get_kind_display()}: {self.explanation[:60]}"
