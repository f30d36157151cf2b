"""The timing of a segment: by which rule the best time for mail to its members is found (C009)."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _


class Timing(TextChoices):
    """Where the best time comes from. The room that knows what members do works it out."""

    ACTIVITY = "activity", _("when its members are most active")
    INDUSTRY = "industry", _("as is usual in the industry")
    FIXED = "fixed", _("at a time of our own")


WEEKDAY_CHOICES = [(number, WEEKDAYS[number]) for number in range(7)]
"""0 is Monday."""

HOUR_CHOICES = [(hour, f"{hour:02}:00") for hour in range(24)]
