"""The block that the how-to adds, and that the how-to shows it as it is."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from tests.factories.emails import COMPILED_AT, default_site, raw_block
from wagtail_precise_mail.emails.blocks import EmailBlock, email_blocks
from wagtail_precise_mail.emails.body import make_body_block
from wagtail_precise_mail.emails.composition import compile_source, compose
from wagtail_precise_mail.emails.personalize import Personalizer

ROOT = Path(__file__).resolve().parents[2]
HOW_TO = ROOT / "docs" / "how-to" / "add-a-block.md"


@pytest.fixture
def _quote() -> Iterator[None]:
    with email_blocks.temporarily("nothing", EmailBlock):  # what is registered inside is gone afterwards
        sys.modules.pop("tests.testapp.quote_block", None)
        importlib.import_module("tests.testapp.quote_block")
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("_quote")
def test_block_of_ones_own_is_rendered_in_html_and_text() -> None:
    words = 'Best tea, {{ contact.first_name | default: "friend" }}'
    body = make_body_block().to_python([raw_block("quote", words=words, name="Ada & Co")])
    email = SimpleNamespace(subject="x", preheader="", body=body)
    source = compose(email, site=default_site(), base_url="https://x.example", at=COMPILED_AT)
    filled = Personalizer(SimpleNamespace(payload=compile_source(source))).fill(
        {"contact.first_name": "Bob"}, rewrite_link=lambda link: link.url, system={"unsubscribe_url": "https://x/"}
    )
    assert "“Best tea, Bob”" in BeautifulSoup(filled.html, "html.parser").get_text()
    assert filled.text.startswith("“Best tea, Bob”\n  — Ada & Co")


@pytest.mark.parametrize("file", ["quote_block.py", "templates/testapp/quote.mjml"])
def test_how_to_shows_the_code_that_runs(file: str) -> None:
    code = (ROOT / "tests" / "testapp" / file).read_text()
    shown = code[code.index("from typing") :] if file.endswith(".py") else code
    assert shown.strip() in HOW_TO.read_text()
