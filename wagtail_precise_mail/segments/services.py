"""Writing segments from code."""

from __future__ import annotations

from django.db import transaction

from wagtail_precise_mail.segments.blocks import to_stream
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.rules import Rules


@transaction.atomic
def save_segment(slug: str, *, name: str, rules: Rules, description: str = "") -> Segment:
    """Create or replace the published segment of that slug.

    Raises:
        InvalidRules: groups are nested deeper than the editor can show.
    """
    segment = Segment.objects.select_for_update().filter(slug=slug).first() or Segment(slug=slug)
    segment.name, segment.description = name, description
    segment.rules = to_stream(rules)  # type: ignore[assignment]  # StreamField takes what it stores
    segment.save()
    segment.save_revision().publish()
    segment.refresh_from_db()
    return segment
