"""The table of how well recommendations did, run by run."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

BASELINE, RECOMMENDER = "best_selling", "for_you"
MAIN_SIZE = 10
"""The length of list by which recommender and baseline are compared."""


class RecommenderRun(models.Model):
    """What lists would have shown at a past moment, held against what contacts then bought."""

    evaluated_at = models.DateTimeField(_("evaluated"))
    # Everything is learned from orders until then, and tested on those of the days after.
    trained_until = models.DateTimeField(_("learned until"))
    test_days = models.PositiveIntegerField(_("days tested"))
    contact_count = models.PositiveIntegerField(_("contacts"))
    # By program: {"hits": {"5": contacts, "10": …}, "covered": contacts, "products": different ones of the first 10}.
    results = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("evaluation of recommendations")
        verbose_name_plural = _("evaluations of recommendations")
        ordering = ["-evaluated_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.evaluated_at:%Y-%m-%d}"

    def hit_rate(self, program: str, size: int = MAIN_SIZE) -> float | None:
        """Return the share of contacts, from 0 to 1, who bought one of the first ``size``; None without contacts."""
        return self._share(self.results.get(program, {}).get("hits", {}).get(str(size)))

    def coverage(self, program: str) -> float | None:
        """Return the share of contacts for whom the program had something of their own."""
        return self._share(self.results.get(program, {}).get("covered"))

    @property
    def is_better(self) -> bool:
        """Whether the recommender beat the best sellers at :data:`MAIN_SIZE`."""
        ours, theirs = self.hit_rate(RECOMMENDER), self.hit_rate(BASELINE)
        return ours is not None and theirs is not None and ours > theirs

    def _share(self, count: Any) -> float | None:
        return count / self.contact_count if count is not None and self.contact_count else None
