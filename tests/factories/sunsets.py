"""The least that is valid of runs of the sunset policy."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from wagtail.models import Site

from wagtail_precise_mail.models import Sunset


def new_sunset(**overrides: Any) -> Sunset:
    """A policy that has not begun: three mails in 90 days."""
    return Sunset(**{"mails": 3, "days": 90, "site": Site.objects.get(is_default_site=True), **overrides})


def make_sunset(**overrides: Any) -> Sunset:
    """A run that found nobody."""
    sunset = new_sunset(state=Sunset.State.FINISHED, created_at=timezone.now(), **overrides)
    sunset.save()
    return sunset
