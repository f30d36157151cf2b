"""Links that lead into the form of a new segment, with rules already in it: nothing is saved before somebody does."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from wagtail_precise_mail.segments.admin.access import may, url_of
from wagtail_precise_mail.segments.blocks import to_exclusions_stream, to_stream
from wagtail_precise_mail.segments.files import parse
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.rules import RULES, Rules
from wagtail_precise_mail.segments.services import free_slug

_NAME, _RULES = "name", "rules"


def new_segment_url(user: Any, name: str, *rules: dict[str, Any]) -> str:
    """Return the address of the form of a new segment, filled in; "" for those who may not make one.

    Args:
        name: what the segment is called, until its editor says otherwise.
        rules: as in a file, such as ``{"order_count": {"min": 5}}``.
    """
    if user is None or not may(user, "add"):
        return ""
    words = json.dumps({RULES: list(rules)}, separators=(",", ":"), ensure_ascii=False)
    return f"{url_of('add')}?{urlencode({_NAME: name, _RULES: words})}"


def filled_in(given: Any, segment: Segment | None) -> Segment | None:
    """Return a segment that is not saved, as an address asks for it; the one given, where it asks for nothing.

    Raises:
        InvalidRules: they cannot be evaluated here.
    """
    if not given.get(_RULES):
        return segment
    rules = Rules.from_json(parse(given[_RULES]))
    filled = segment or Segment()
    filled.name = given.get(_NAME, "")[:150]
    filled.slug = free_slug(filled.name)
    filled.rules = to_stream(rules)  # type: ignore[assignment]  # StreamField takes what it stores
    filled.exclusions = to_exclusions_stream(rules)  # type: ignore[assignment]
    return filled
