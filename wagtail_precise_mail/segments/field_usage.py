"""Which segments ask for further fields of contacts, published or not, as they stand and as drafts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.field_usage import FieldUsage, field_usages, stored_versions
from wagtail_precise_mail.segments.models import Segment


@field_usages.register("segments")
class SegmentUsage(FieldUsage):
    """Reads what is stored, so that nothing is loaded that rules refer to."""

    def places(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for segment, draft in stored_versions(Segment):
            place = _("segment “%(name)s”") % {"name": segment.name}
            stored = stored_rules(segment, draft)
            for key in dict.fromkeys(_asked(stored)):
                places = found.setdefault(key, [])
                if place not in places:
                    places.append(_("%(place)s, as a draft") % {"place": place} if draft else place)
        return found


def stored_rules(segment: Segment, draft: dict[str, Any] | None = None) -> list[Any]:
    """Return the stored rules and exclusions of a segment, or of its draft, as one list of what the streams hold."""
    if draft is not None:
        return [json.loads(draft.get(name) or "[]") for name in ("rules", "exclusions")]
    return [segment.rules.get_prep_value(), segment.exclusions.get_prep_value()]


def _asked(stored: Any) -> Iterator[str]:
    if isinstance(stored, list):
        for one in stored:
            yield from _asked(one)
    elif isinstance(stored, dict):
        if stored.get("field") == "attribute" and isinstance(key := stored.get("attribute"), str) and key:
            yield key
        for one in stored.values():
            yield from _asked(one)
