"""Writing segments from code."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.text import slugify

from wagtail_precise_mail.segments.blocks import to_exclusions_stream, to_stream
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.rules import Rules


@transaction.atomic
def save_segment(slug: str, *, name: str, rules: Rules, description: str = "") -> Segment:
    """Create or replace the published segment of that slug.

    Raises:
        InvalidRules: groups are nested deeper than the editor can show, or segments go round in a circle.
    """
    segment = Segment.objects.select_for_update().filter(slug=slug).first() or Segment(slug=slug)
    segment.name, segment.description = name, description
    segment.rules = to_stream(rules)  # type: ignore[assignment]  # StreamField takes what it stores
    segment.exclusions = to_exclusions_stream(rules)  # type: ignore[assignment]
    segment.read_rules()  # they may lead back to this very slug
    segment.save()
    segment.save_revision().publish()
    segment.refresh_from_db()
    return segment


@transaction.atomic
def draft_segment(name: str, *, rules: Rules, description: str = "", by: Any = None) -> Segment:
    """Make a new segment that is not published, for somebody to look at; its slug is free.

    Raises:
        InvalidRules: groups are nested deeper than the editor can show.
    """
    segment = Segment(name=name[:150], slug=free_slug(name), description=description[:250], live=False)
    segment.rules = to_stream(rules)  # type: ignore[assignment]  # StreamField takes what it stores
    segment.exclusions = to_exclusions_stream(rules)  # type: ignore[assignment]
    segment.has_unpublished_changes = True
    segment.save()
    segment.save_revision(user=by, log_action="wagtail.create")
    return segment


def free_slug(name: str) -> str:
    """Return the slug of a name, with a number where another segment has it already."""
    wanted = slugify(name)[:140] or "segment"
    taken = set(Segment.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return wanted if wanted not in taken else next(slug for slug in numbered if slug not in taken)
