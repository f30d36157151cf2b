"""The rules of many segments in words, for a listing: what they name is looked up once for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wagtail_precise_mail.exceptions import InvalidRules
from wagtail_precise_mail.segments.blocks import stream_to_json
from wagtail_precise_mail.segments.models import Segment
from wagtail_precise_mail.segments.rules import Rules


def sentences(segments: Iterable[Segment]) -> dict[int, str]:
    """Return the sentence of each segment whose rules can be read, by its id."""
    found: dict[int, Any] = {}
    for segment in segments:
        try:
            found[segment.pk] = stream_to_json(segment.rules, segment.exclusions)
        except InvalidRules:
            continue
    try:
        return {pk: rules.sentence() for pk, rules in zip(found, Rules.read_many(found.values()), strict=True)}
    except InvalidRules:  # one of them; then each for itself
        return {pk: words for pk, data in found.items() if (words := _sentence(data))}


def _sentence(data: Any) -> str:
    try:
        return Rules.from_json(data).sentence()
    except InvalidRules:
        return ""
