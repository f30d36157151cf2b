"""Tables of what a nightly run ranked, so that pages only read it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact


class ProspectRun(models.Model):
    """What customers had in common when potential customers were ranked last; there is one row."""

    made_at = models.DateTimeField(_("made"))
    customer_count = models.PositiveIntegerField(_("customers"), default=0)
    other_count = models.PositiveIntegerField(_("other contacts"), default=0)
    # As in ``prospects.Evidence``, the strongest first.
    evidence = models.JSONField(default=list)
    lift = models.FloatField(null=True)

    class Meta:
        verbose_name = _("ranking of potential customers")
        verbose_name_plural = _("rankings of potential customers")

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d %H:%M}"


class RankedProspect(models.Model):
    """One of the contacts that are the most like customers; ``place`` 1 is the best."""

    contact = models.OneToOneField(Contact, models.CASCADE, primary_key=True, related_name="+")
    place = models.PositiveIntegerField(_("place"))
    score = models.FloatField(_("score"))

    class Meta:
        verbose_name = _("potential customer")
        verbose_name_plural = _("potential customers")
        indexes = [models.Index(fields=["place"], name="wpm_prospect_place")]

    def __str__(self) -> str:
        return f"{self.place}: {self.contact_id}"
