"""Which of the segments that an email has parts for hold its readers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from wagtail_precise_mail.contacts.models import Contact
from wagtail_precise_mail.exceptions import InvalidRules, RenderError
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.queries import members, rules_in_force


def segments_of_contacts(
    segment_ids: Collection[int], contacts: Sequence[Contact], *, at: datetime, known: Mapping[int, bool]
) -> dict[int, set[int]]:
    """Return the segments of each contact by its id; somebody made up has 0, and is a member of none.

    Who does not allow profiling is read like somebody made up where a segment concludes from what people did: they
    get what is meant for everybody. One query for each segment, whatever the number of contacts.

    Args:
        known: whether the contacts are members of some segments, where that was decided before.

    Raises:
        RenderError: a segment no longer exists. What was meant for some must not be shown to all.
        InvalidRules: a segment cannot be evaluated.
    """
    found: dict[int, set[int]] = {contact.pk or 0: set() for contact in contacts}
    stored = {contact.pk for contact in contacts if contact.pk}
    refusing = {contact.pk for contact in contacts if contact.pk and not contact.is_profiling_allowed}
    asked = [pk for pk in segment_ids if pk not in known or (known[pk] and refusing)]
    segments = Segment.objects.in_bulk(asked) if asked else {}
    for segment_id in segment_ids:
        segment = segments.get(segment_id)
        if segment_id in known:
            holding = set(found) if known[segment_id] else set()
            if holding and refusing and _may_conclude(segment):
                holding -= refusing
        elif segment is None:
            raise RenderError(f"Segment {segment_id}, for which a part of this email is meant, no longer exists.")
        else:
            holding = _members(segment, stored, refusing, at)
        for pk in holding:
            found[pk].add(segment_id)
    return found


def _members(segment: Segment, stored: set[int], refusing: set[int], at: datetime) -> set[int]:
    if not stored:
        return set()
    rules = rules_in_force(segment)
    asked = stored - refusing if rules.is_profiling else stored
    return set(members(rules, at=at).filter(pk__in=asked).values_list("pk", flat=True)) if asked else set()


def _may_conclude(segment: Segment | None) -> bool:
    """Whether a segment concludes from what people did; of one that is gone by now, nobody can tell."""
    try:
        return segment is None or rules_in_force(segment).is_profiling
    except InvalidRules:
        return True
