"""What one could write about: ideas wait here until a campaign takes them up."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Idea(models.Model):
    """Something to write about, and where it comes from."""

    class Kind(models.TextChoices):
        CUSTOMER_PAIN = "customer_pain", _("what customers struggle with")
        TREND = "trend", _("trend")
        EXPERTISE = "expertise", _("what we know")
        COMPETITION = "competition", _("what others do")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        USED = "used", _("used")
        DROPPED = "dropped", _("dropped")

    title = models.CharField(_("title"), max_length=150)
    notes = models.TextField(_("notes"), blank=True)
    kind = models.CharField(_("comes from"), max_length=20, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(_("written down"), auto_now_add=True)

    class Meta:
        verbose_name = _("idea")
        verbose_name_plural = _("ideas")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.title
