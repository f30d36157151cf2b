"""The table of clusters and their signs of life."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkerBeat(models.Model):
    """When a cluster of workers was last seen to run a task."""

    # The supervisor's name of it; without a supervisor, the host and the process that its workers are children of.
    name = models.CharField(_("cluster"), max_length=150, unique=True)
    beat_at = models.DateTimeField(_("last sign of life"))
    # How often a supervisor started it again because it died or fell silent, and when it did so last.
    restart_count = models.PositiveIntegerField(_("restarts"), default=0)
    restarted_at = models.DateTimeField(_("last restart"), null=True)

    class Meta:
        verbose_name = _("cluster")
        verbose_name_plural = _("clusters")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name
