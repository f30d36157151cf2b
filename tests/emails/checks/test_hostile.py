"""Checks read what anybody wrote: nothing in it may keep them from answering."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emails.checks import all_found, button, text
from tests.emails.checks.blocks import project_facts
from tests.factories.emails import raw_block
from wagtail_precise_mail.emails.checks import run_checks
from wagtail_precise_mail.emails.checks.clients import features_in, image_feature
from wagtail_precise_mail.emails.checks.contrast import as_hex
from wagtail_precise_mail.emails.checks.figures import figures_of
from wagtail_precise_mail.emails.checks.reading import read
from wagtail_precise_mail.emails.checks.wording import claims_in

PIECES = [
    "<p style='",
    "color:#",
    "rgb(",
    "}{;:",
    "<style>@media",
    "/*",
    "url(//[",
    "'>",
    "<img src='http://[x",
    "</p>",
    "{{",
    "*|X|*",
    "!important",
    "\x00",
    "\ud800",
    "\u202e",
    "茶",
    "99999999999999999999px",
    "font-size:",
    "<a href='",
    "mj-text",
    "\\",
    "&#0;",
]
WILD = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=12).map("".join)


@given(WILD)
@settings(max_examples=300, deadline=None)
def test_linter_reads_anything(markup: str) -> None:
    assert isinstance(features_in(markup), list)
    image_feature(markup)
    as_hex(markup)
    read(markup, "en")
    read(markup, "zh")
    claims_in(markup, "en")


@pytest.mark.slow
@pytest.mark.django_db
@given(WILD, WILD)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_check_fails_over_what_somebody_wrote(words: str, markup: str) -> None:
    block = raw_block("own_markup", html=markup)
    with project_facts(block, text(f"<p>{words}</p>"), button(label=words), subject=words, preheader=markup) as facts:
        findings = run_checks(facts)
        figures_of(facts)
    assert not [finding.message for finding in findings if "failed" in finding.message]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "blocks",
    [
        [raw_block("image", image=None)],
        [raw_block("button")],
        [raw_block("heading", title=None, level=None)],
        [raw_block("rich_text", content=None)],
        [raw_block("page", page=None)],
        [raw_block("product", product=None)],
        [raw_block("saved_block", saved_block=None)],
        [raw_block("columns", columns=[])],
        [raw_block("image", image={"image": 98765, "alt_text": "", "decorative": False})],
    ],
)
def test_half_written_blocks_break_no_check(blocks: list[dict[str, Any]]) -> None:
    assert not [finding.message for finding in all_found(*blocks) if "failed" in finding.message]
