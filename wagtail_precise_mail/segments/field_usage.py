"""Which segments ask for further fields of contacts, published or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from wagtail_precise_mail.contacts.field_usage import FieldUsage, field_usages
from wagtail_precise_mail.segments.models import Segment


@field_usages.register("segments")
class SegmentUsage(FieldUsage):
    """Reads what is stored, so that nothing is loaded that rules refer to."""

    def places(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for segment in Segment.objects.all():
            for key in dict.fromkeys(_asked(segment.rules.get_prep_value())):
                found.setdefault(key, []).append(_("segment “%(name)s”") % {"name": segment.name})
        return found


def _asked(stored: Any) -> Iterator[str]:
    if isinstance(stored, list):
        for one in stored:
            yield from _asked(one)
    elif isinstance(stored, dict):
        if stored.get("field") == "attribute" and isinstance(key := stored.get("attribute"), str) and key:
            yield key
        for one in stored.values():
            yield from _asked(one)
