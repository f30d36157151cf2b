"""The themes that ship, and one of the project's own."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from example_site.shop import look
from tests.emails.conftest import fill
from tests.emails.test_newsletter import make_newsletter
from tests.factories.emails import make_brand, make_email
from wagtail_precise_mail.conf import options
from wagtail_precise_mail.emails.themes import Theme, theme_choices, themes

pytestmark = pytest.mark.django_db


def test_three_themes_ship() -> None:
    assert list(themes)[:3] == ["paper", "clean", "bold"]
    assert all(themes.get(key).description for key in themes)


@pytest.mark.slow
@pytest.mark.parametrize("key", list(themes))
def test_whole_newsletter_is_rendered_in_every_theme(key: str) -> None:
    email = make_newsletter()
    make_brand(theme=key)
    html = fill(email).html
    assert "<mj-" not in html
    assert len(html.encode()) < options().html_size_limit
    assert BeautifulSoup(html, "html.parser").find(class_="wpm-panel") is not None


def test_themes_differ_in_more_than_colors() -> None:
    email = make_email()
    bodies = []
    for key in themes:
        make_brand(theme=key, primary_color="#1f6f5c", text_color="#222222", background_color="#ffffff")
        bodies.append(fill(email).html.partition("<body")[2])
    assert len(set(bodies)) == len(bodies)


def test_header_of_the_bold_theme_fills_the_window() -> None:
    make_brand(theme="bold", primary_color="#aa1166")
    header = BeautifulSoup(fill(make_email()).html, "html.parser").find(class_="wpm-header")
    assert isinstance(header, Tag)
    assert header.name == "table"
    assert "width:100%" in str(header["style"])
    assert "background:#aa1166" in str(header["style"])


def test_theme_of_ones_own_brings_tokens_and_rules() -> None:
    make_brand(theme="seed_packet")
    html = fill(make_email()).html
    assert "border: 6px double" in html
    assert "background-color:#2f4a3c" in html
    assert ("seed_packet", themes.get("seed_packet").label) in theme_choices()


def test_theme_of_the_example_takes_less_than_fifty_lines() -> None:
    with open(look.__file__) as file:
        assert len(file.readlines()) < 50


def test_theme_may_bring_a_document_of_its_own() -> None:
    with themes.temporarily("card", Theme(label="Card", document="testapp/card.mjml")):
        make_brand(theme="card")
        html = fill(make_email()).html
    assert "A card from us" in html
    assert "12 Moss Lane" in html


def test_theme_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        themes.get("paper").radius = 3


HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "brand-and-themes.md"


@pytest.mark.parametrize("file", ["shop/look.py", "templates/shop/seed_packet.css"])
def test_how_to_shows_the_code_that_runs(file: str) -> None:
    code = (HOW_TO.parents[2] / "example_site" / file).read_text()
    assert code.strip() in HOW_TO.read_text()
