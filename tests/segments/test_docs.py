"""What the pages about segments say is so."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.factories.contacts import grant, make_contact, make_topic
from tests.factories.segments import make_rules
from wagtail_precise_mail.segments.blocks import make_rules_block
from wagtail_precise_mail.segments.conditions import conditions
from wagtail_precise_mail.segments.conditions.comparing import Comparison
from wagtail_precise_mail.segments.conditions.profile import FIELDS
from wagtail_precise_mail.segments.panels import SegmentPanel, segment_panels
from wagtail_precise_mail.segments.queries import members
from wagtail_precise_mail.segments.rules import Rules
from wagtail_precise_mail.segments.schema import make_schema
from wagtail_precise_mail.segments.templates import available_templates, segment_templates

DOCS = Path(__file__).parents[2] / "docs"


def first_block(page: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


@pytest.mark.django_db
def test_the_condition_of_the_how_to_page_works_in_less_than_fifty_lines() -> None:
    code = first_block("how-to/add-a-condition.md", "python")
    assert len(code.splitlines()) < 50
    with conditions.temporarily("scratch", conditions.get("everybody")):  # what is registered inside goes with it
        names: dict[str, Any] = {"__name__": __name__}
        exec(compile(code, "add-a-condition.md", "exec"), names)
        globals().update(names)  # dataclasses and annotations look their names up in the module
        topic = make_topic(slug="news")
        yes, no = make_contact(), make_contact()
        grant(yes, topic)
        rule = {"agreed_to": {"topics": ["news"]}}
        at = datetime(2026, 2, 1, tzinfo=UTC)
        assert list(members(make_rules(rule), at=at)) == [yes]
        assert list(members(make_rules({"none": [rule]}), at=at)) == [no]
        assert "agreed_to" in make_rules_block().child_blocks
        assert "agreed_to" in make_schema()["$defs"]


@pytest.mark.django_db
def test_the_example_of_the_json_page_is_right() -> None:
    Rules.from_json(json.loads(first_block("reference/segment-json.md", "json")))


def test_every_condition_field_and_operator_is_documented() -> None:
    page = (DOCS / "reference" / "conditions.md").read_text(encoding="utf-8")
    names = [*conditions, *Comparison, *(name for name, _label in FIELDS)]
    names += [name for condition in dict(conditions.items()).values() for name in condition.parameters()]
    assert [name for name in names if f"`{name}`" not in page] == []


@pytest.mark.django_db
def test_the_template_and_the_panel_of_the_how_to_page_work() -> None:
    page = (DOCS / "how-to/add-a-segment-template.md").read_text(encoding="utf-8")
    template, panel = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    make_contact(country="DE", locale="en", gender="f")
    with (
        segment_templates.temporarily("scratch", segment_templates.get("local")),
        segment_panels.temporarily("scratch", SegmentPanel),
    ):
        for code in (template, panel):
            exec(compile(code, "add-a-segment-template.md", "exec"), {"__name__": __name__})
        rules = available_templates()["tea_lovers_abroad"].read("DE")
        at = datetime(2030, 2, 1, tzinfo=UTC)
        assert members(rules, at=at).count() == 1
        context = segment_panels.get("genders")().context(None, rules, at=at, user=None)
        assert context["picture"].rows() == [["f", 1]]
