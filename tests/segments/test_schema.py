"""The shipped JSON Schema: equal to the conditions, and as strict as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.commerce.test_conditions_against_python import CASES
from tests.segments.test_rules import WRONG
from wagtail_precise_mail.segments.schema import SCHEMA_FILE, make_schema

EXAMPLES = sorted((Path(__file__).parents[2] / "example_site" / "segments").glob("*.json"))

# What a schema cannot know: natural keys, and fields that are wrong only together.
_ONLY_THE_READER_KNOWS = (
    "there is no ",
    "is not the code",
    "must not be",
    "must not contain",
    "give ",
    "says nothing",
    "choose a product",
    "only one_of",
    "contact_field.values",
    "contact_field.attribute",
    "four decimals",
)


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def test_the_shipped_file_is_what_the_conditions_say() -> None:
    """After a change: ``precise_mail_segment --schema > wagtail_precise_mail/segments/segment.schema.json``."""
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == json.loads(json.dumps(make_schema()))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_fits_the_schema(path: Path) -> None:
    validator().validate(json.loads(path.read_text(encoding="utf-8")))


def test_there_are_six_examples() -> None:
    assert len(EXAMPLES) == 6


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.key} {case.options}")
def test_what_can_be_read_fits_the_schema(case: Any) -> None:
    validator().validate({"rules": [{"any": [{case.key: case.options}]}]})


@pytest.mark.parametrize(("rules", "message"), WRONG, ids=[message[:60] for _rules, message in WRONG])
def test_what_is_refused_does_not_fit_the_schema(rules: Any, message: str) -> None:
    known_to_both = "there is no such" in message or not any(part in message for part in _ONLY_THE_READER_KNOWS)
    assert validator().is_valid({"rules": rules}) is not known_to_both
