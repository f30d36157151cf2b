"""Numbers as people read them: one way to write shares, in each language its own."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils import translation

import wagtail_precise_mail
from wagtail_precise_mail.charts import as_count, as_percent

TEMPLATES = Path(wagtail_precise_mail.__file__).parent / "templates"
# Not those of a width in a style, which end with a quote or a semicolon.
_OWN_SIGN = re.compile(r"\} ?%(?=[<\s])")


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (22, 1, "22.0%"),
        (0.25, 1, "0.3%"),
        (Decimal("12.345"), 2, "12.35%"),
        (99.6, 0, "100%"),
        (1234.5, 1, "1,234.5%"),
        (0.3, None, "0.3%"),
        (80, None, "80%"),
        (100.0, None, "100%"),
        (-2.5, 1, "-2.5%"),
    ],
)
def test_a_share_is_written_without_a_blank(share: float, decimals: int | None, text: str) -> None:
    assert as_percent(share, decimals) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "22.0%"), ("zh-hans", "22.0%"), ("de", "22,0\xa0%"), ("tr", "%22,0"), ("xx-none", "22.0%")],
)
def test_a_share_is_written_as_its_language_does(language: str, text: str) -> None:
    with translation.override(language):
        assert as_percent(22) == text


@pytest.mark.parametrize(("value", "text"), [(1234.0, "1,234"), (0.125, "0.13"), (2.5, "2.5"), (100, "100")])
def test_a_number_has_the_decimals_that_it_needs(value: float, text: str) -> None:
    assert as_count(value) == text


@pytest.mark.parametrize(("source", "text"), [("x|percent", "66.7%"), ("x|percent:0", "67%"), ("y|percent", "")])
def test_templates_write_a_share_in_the_same_way(source: str, text: str) -> None:
    template = Template(f"{{% load precise_mail_numbers %}}{{{{ {source} }}}}")
    assert template.render(Context({"x": 66.666, "y": None})) == text


def test_no_template_of_the_admin_writes_a_sign_by_itself() -> None:
    found = [
        f"{path.relative_to(TEMPLATES)}: {words.group()}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        if (words := _OWN_SIGN.search(path.read_text()))
    ]
    assert found == []
