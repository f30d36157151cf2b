"""The JSON Schema of rules, made from the registered conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.utils import translation

from wagtail_precise_mail.segments.conditions import conditions
from wagtail_precise_mail.segments.rules import MATCH_LABELS

# The schema of the conditions that this package brings, for editors and for other programs.
SCHEMA_FILE = Path(__file__).parent / "segment.schema.json"


def make_schema() -> dict[str, Any]:
    """Return the schema of a rules file, with every condition registered here."""
    with translation.override("en"):  # the file is the same whoever writes it
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Rules of a segment",
            "type": "object",
            "properties": {
                "$schema": {"type": "string"},
                "name": {"type": "string"},
                "description": {"type": "string"},
                "rules": {**_group(), "description": "All of these must hold."},
                "except": {
                    "type": "array",
                    "items": {"$ref": "#/$defs/rule"},
                    "description": "Any of these takes a contact out again.",
                },
            },
            "required": ["rules"],
            "additionalProperties": False,
            "$defs": {"rule": _rule(), **{key: condition.schema() for key, condition in conditions.items()}},
        }


def _group() -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/rule"}}


def _rule() -> dict[str, Any]:
    groups = {match.value: {**_group(), "description": f"{label}."} for match, label in MATCH_LABELS.items()}
    references = {key: {"$ref": f"#/$defs/{key}"} for key in conditions}
    return {
        "type": "object",
        "properties": {**groups, **references},
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
