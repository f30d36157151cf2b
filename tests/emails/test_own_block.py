"""The block that the how-to adds: it runs on the example site, and the how-to shows it as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.emails.conftest import body_of, soup, text_of
from tests.factories.emails import make_email, raw_block

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "how-to" / "add-a-block.md"
FILES = ["shop/email_blocks.py", "templates/shop/emails/opening_hours.mjml"]


def opening_hours(**overrides: Any) -> dict[str, Any]:
    lines = [{"days": "Tuesday & Friday", "hours": "9–17"}]
    return raw_block("opening_hours", **{"title": "Come by", "lines": lines, "note": "", **overrides})


@pytest.mark.django_db
def test_block_of_ones_own_is_rendered_in_html_and_text() -> None:
    email = make_email(opening_hours(note='The kettle is on, {{ contact.first_name | default: "friend" }}.'))
    assert "Tuesday & Friday9–17" in body_of(soup(email, first_name="Bob")).get_text()
    assert "The kettle is on, Bob." in body_of(soup(email, first_name="Bob")).get_text()
    assert text_of(email) == "Come by\n\nTuesday & Friday: 9–17\n\nThe kettle is on, friend."


@pytest.mark.django_db
def test_block_of_ones_own_copes_with_empty_and_hostile_values() -> None:
    hostile = opening_hours(title="<script>x</script>", lines=[{"days": "<b>", "hours": ""}])
    panel = body_of(soup(make_email(raw_block("opening_hours"), hostile)))
    assert not panel.find_all(["script", "b"])


@pytest.mark.parametrize("file", FILES)
def test_how_to_shows_the_code_that_runs(file: str) -> None:
    code = (ROOT / "example_site" / file).read_text()
    shown = code[code.index("from typing") :] if file.endswith(".py") else code
    assert shown.strip() in HOW_TO.read_text()


def test_block_of_ones_own_takes_less_than_fifty_lines() -> None:
    code = "\n".join((ROOT / "example_site" / file).read_text() for file in FILES)
    assert len([line for line in code.splitlines() if line.strip()]) < 50
