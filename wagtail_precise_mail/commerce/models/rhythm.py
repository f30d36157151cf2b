"""The table of how often customers of the shop buy again, and where that puts the borders of the stages."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ShopRhythm(models.Model):
    """Days from one purchase to the next, over all contacts, as one run found them."""

    computed_at = models.DateTimeField(_("worked out"), unique=True)
    interval_count = models.PositiveIntegerField(_("repeat purchases"))
    # None where nobody has bought twice.
    median_days = models.PositiveIntegerField(_("half of them within days"), null=True)
    p75_days = models.PositiveIntegerField(_("three quarters within days"), null=True)
    p90_days = models.PositiveIntegerField(_("nine tenths within days"), null=True)
    # Pairs of days and how many repeat purchases took just as long.
    histogram = models.JSONField(default=list)
    # Who bought nothing for more days than these is at risk, or churned.
    at_risk_days = models.PositiveIntegerField(_("at risk after days"))
    churned_days = models.PositiveIntegerField(_("churned after days"))
    # Of the repeat purchases; else the stated defaults, or what a person set.
    is_calibrated = models.BooleanField(_("from the shop's own orders"))

    class Meta:
        verbose_name = _("rhythm of the shop")
        verbose_name_plural = _("rhythms of the shop")
        ordering = ["-computed_at"]

    def __str__(self) -> str:
        return f"{self.computed_at:%Y-%m-%d}: {self.at_risk_days} / {self.churned_days}"
