"""Segments from rules in JSON."""

from __future__ import annotations

from itertools import count
from typing import Any

from wagtail_precise_mail.segments.blocks import to_stream
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.rules import Rules

_numbers = count(1)


def make_rules(*rules: dict[str, Any]) -> Rules:
    """Rules of which all must hold; everybody, when none are given."""
    return Rules.from_json({"rules": list(rules) or [{"everybody": {}}]})


def make_segment(*rules: dict[str, Any], **overrides: Any) -> Segment:
    """A published segment; its members are everybody, when no rules are given."""
    number = next(_numbers)
    stream = to_stream(make_rules(*rules))
    segment = Segment.objects.create(
        **{"name": f"Segment {number}", "slug": f"segment-{number}", "rules": stream, **overrides}
    )
    segment.refresh_from_db()
    return segment
