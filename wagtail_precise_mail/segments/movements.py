"""The table of movements: from which stage or group to which other a contact went, and when.

Each axis (such as "rfm_group") is kept by the room that works it out; the history of all of them is here, so that one
condition and one picture serve every axis.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.contacts.models import Contact


class Movement(models.Model):
    """That a contact went from one place on an axis to another; ``before`` is "" where they had none."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="movements")
    axis = models.CharField(_("axis"), max_length=20)
    before = models.CharField(_("before"), max_length=30, blank=True)
    after = models.CharField(_("after"), max_length=30, blank=True)
    moved_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("movement of a contact")
        verbose_name_plural = _("movements of contacts")
        indexes = [
            models.Index(fields=["axis", "moved_at"], name="wpm_movement_axis"),
            models.Index(fields=["contact", "axis", "moved_at"], name="wpm_movement_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.axis}: {self.before} → {self.after}"
