"""What is still to be said of movements: a row for each run that moved somebody, gone once all were told of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class MovementNotice(models.Model):
    """The movements of one run. Written in its transaction, so that a process that dies after it loses nothing."""

    # Of which axes, as a list of their keys.
    axes = models.JSONField(default=list)
    moved_at = models.DateTimeField()
    # The movement up to which all is told: at first the last one before the run.
    cursor = models.BigIntegerField(default=0)
    # When it was last worked on: whoever finds it long after, finds it abandoned.
    touched_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("movements to announce")
        verbose_name_plural = _("movements to announce")

    def __str__(self) -> str:
        return f"{', '.join(self.axes)} {self.moved_at:%Y-%m-%d %H:%M}"
