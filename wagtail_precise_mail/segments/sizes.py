"""The table of how many contacts each segment had, day by day."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from wagtail_precise_mail.segments.models import Segment


class SegmentSize(models.Model):
    """How many contacts belonged to a segment on a day."""

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="sizes")
    measured_on = models.DateField(_("day"))
    # Empty when it could not be counted; then ``problem`` says why.
    contact_count = models.PositiveIntegerField(_("contacts"), null=True)
    problem = models.CharField(_("why not"), max_length=250, blank=True)
    measured_at = models.DateTimeField(_("measured"))

    class Meta:
        verbose_name = _("size of a segment")
        verbose_name_plural = _("sizes of segments")
        ordering = ["segment", "measured_on"]
        constraints = [models.UniqueConstraint(fields=["segment", "measured_on"], name="wpm_segment_size_once")]

    def __str__(self) -> str:
        return f"{self.segment} {self.measured_on}: {self.contact_count}"
